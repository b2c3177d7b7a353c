/* Drives the library as a C program would; every check that fails is printed, and the exit code counts them. */
#include "millrace_match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);         \
            failures++;                                                     \
        }                                                                   \
    } while (0)

static millrace_match_instruction order(uint8_t action, int64_t id, uint8_t side, int64_t price, int64_t size) {
    millrace_match_instruction instruction;
    memset(&instruction, 0, sizeof instruction);
    instruction.time = id;
    instruction.order_id = id;
    instruction.account = (uint32_t)id;
    instruction.price = price;
    instruction.size = size;
    instruction.given = MILLRACE_MATCH_GIVEN_PRICE | MILLRACE_MATCH_GIVEN_SIZE;
    instruction.action = action;
    instruction.side = side;
    instruction.type = MILLRACE_MATCH_TYPE_LIMIT;
    instruction.time_in_force = MILLRACE_MATCH_NONE;
    instruction.self_trade = MILLRACE_MATCH_NONE;
    instruction.post_only = MILLRACE_MATCH_NONE;
    return instruction;
}

int main(void) {
    millrace_match_settings settings = {5, 1, MILLRACE_MATCH_SELF_TRADE_NONE, {0, 0}};
    millrace_match_book *book = millrace_match_create(&settings);
    CHECK(millrace_match_version() == MILLRACE_MATCH_VERSION);
    CHECK(book != NULL);

    /* an offer of 5 at 101 is met by a bid of 3 at 103: at 101 */
    millrace_match_instruction first = order(MILLRACE_MATCH_ACTION_NEW, 1, MILLRACE_MATCH_SIDE_SELL, 101, 5);
    millrace_match_instruction second = order(MILLRACE_MATCH_ACTION_NEW, 2, MILLRACE_MATCH_SIDE_BUY, 103, 3);
    CHECK(millrace_match_submit(book, &first) == MILLRACE_MATCH_DONE);
    CHECK(millrace_match_submit(book, &second) == MILLRACE_MATCH_DONE);

    millrace_match_event events[16];
    size_t waiting = millrace_match_waiting(book);
    size_t taken = millrace_match_take(book, events, 2);
    taken += millrace_match_take(book, events + 2, 14);
    CHECK(waiting == 8 && taken == 8);
    /* new 1, level 101; new 2, two fills, two order rows, level 101 */
    CHECK(events[0].kind == MILLRACE_MATCH_EVENT_ORDER && events[0].status == MILLRACE_MATCH_STATUS_NEW && events[0].order_id == 1);
    CHECK(events[1].kind == MILLRACE_MATCH_EVENT_LEVEL && events[1].price == 101 && events[1].size == 5 && events[1].last == 1);
    CHECK(events[2].order_id == 2 && events[2].reason == MILLRACE_MATCH_NONE);
    CHECK(events[3].kind == MILLRACE_MATCH_EVENT_FILL && events[3].order_id == 1 && events[3].price == 101 && events[3].size == 3);
    CHECK(events[3].liquidity == MILLRACE_MATCH_LIQUIDITY_MAKER && events[3].leaves == 2 && events[3].number == 1);
    CHECK(events[4].liquidity == MILLRACE_MATCH_LIQUIDITY_TAKER && events[4].leaves == 0);
    CHECK(events[5].status == MILLRACE_MATCH_STATUS_PARTIALLY_FILLED && events[5].filled == 3);
    CHECK(events[6].status == MILLRACE_MATCH_STATUS_FILLED);
    CHECK(events[7].kind == MILLRACE_MATCH_EVENT_LEVEL && events[7].number == 2 && events[7].size == 2);
    CHECK(millrace_match_take(book, events, 16) == 0);

    int64_t price = 0, size = 0;
    CHECK(millrace_match_best(book, MILLRACE_MATCH_SIDE_SELL, &price, &size) == 1 && price == 101 && size == 2);
    CHECK(millrace_match_best(book, MILLRACE_MATCH_SIDE_BUY, &price, &size) == 0);
    CHECK(millrace_match_orders(book) == 1 && millrace_match_bytes(book) > 64);

    /* refusals change nothing */
    uint64_t checksum = millrace_match_checksum(book);
    millrace_match_instruction bad = order(MILLRACE_MATCH_ACTION_NEW, 1, MILLRACE_MATCH_SIDE_SELL, 101, 5);
    bad.time = 2;
    int32_t refused = millrace_match_submit(book, &bad);
    char word[32], cut[6];
    CHECK(refused > 0 && millrace_match_refusal(refused, word, sizeof word) == 15 && strcmp(word, "order-duplicate") == 0);
    CHECK(millrace_match_refusal(refused, cut, sizeof cut) == 15 && strcmp(cut, "order") == 0);
    CHECK(millrace_match_refusal(0, word, sizeof word) == 0 && millrace_match_refusal(9999, NULL, 0) == 0);
    bad.order_id = 9;
    bad.type = 77;
    CHECK(millrace_match_refusal(millrace_match_submit(book, &bad), word, sizeof word) > 0 && strcmp(word, "type-unknown") == 0);
    CHECK(millrace_match_checksum(book) == checksum);
    bad.action = 9;
    CHECK(millrace_match_submit(book, &bad) == MILLRACE_MATCH_ERROR_CODE);
    CHECK(millrace_match_submit(book, NULL) == MILLRACE_MATCH_ERROR_NULL && millrace_match_submit(NULL, &first) == MILLRACE_MATCH_ERROR_NULL);

    /* a snapshot is a twin */
    size_t length = millrace_match_snapshot(book, NULL, 0);
    uint8_t *bytes = malloc(length);
    CHECK(millrace_match_snapshot(book, bytes, length) == length);
    millrace_match_book *twin = millrace_match_restore(&settings, bytes, length);
    CHECK(twin != NULL && millrace_match_checksum(twin) == checksum);
    CHECK(millrace_match_restore(&settings, bytes, length - 1) == NULL);
    free(bytes);

    /* many at once, one of them refused */
    millrace_match_instruction many[3];
    int32_t results[3];
    many[0] = order(MILLRACE_MATCH_ACTION_NEW, 10, MILLRACE_MATCH_SIDE_BUY, 100, 4);
    many[1] = order(MILLRACE_MATCH_ACTION_NEW, 11, MILLRACE_MATCH_SIDE_BUY, 100, 0);
    many[2] = order(MILLRACE_MATCH_ACTION_CANCEL, 10, MILLRACE_MATCH_NONE, 0, 0);
    CHECK(millrace_match_submit_all(twin, many, 3, results) == MILLRACE_MATCH_DONE);
    CHECK(results[0] == 0 && results[1] > 0 && results[2] == 0 && millrace_match_orders(twin) == 1);

    /* an auction: 4 at 100 meet 4 at 100 when it ends */
    millrace_match_conditions conditions;
    memset(&conditions, 0, sizeof conditions);
    conditions.phase = MILLRACE_MATCH_PHASE_AUCTION;
    CHECK(millrace_match_set(book, 20, &conditions) == MILLRACE_MATCH_DONE);
    many[0].order_id = 20;
    many[0].time = 20;
    many[0].price = 101;
    many[0].size = 2;
    CHECK(millrace_match_submit(book, &many[0]) == MILLRACE_MATCH_DONE);
    conditions.phase = MILLRACE_MATCH_PHASE_CONTINUOUS;
    CHECK(millrace_match_set(book, 21, &conditions) == MILLRACE_MATCH_DONE);
    CHECK(millrace_match_orders(book) == 0 && millrace_match_reach(book, 30) == MILLRACE_MATCH_DONE);
    conditions.given = MILLRACE_MATCH_GIVEN_INCREMENT_LOTS;
    CHECK(millrace_match_set(book, 22, &conditions) > 0);

    millrace_match_free(twin);
    millrace_match_free(book);
    millrace_match_free(NULL);
    if (failures == 0) printf("the C program is content\n");
    return failures;
}
