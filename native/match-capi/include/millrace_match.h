/*
 * The exchange core of Millrace as a C library: one limit order book, as a pure state machine.
 *
 * Instructions go in, what they cause is kept until it is taken. Prices are integer ticks in [-2^53, 2^53], sizes integer lots in
 * [1, 2^53], times ns. The rules are those of operators/match/RULES.md. A book is used by one thread at a time.
 *
 *     cargo build --release -p millrace-match-capi     gives libmillrace_match_capi
 */
#ifndef MILLRACE_MATCH_H
#define MILLRACE_MATCH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a struct or the meaning of a function changes; `millrace_match_version` gives the library's. */
#define MILLRACE_MATCH_VERSION 1

/* A word that is not given, and no reason. */
#define MILLRACE_MATCH_NONE 255

enum millrace_match_action { MILLRACE_MATCH_ACTION_NEW, MILLRACE_MATCH_ACTION_AMEND, MILLRACE_MATCH_ACTION_CANCEL };

enum millrace_match_side { MILLRACE_MATCH_SIDE_BUY, MILLRACE_MATCH_SIDE_SELL };

enum millrace_match_type {
    MILLRACE_MATCH_TYPE_MARKET,
    MILLRACE_MATCH_TYPE_LIMIT,
    MILLRACE_MATCH_TYPE_STOP,
    MILLRACE_MATCH_TYPE_STOP_LIMIT,
    MILLRACE_MATCH_TYPE_TRAILING_STOP
};

enum millrace_match_time_in_force {
    MILLRACE_MATCH_TIME_IN_FORCE_GTC,
    MILLRACE_MATCH_TIME_IN_FORCE_IOC,
    MILLRACE_MATCH_TIME_IN_FORCE_FOK,
    MILLRACE_MATCH_TIME_IN_FORCE_GTD,
    MILLRACE_MATCH_TIME_IN_FORCE_DAY
};

enum millrace_match_self_trade {
    MILLRACE_MATCH_SELF_TRADE_NONE,
    MILLRACE_MATCH_SELF_TRADE_CANCEL_NEWEST,
    MILLRACE_MATCH_SELF_TRADE_CANCEL_OLDEST,
    MILLRACE_MATCH_SELF_TRADE_CANCEL_BOTH,
    MILLRACE_MATCH_SELF_TRADE_DECREMENT
};

enum millrace_match_post_only { MILLRACE_MATCH_POST_ONLY_REJECT, MILLRACE_MATCH_POST_ONLY_SLIDE };

enum millrace_match_phase {
    MILLRACE_MATCH_PHASE_CONTINUOUS,
    MILLRACE_MATCH_PHASE_AUCTION,
    MILLRACE_MATCH_PHASE_HALT,
    MILLRACE_MATCH_PHASE_CLOSED
};

enum millrace_match_status {
    MILLRACE_MATCH_STATUS_NEW,
    MILLRACE_MATCH_STATUS_PENDING,
    MILLRACE_MATCH_STATUS_TRIGGERED,
    MILLRACE_MATCH_STATUS_PARTIALLY_FILLED,
    MILLRACE_MATCH_STATUS_FILLED,
    MILLRACE_MATCH_STATUS_REPLACED,
    MILLRACE_MATCH_STATUS_CANCELED,
    MILLRACE_MATCH_STATUS_EXPIRED
};

enum millrace_match_reason {
    MILLRACE_MATCH_REASON_IOC,
    MILLRACE_MATCH_REASON_FOK,
    MILLRACE_MATCH_REASON_NO_LIQUIDITY,
    MILLRACE_MATCH_REASON_SELF_TRADE,
    MILLRACE_MATCH_REASON_REDUCE_ONLY,
    MILLRACE_MATCH_REASON_POST_ONLY,
    MILLRACE_MATCH_REASON_OCO,
    MILLRACE_MATCH_REASON_AMENDED,
    MILLRACE_MATCH_REASON_PRICE_BAND,
    MILLRACE_MATCH_REASON_PHASE,
    MILLRACE_MATCH_REASON_DAY,
    MILLRACE_MATCH_REASON_GTD,
    MILLRACE_MATCH_REASON_SLIDE
};

enum millrace_match_liquidity { MILLRACE_MATCH_LIQUIDITY_MAKER, MILLRACE_MATCH_LIQUIDITY_TAKER, MILLRACE_MATCH_LIQUIDITY_AUCTION };

/* Results of calls: 0 done; above 0 the instruction is refused and nothing but the time has changed (`millrace_match_refusal` names it). */
#define MILLRACE_MATCH_DONE 0
/* A pointer that may not be null is null. */
#define MILLRACE_MATCH_ERROR_NULL (-1)
/* A code of an enum is none of its values: of `action`, `self_trade` of the settings, or `side` of `millrace_match_best`. */
#define MILLRACE_MATCH_ERROR_CODE (-2)
/* A fault inside the library. The book takes nothing more; free it, or restore a snapshot. */
#define MILLRACE_MATCH_ERROR_FAULT (-3)

typedef struct millrace_match_book millrace_match_book;

typedef struct {
    uint32_t depth;     /* levels a side that level events are told of; 0: none */
    uint8_t auction;    /* 1: told in auctions what an uncross would trade */
    uint8_t self_trade; /* of orders that do not say */
    uint8_t reserved[2];
} millrace_match_settings;

