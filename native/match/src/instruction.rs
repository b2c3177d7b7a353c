use crate::words::{Action, Code, Field, Kind, Phase, PostOnly, SelfTrade, Side, TimeInForce};

/// Prices lie in `[-MAX_PRICE, MAX_PRICE]` ticks.
pub const MAX_PRICE: i64 = 1 << 53;
/// Sizes lie in `[1, MAX_SIZE]` lots.
pub const MAX_SIZE: i64 = 1 << 53;
/// Largest sum of the leaves of a side, lots.
pub const MAX_SIDE: i64 = 1 << 62;
/// Most parts that an iceberg is shown in; `MAX_SIZE * MAX_PARTS` is an i64.
pub const MAX_PARTS: i64 = 1_000;

/// A word of an instruction: not there, none of the words that are known, or one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Given<T> {
    #[default]
    Null,
    Unknown,
    Is(T),
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Self::Is(value)
    }
}

/// What a new order is to be, or what an amend gives anew; `None` and `Null` are what is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Unique among the live orders of the book.
    pub order_id: i64,
    pub account: u32,
    pub side: Given<Side>,
    pub kind: Given<Kind>,
    pub time_in_force: Given<TimeInForce>,
    pub self_trade: Given<SelfTrade>,
    pub post_only: Given<PostOnly>,
    pub hidden: bool,
    pub all_or_none: bool,
    pub reduce_only: bool,
    /// Ticks.
    pub price: Option<i64>,
    /// Lots.
    pub size: Option<i64>,
    /// Ticks.
    pub stop: Option<i64>,
    /// Ticks.
    pub trail: Option<i64>,
    /// Lots.
    pub display: Option<i64>,
    /// ns; an order is over at this very time.
    pub expire_at: Option<i64>,
    /// Id of a live order of the same account.
    pub oco: Option<i64>,
}

impl Terms {
    /// A limit order that is good till cancelled.
    pub fn limit(order_id: i64, account: u32, side: Side, price: i64, size: i64) -> Self {
        Self { order_id, account, side: side.into(), kind: Kind::Limit.into(), price: Some(price), size: Some(size), ..Self::default() }
    }

    /// A market order.
    pub fn market(order_id: i64, account: u32, side: Side, size: i64) -> Self {
        Self { order_id, account, side: side.into(), kind: Kind::Market.into(), size: Some(size), ..Self::default() }
    }
}

/// One instruction to one book. A cancel looks at `order_id` and `account` only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    pub action: Action,
    pub terms: Terms,
}

/// What a row of the port `symbols` changes; `None` and `Null` leave it as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conditions {
    pub phase: Given<Phase>,
    pub reference: Option<i64>,
    pub lower: Option<i64>,
    pub upper: Option<i64>,
    pub increment_ticks: Option<i64>,
    pub increment_lots: Option<i64>,
}

impl Conditions {
    /// The first fault, in the order of section 10 of the rules.
    pub fn check(&self) -> Result<(), Refusal> {
        let refuse = |code, field| Err(Refusal { code, field, value: Value::Given });
        if self.phase == Given::Unknown {
            return refuse(Code::PhaseUnknown, Field::Phase);
        }
        for (price, field) in [(self.reference, Field::ReferenceTicks), (self.lower, Field::LowerTicks), (self.upper, Field::UpperTicks)] {
            if price.is_some_and(out_of_range) {
                return refuse(Code::PriceOutOfRange, field);
            }
        }
        for (increment, field) in [(self.increment_ticks, Field::IncrementTicks), (self.increment_lots, Field::IncrementLots)] {
            if increment.is_some_and(|increment| increment <= 0) {
                return refuse(Code::IncrementNotPositive, field);
            }
        }
        if self.lower.zip(self.upper).is_some_and(|(lower, upper)| lower > upper) {
            return refuse(Code::BandEmpty, Field::LowerTicks);
        }
        Ok(())
    }

    /// These, where `later` gives nothing; else what `later` gives.
    pub fn then(&self, later: &Self) -> Self {
        Self {
            phase: if matches!(later.phase, Given::Is(_)) { later.phase } else { self.phase },
            reference: later.reference.or(self.reference),
            lower: later.lower.or(self.lower),
            upper: later.upper.or(self.upper),
            increment_ticks: later.increment_ticks.or(self.increment_ticks),
            increment_lots: later.increment_lots.or(self.increment_lots),
        }
    }
}

pub(crate) fn out_of_range(price: i64) -> bool {
    !(-MAX_PRICE..=MAX_PRICE).contains(&price)
}

/// Why an instruction changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// What the refusal is about.
    pub field: Field,
    /// Its offending value.
    pub value: Value,
}

/// The offending value of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// As the instruction gave it.
    Given,
    Null,
    Number(i128),
    Phase(Phase),
}
