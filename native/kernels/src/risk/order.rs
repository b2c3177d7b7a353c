use super::snapshots::{read_option, write_option};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer, corrupt};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Buy,
    Sell,
}

/// In the order of the vocabulary `TYPES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    Market,
    Limit,
    Stop,
    StopLimit,
    TrailingStop,
}

pub const SIDES: &[&str] = &["buy", "sell"];
pub const TYPES: &[&str] = &["market", "limit", "stop", "stop_limit", "trailing_stop"];

impl Side {
    pub fn of(place: u8) -> Self {
        if place == 0 { Self::Buy } else { Self::Sell }
    }

    /// The price that costs more: the higher of a buy, the lower of a sell.
    pub fn worse(self, a: i64, b: i64) -> i64 {
        if self == Self::Buy { a.max(b) } else { a.min(b) }
    }
}

impl Type {
    pub fn of(place: u8) -> Self {
        [Self::Market, Self::Limit, Self::Stop, Self::StopLimit, Self::TrailingStop].get(place as usize).copied().unwrap_or(Self::Market)
    }

    /// Whether `price_ticks` is its limit.
    pub fn has_limit(self) -> bool {
        matches!(self, Self::Limit | Self::StopLimit)
    }

    /// Whether neither a limit nor a stop says at what price it trades.
    pub fn is_unpriced(self) -> bool {
        matches!(self, Self::Market | Self::TrailingStop)
    }
}

/// What an order may be: in force (both given), or asked for by an amend (null: as it was).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    pub size: Option<i64>,
    pub price: Option<i64>,
}

/// An order that the gate accepted and that is still in its books.
#[derive(Debug)]
pub struct Order {
    /// Place among all orders that the gate accepted.
    pub entry: i64,
    pub side: Side,
    pub kind: Type,
    pub strategy: u32,
    pub venue: u32,
    /// `price_ticks` as the row had it.
    pub price_cell: Option<i64>,
    /// Largest size and worst price of the versions.
    pub size: i64,
    pub price: Option<i64>,
    pub filled: i64,
    pub over: bool,
    in_force: Version,
    unanswered: Vec<Version>,
}

/// Most amends that wait for an answer.
pub const MOST_UNANSWERED: usize = 16;

impl Order {
    #[expect(clippy::too_many_arguments, reason = "a record")]
    pub fn new(
        entry: i64,
        side: Side,
        kind: Type,
        strategy: u32,
        venue: u32,
        price_cell: Option<i64>,
        size: i64,
        price: Option<i64>,
    ) -> Self {
        let in_force = Version { size: Some(size), price };
        Self { entry, side, kind, strategy, venue, price_cell, size, price, filled: 0, over: false, in_force, unanswered: Vec::new() }
    }

    pub fn open(&self) -> i64 {
        self.size.saturating_sub(self.filled).max(0)
    }

    /// Whether it can still trade as far as the gate knows, so that it counts as an open order.
    pub fn is_live(&self) -> bool {
        !self.over && self.open() > 0
    }

    pub fn is_full_of_amends(&self) -> bool {
        self.unanswered.len() >= MOST_UNANSWERED
    }

    /// What its open size may cost: `max(0, price x open)` of a buy, of a sell with the sign turned; 0 without a price.
    pub fn cost(&self) -> i128 {
        let paid = i128::from(self.price.unwrap_or_default()) * i128::from(self.open());
        if self.side == Side::Buy { paid.max(0) } else { (-paid).max(0) }
    }

    /// Size and price with a version more.
    pub fn with(&self, version: Version) -> (i64, Option<i64>) {
        let price = match (self.price, version.price) {
            (Some(own), Some(other)) => Some(self.side.worse(own, other)),
            (own, _) => own,
        };
        (self.size.max(version.size.unwrap_or(self.size)), price)
    }

    /// An amend was accepted; `answers`: whether the venue's answer will be told.
    pub fn ask(&mut self, version: Version, answers: bool) {
        (self.size, self.price) = self.with(version);
        if answers {
            self.unanswered.push(version);
        } else {
            self.in_force = Version { size: Some(self.size), price: self.price };
        }
    }

    /// The venue put a size and price in force.
    pub fn replaced(&mut self, size: i64, price: Option<i64>) {
        let fits = |asked: &Version| asked.size.is_none_or(|asked| asked == size) && (asked.price.is_none() || asked.price == price);
        if let Some(at) = self.unanswered.iter().position(fits) {
            self.unanswered.drain(..=at);
        }
        self.in_force =
            Version { size: Some(size), price: if self.in_force.price.is_some() { price.or(self.in_force.price) } else { None } };
        self.settle();
    }

    /// It trades no more than `filled` in all.
    pub fn end(&mut self, filled: i64) {
        self.over = true;
        self.unanswered.clear();
        self.in_force.size = Some(filled);
        self.settle();
    }

    fn settle(&mut self) {
        self.size = self.in_force.size.unwrap_or_default();
        self.price = self.in_force.price;
        for at in 0..self.unanswered.len() {
            (self.size, self.price) = self.with(self.unanswered[at]);
        }
    }

    pub fn snapshot(&self, into: &mut Writer) {
        into.i64(self.entry);
        into.u32(self.side as u32);
        into.u32(self.kind as u32);
        into.u32(self.strategy);
        into.u32(self.venue);
        write_option(self.price_cell, into);
        into.i64(self.filled);
        into.u32(u32::from(self.over));
        into.count(self.unanswered.len());
        for version in std::iter::once(&self.in_force).chain(&self.unanswered) {
            write_option(version.size, into);
            write_option(version.price, into);
        }
    }

    pub fn read(from: &mut Reader) -> Result<Self, Fault> {
        let (entry, side, kind) = (from.i64()?, Side::of(from.u32()? as u8), Type::of(from.u32()? as u8));
        let (strategy, venue, price_cell) = (from.u32()?, from.u32()?, read_option(from)?);
        let (filled, over, count) = (from.i64()?, from.u32()? != 0, from.count()?);
        let version = |from: &mut Reader| -> Result<Version, Fault> { Ok(Version { size: read_option(from)?, price: read_option(from)? }) };
        let in_force = version(from)?;
        let size = in_force.size.ok_or_else(corrupt)?;
        let mut order = Self::new(entry, side, kind, strategy, venue, price_cell, size, in_force.price);
        (order.filled, order.over) = (filled, over);
        for _ in 0..count {
            order.unanswered.push(version(from)?);
        }
        order.settle();
        Ok(order)
    }
}
