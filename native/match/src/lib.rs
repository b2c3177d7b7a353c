//! The exchange core: one limit order book, as a pure state machine.
//!
//! Instructions go in, what they cause comes out of a [`Sink`]: fills, changes of orders, level deltas, auction prices. The rules are those
//! of `operators/match/RULES.md`, case by case. Prices are integer ticks, sizes integer lots, times ns; the book knows no clock,
//! randomness or I/O, so equal instructions give equal events.
//!
//! ```
//! use millrace_match::{Book, Fill, Settings, Side, Sink, Terms};
//!
//! #[derive(Default)]
//! struct Fills(Vec<Fill>);
//!
//! impl Sink for Fills {
//!     fn fill(&mut self, fill: &Fill) {
//!         self.0.push(*fill);
//!     }
//! }
//!
//! let (mut book, mut fills) = (Book::new(Settings::default()), Fills::default());
//! book.advance(1_000, &mut fills);
//! book.enter(&Terms::limit(1, 7, Side::Sell, 101, 5), &mut fills)?;
//! book.enter(&Terms::limit(2, 8, Side::Buy, 103, 3), &mut fills)?;
//! // the maker's fill, then the taker's, at the maker's price
//! let told: Vec<_> = fills.0.iter().map(|fill| (fill.order_id, fill.price, fill.size, fill.leaves)).collect();
//! assert_eq!(told, [(1, 101, 3, 2), (2, 101, 3, 0)]);
//! assert_eq!(book.best(Side::Sell), Some((101, 2)));
//! let refusal = book.cancel(2, 8, &mut fills).unwrap_err();
//! assert_eq!(refusal.code.word(), "order-unknown");
//! # Ok::<(), millrace_match::Refusal>(())
//! ```
//!
//! # Cost
//!
//! An order is 64 bytes and an entry in a table of ids; what few orders have (a stop, a display size, a pair, an expiry) lies beside. Levels are
//! found through pages of 64 prices, wherever the price is, so that wide swings and far books cost what a quiet market does. In steady state
//! nothing is allocated per order. A played-through take (fill or kill, all or none) adds levels up where nothing special rests.

mod auction;
mod book;
mod check;
mod conditions;
mod depth;
mod event;
mod ids;
mod instruct;
mod instruction;
mod ladder;
mod order;
mod plain;
mod play;
mod slab;
mod snapshot;
mod stops;
mod take;
mod words;

pub use book::{Book, Settings};
pub use event::{AuctionChange, Fill, Ignore, LevelChange, OrderChange, Sink};
pub use instruction::{Conditions, Given, Instruction, MAX_PARTS, MAX_PRICE, MAX_SIDE, MAX_SIZE, Refusal, Terms, Value};
pub use snapshot::Damaged;
pub use words::{
    Action,
    Code,
    Field,
    Kind,
    Liquidity,
    Phase,
    PostOnly,
    Reason,
    SelfTrade,
    Side,
    Status,
    TimeInForce, //
};
