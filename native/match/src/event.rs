use crate::words::{Liquidity, Reason, Side, Status};

/// One order's part in an execution; each execution has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    pub ts_event: i64,
    /// From 1 in each book.
    pub execution_id: i64,
    pub order_id: i64,
    pub account: u32,
    pub side: Side,
    pub liquidity: Liquidity,
    pub price: i64,
    pub size: i64,
    /// Of this order, after the execution.
    pub leaves: i64,
}

/// A change of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderChange {
    pub ts_event: i64,
    pub order_id: i64,
    pub account: u32,
    pub side: Side,
    pub status: Status,
    pub reason: Option<Reason>,
    /// None: a market order.
    pub price: Option<i64>,
    /// Of an order that waits for it.
    pub stop: Option<i64>,
    pub size: i64,
    /// 0 of an order that was cancelled or has expired.
    pub leaves: i64,
    pub filled: i64,
}

/// A level among the best of a side that came, went or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    pub ts_event: i64,
    /// From 1 in each book, one for all changes of an instruction.
    pub sequence: i64,
    pub side: Side,
    pub price: i64,
    /// 0: the level went.
    pub size: i64,
    pub orders: i64,
    /// Price and size of the best displayed level after the instruction.
    pub bid: Option<(i64, i64)>,
    pub ask: Option<(i64, i64)>,
    /// CRC-32 (IEEE) of the best bids, then the best offers after the instruction.
    pub checksum: u32,
    /// The last change of the instruction.
    pub last: bool,
}

/// What an uncross would trade now, or (`done`) what it traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuctionChange {
    pub ts_event: i64,
    pub price: Option<i64>,
    pub size: i64,
    /// Demand less supply at the price.
    pub surplus: Option<i64>,
    pub done: bool,
}

/// Takes what a book tells, in order. What a sink has no method for it is not told.
pub trait Sink {
    fn fill(&mut self, _fill: &Fill) {}
    fn order(&mut self, _change: &OrderChange) {}
    fn level(&mut self, _change: &LevelChange) {}
    fn auction(&mut self, _change: &AuctionChange) {}
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ignore;

impl Sink for Ignore {}
