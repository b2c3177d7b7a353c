use crate::slab::{NONE, Slab};
use crate::words::{Kind, PostOnly, SelfTrade, Side, TimeInForce};

/// Where a live order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Place {
    /// Not live.
    Nowhere,
    /// In the displayed queue of a level.
    Level,
    Hidden,
    AllOrNone,
    /// Among the market orders that wait for the uncross.
    Market,
    /// Waits for its stop.
    Waiting,
    /// Its stop is met; waits for its turn.
    Elected,
    /// Takes, or is between two places.
    Taking,
}

/// What never changes of an order, in 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits(pub u16);

const SELL: u16 = 1;
const HIDDEN: u16 = 2;
const ALL_OR_NONE: u16 = 4;
const REDUCE_ONLY: u16 = 8;
const KIND: u16 = 4;
const TIME_IN_FORCE: u16 = 7;
const SELF_TRADE: u16 = 10;
const POST_ONLY: u16 = 13;

impl Traits {
    pub fn new(side: Side, kind: Kind, time_in_force: TimeInForce, self_trade: SelfTrade, post_only: Option<PostOnly>) -> Self {
        let post_only = post_only.map_or(0, |post_only| post_only as u16 + 1);
        let bits = [u16::from(side == Side::Sell), (kind as u16) << KIND, (time_in_force as u16) << TIME_IN_FORCE];
        Self(bits.into_iter().fold((self_trade as u16) << SELF_TRADE, |all, bits| all | bits) | (post_only << POST_ONLY))
    }

    pub fn marked(self, hidden: bool, all_or_none: bool, reduce_only: bool) -> Self {
        let marks = [(hidden, HIDDEN), (all_or_none, ALL_OR_NONE), (reduce_only, REDUCE_ONLY)];
        Self(marks.into_iter().filter(|(marked, _)| *marked).fold(self.0, |all, (_, bit)| all | bit))
    }

    #[inline]
    pub fn side(self) -> Side {
        if self.0 & SELL == 0 { Side::Buy } else { Side::Sell }
    }

    #[inline]
    pub fn kind(self) -> Kind {
        match self.0 >> KIND & 7 {
            0 => Kind::Market,
            1 => Kind::Limit,
            2 => Kind::Stop,
            3 => Kind::StopLimit,
            _ => Kind::TrailingStop,
        }
    }

    /// Whether it has a limit price.
    #[inline]
    pub fn has_price(self) -> bool {
        const PRICED: u16 = 1 << Kind::Limit as u16 | 1 << Kind::StopLimit as u16;
        PRICED >> (self.0 >> KIND & 7) & 1 == 1
    }

    #[inline]
    pub fn time_in_force(self) -> TimeInForce {
        match self.0 >> TIME_IN_FORCE & 7 {
            0 => TimeInForce::Gtc,
            1 => TimeInForce::Ioc,
            2 => TimeInForce::Fok,
            3 => TimeInForce::Gtd,
            _ => TimeInForce::Day,
        }
    }

    #[inline]
    pub fn self_trade(self) -> SelfTrade {
        match self.0 >> SELF_TRADE & 7 {
            0 => SelfTrade::Allow,
            1 => SelfTrade::CancelNewest,
            2 => SelfTrade::CancelOldest,
            3 => SelfTrade::CancelBoth,
            _ => SelfTrade::Decrement,
        }
    }

    #[inline]
    pub fn post_only(self) -> Option<PostOnly> {
        match self.0 >> POST_ONLY & 3 {
            0 => None,
            1 => Some(PostOnly::Reject),
            _ => Some(PostOnly::Slide),
        }
    }

    #[inline]
    pub fn hidden(self) -> bool {
        self.0 & HIDDEN != 0
    }

    #[inline]
    pub fn all_or_none(self) -> bool {
        self.0 & ALL_OR_NONE != 0
    }

    #[inline]
    pub fn reduce_only(self) -> bool {
        self.0 & REDUCE_ONLY != 0
    }
}

/// What is looked at of every order: one cache line.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub struct Order {
    pub id: i64,
    /// 0 without a limit price.
    pub price: i64,
    pub size: i64,
    pub leaves: i64,
    pub entry: u64,
    /// Neighbours in its queue.
    pub next: u32,
    pub prev: u32,
    pub account: u32,
    /// Its level while it is displayed.
    pub level: u32,
    /// Its `Rare` part, or `NONE`.
    pub rare: u32,
    pub traits: Traits,
    pub place: Place,
    /// Whether its id is in the table of ids.
    pub listed: bool,
}

const _: () = assert!(size_of::<Order>() == 64);

impl Order {
    #[inline]
    pub fn filled(&self) -> i64 {
        self.size - self.leaves
    }
}

/// What few orders have.
#[derive(Debug, Clone)]
pub struct Rare {
    /// While it waits.
    pub stop: i64,
    /// 0: it does not trail.
    pub trail: i64,
    /// 0: it is no iceberg.
    pub display: i64,
    /// What an iceberg shows now.
    pub shown: i64,
    pub expire_at: i64,
    /// Place of a hidden order in its queue.
    pub turn: u64,
    /// The other order of its pair.
    pub pair: u32,
}

impl Default for Rare {
    fn default() -> Self {
        Self { stop: 0, trail: 0, display: 0, shown: 0, expire_at: 0, turn: 0, pair: NONE }
    }
}

/// Orders in their order of arrival, linked through `next` and `prev`.
#[derive(Debug, Clone, Copy)]
pub struct Queue {
    pub head: u32,
    pub tail: u32,
}

impl Default for Queue {
    fn default() -> Self {
        Self { head: NONE, tail: NONE }
    }
}

impl Queue {
    #[inline]
    pub fn push(&mut self, orders: &mut Slab<Order>, at: u32) {
        let order = &mut orders[at];
        (order.prev, order.next) = (self.tail, NONE);
        if self.tail == NONE {
            self.head = at;
        } else {
            orders[self.tail].next = at;
        }
        self.tail = at;
    }

    #[inline]
    pub fn remove(&mut self, orders: &mut Slab<Order>, at: u32) {
        let (prev, next) = (orders[at].prev, orders[at].next);
        if prev == NONE {
            self.head = next;
        } else {
            orders[prev].next = next;
        }
        if next == NONE {
            self.tail = prev;
        } else {
            orders[next].prev = prev;
        }
    }
}