/* Bits of `given`: which of the numbers count. */
#define MILLRACE_MATCH_GIVEN_PRICE 1
#define MILLRACE_MATCH_GIVEN_SIZE 2
#define MILLRACE_MATCH_GIVEN_STOP 4
#define MILLRACE_MATCH_GIVEN_TRAIL 8
#define MILLRACE_MATCH_GIVEN_DISPLAY 16
#define MILLRACE_MATCH_GIVEN_EXPIRE_AT 32
#define MILLRACE_MATCH_GIVEN_OCO 64

/* Bits of `flags`. */
#define MILLRACE_MATCH_HIDDEN 1
#define MILLRACE_MATCH_ALL_OR_NONE 2
#define MILLRACE_MATCH_REDUCE_ONLY 4

/* One instruction. Words that are not given are MILLRACE_MATCH_NONE; a word that is no value of its enum is refused as unknown. */
typedef struct {
    int64_t time;
    int64_t order_id;
    int64_t price;
    int64_t size;
    int64_t stop;
    int64_t trail;
    int64_t display;
    int64_t expire_at;
    int64_t oco;
    uint32_t account;
    uint32_t given;
    uint8_t action;
    uint8_t side;
    uint8_t type;
    uint8_t time_in_force;
    uint8_t self_trade;
    uint8_t post_only;
    uint8_t flags;
    uint8_t reserved;
} millrace_match_instruction;

/* Bits of `given` of conditions. */
#define MILLRACE_MATCH_GIVEN_REFERENCE 1
#define MILLRACE_MATCH_GIVEN_LOWER 2
#define MILLRACE_MATCH_GIVEN_UPPER 4
#define MILLRACE_MATCH_GIVEN_INCREMENT_TICKS 8
#define MILLRACE_MATCH_GIVEN_INCREMENT_LOTS 16

typedef struct {
    int64_t reference;
    int64_t lower;
    int64_t upper;
    int64_t increment_ticks;
    int64_t increment_lots;
    uint32_t given;
    uint8_t phase; /* MILLRACE_MATCH_NONE: as it is */
    uint8_t reserved[3];
} millrace_match_conditions;

enum millrace_match_event_kind {
    MILLRACE_MATCH_EVENT_FILL,
    MILLRACE_MATCH_EVENT_ORDER,
    MILLRACE_MATCH_EVENT_LEVEL,
    MILLRACE_MATCH_EVENT_AUCTION
};

/* What an instruction caused. What a kind does not use is 0. */
typedef struct {
    int64_t ts_event;
    int64_t order_id;
    int64_t number;     /* fill: execution; level: sequence */
    int64_t price;
    int64_t size;       /* fill, level, auction: lots; order: its size */
    int64_t leaves;     /* fill, order; level: orders at the level; auction: surplus */
    int64_t filled;     /* order */
    int64_t stop;       /* order that waits */
    uint32_t account;
    uint32_t checksum;  /* level: CRC-32 of the best levels after the instruction */
    uint8_t kind;
    uint8_t side;
    uint8_t liquidity;  /* fill */
    uint8_t status;     /* order */
    uint8_t reason;     /* order; MILLRACE_MATCH_NONE: none */
    uint8_t has_price;  /* 0: an order without a limit, an auction that would not trade */
    uint8_t has_stop;
    uint8_t last;       /* level: last of its instruction; auction: the uncross itself */
} millrace_match_event;

uint32_t millrace_match_version(void);

/* A book, to be freed; null when the settings are null or hold an unknown code. */
millrace_match_book *millrace_match_create(const millrace_match_settings *settings);
/* Null is fine. */
void millrace_match_free(millrace_match_book *book);

/* Lets expire what expires by the instruction's time, then does it. */
int32_t millrace_match_submit(millrace_match_book *book, const millrace_match_instruction *instruction);
/* As many instructions; the result of each in `results` unless that is null. Ends early with an error, not with a refusal. */
int32_t millrace_match_submit_all(millrace_match_book *book, const millrace_match_instruction *instructions, size_t count, int32_t *results);
/* Phase, reference price, bands and increments. */
int32_t millrace_match_set(millrace_match_book *book, int64_t time, const millrace_match_conditions *conditions);
/* Lets expire what expires by `time` though no instruction brought it. */
int32_t millrace_match_reach(millrace_match_book *book, int64_t time);

/* Events that were not taken yet. */
size_t millrace_match_waiting(const millrace_match_book *book);
/* Moves at most `room` events, oldest first, and says how many. */
size_t millrace_match_take(millrace_match_book *book, millrace_match_event *into, size_t room);

/* The word of a refusal ("price-off-tick"), ended by a zero and cut to `room`; its whole length without the zero, 0: no refusal. */
size_t millrace_match_refusal(int32_t result, char *into, size_t room);

/* 1 and the best displayed level of the side, 0 when it is empty, or an error. Null for what is not wanted. */
int32_t millrace_match_best(const millrace_match_book *book, uint8_t side, int64_t *price, int64_t *size);
/* Live orders, those that wait for a stop with them. */
size_t millrace_match_orders(const millrace_match_book *book);
/* A number of the whole state: equal for equal books. Takes as long as a snapshot. */
uint64_t millrace_match_checksum(const millrace_match_book *book);
/* Memory that the book holds. */
size_t millrace_match_bytes(const millrace_match_book *book);

/* Length of the whole state; written when it fits into `room`. Events that were not taken are no part of it. */
size_t millrace_match_snapshot(const millrace_match_book *book, uint8_t *into, size_t room);
/* The book of a snapshot; null when the bytes are damaged. */
millrace_match_book *millrace_match_restore(const millrace_match_settings *settings, const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif

#endif
