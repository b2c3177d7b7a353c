//! Where the columns of each input port are. A column that did not cross is null.

use super::names::{NONE, NameColumn, Vocabulary, Word};
use super::order::{SIDES, TYPES};
use crate::column::{Batch, Column, Values};
use crate::config::{Config, Kind};
use crate::dictionary::WordTable;
use crate::fault::Fault;

/// Largest price and size in size, 2^53: what a double holds exactly.
pub const MOST: i64 = 1 << 53;

/// Why a row is malformed.
#[derive(Debug)]
pub struct Malformed(pub &'static str, pub String);

/// Int64 column, or none.
#[derive(Debug)]
pub struct Numbers(Option<usize>);

impl Numbers {
    fn find(config: &Config, port: &str, name: &str) -> Result<Self, Fault> {
        let port = &config.inputs[config.input(port)?];
        Ok(Self(port.find(name).map(|_| port.column(name, Kind::I64)).transpose()?))
    }

    #[inline(always)]
    pub fn at(&self, batch: &Batch, row: usize) -> Result<Option<i64>, Fault> {
        let Some(column) = self.0.map(|at| &batch.columns[at]) else { return Ok(None) };
        match column.values {
            Values::I64(values) => Ok(column.is_valid(row).then(|| values[row])),
            _ => column.i64s().map(|_| None),
        }
    }
}

/// Column of names, or none.
#[derive(Debug)]
pub struct Names {
    at: Option<usize>,
    column: NameColumn,
}

impl Names {
    fn find(config: &Config, port: &str, name: &str) -> Result<Self, Fault> {
        let port = &config.inputs[config.input(port)?];
        let at = port.find(name).map(|_| port.column(name, Kind::Word)).transpose()?;
        Ok(Self { at, column: NameColumn::default() })
    }

    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        self.at.map_or(Ok(()), |at| self.column.follow(&batch.columns[at]))
    }

    /// The id of a row's name, where the name was met before.
    #[inline]
    fn peek(&self, batch: &Batch, row: usize) -> Option<u32> {
        self.at.and_then(|at| self.column.peek(&batch.columns[at], row))
    }

    #[inline(always)]
    pub fn at(&mut self, batch: &Batch, row: usize, table: &mut WordTable) -> Result<u32, Fault> {
        match self.at {
            Some(at) => self.column.at(&batch.columns[at], row, table),
            None => Ok(NONE),
        }
    }
}

/// Column of words of a vocabulary, or none.
#[derive(Debug)]
pub struct Words {
    at: Option<usize>,
    vocabulary: Vocabulary,
    name: &'static str,
}

impl Words {
    pub fn find(config: &Config, port: &str, name: &'static str, words: &'static [&'static str]) -> Result<Self, Fault> {
        let port = &config.inputs[config.input(port)?];
        let at = port.find(name).map(|_| port.column(name, Kind::Word)).transpose()?;
        Ok(Self { at, vocabulary: Vocabulary::new(words), name })
    }

    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        self.at.map_or(Ok(()), |at| self.vocabulary.follow(&batch.columns[at]))
    }

    /// The place of a row's word; malformed where it is null or none of the vocabulary.
    #[inline(always)]
    pub fn at(&self, batch: &Batch, row: usize, missing: &'static str, unknown: &'static str) -> Result<Result<u8, Malformed>, Fault> {
        match self.at.map(|at| self.vocabulary.at(&batch.columns[at], row)) {
            Some(Ok(Word::At(place))) => Ok(Ok(place)),
            Some(Ok(Word::Unknown)) => self.unknown(&batch.columns[self.at.unwrap_or_default()], row, unknown).map(Err),
            Some(Err(fault)) => Err(fault),
            Some(Ok(Word::Null)) | None => Ok(Err(null(missing, self.name))),
        }
    }

    #[cold]
    fn unknown(&self, column: &Column, row: usize, code: &'static str) -> Result<Malformed, Fault> {
        Ok(Malformed(code, format!("{} is \"{}\"", self.name, String::from_utf8_lossy(column.bytes(row)?))))
    }
}

#[cold]
pub fn null(code: &'static str, name: &str) -> Malformed {
    Malformed(code, format!("{name} is null"))
}

/// A size from 1 to 2^53.
#[inline]
pub fn size(value: i64) -> Result<i64, Malformed> {
    match value {
        1..=MOST => Ok(value),
        ..=0 => Err(Malformed("size-not-positive", format!("size_lots is {value}"))),
        _ => Err(Malformed("size-too-large", format!("size_lots is {value}"))),
    }
}

/// A price within ±2^53.
#[inline]
pub fn price(value: i64, name: &str, code: &'static str) -> Result<i64, Malformed> {
    if (-MOST..=MOST).contains(&value) { Ok(value) } else { Err(Malformed(code, format!("{name} is {value}"))) }
}

/// Columns of `orders`.
#[derive(Debug)]
pub struct OrderColumns {
    pub ts: Numbers,
    pub id: Numbers,
    pub price: Numbers,
    pub stop: Numbers,
    pub size: Numbers,
    pub action: Words,
    pub side: Words,
    pub kind: Words,
    pub account: Names,
    pub symbol: Names,
    pub strategy: Names,
    pub venue: Names,
}

impl OrderColumns {
    /// The account of a row, where its name was met before.
    #[inline]
    pub fn peek(&self, batch: &Batch, row: usize) -> Option<u32> {
        self.account.peek(batch, row)
    }

    pub fn new(config: &Config) -> Result<Self, Fault> {
        let (number, name) = (|name| Numbers::find(config, "orders", name), |name| Names::find(config, "orders", name));
        Ok(Self {
            ts: number("ts_event")?,
            id: number("order_id")?,
            price: number("price_ticks")?,
            stop: number("stop_ticks")?,
            size: number("size_lots")?,
            action: Words::find(config, "orders", "action", &["new", "amend", "cancel"])?,
            side: Words::find(config, "orders", "side", SIDES)?,
            kind: Words::find(config, "orders", "type", TYPES)?,
            account: name("account")?,
            symbol: name("symbol")?,
            strategy: name("strategy")?,
            venue: name("venue")?,
        })
    }

    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        [&mut self.action, &mut self.side, &mut self.kind].into_iter().try_for_each(|column| column.follow(batch))?;
        [&mut self.account, &mut self.symbol, &mut self.strategy, &mut self.venue].into_iter().try_for_each(|column| column.follow(batch))
    }
}

/// Columns of `fills` and of `updates`: which order of whom, and numbers.
#[derive(Debug)]
pub struct FeedbackColumns {
    pub id: Numbers,
    pub price: Numbers,
    pub stop: Numbers,
    pub size: Numbers,
    pub filled: Numbers,
    pub side: Words,
    pub status: Words,
    pub account: Names,
    pub symbol: Names,
}

/// What may have become of an order; those from `canceled` on change the gate's books.
pub const STATUSES: &[&str] = &["new", "pending", "triggered", "partially_filled", "replaced", "canceled", "expired", "filled", "rejected"];

impl FeedbackColumns {
    pub fn new(config: &Config, port: &'static str) -> Result<Self, Fault> {
        let number = |name| Numbers::find(config, port, name);
        Ok(Self {
            id: number("order_id")?,
            price: number("price_ticks")?,
            stop: number("stop_ticks")?,
            size: number("size_lots")?,
            filled: number("filled_lots")?,
            side: Words::find(config, port, "side", SIDES)?,
            status: Words::find(config, port, "status", STATUSES)?,
            account: Names::find(config, port, "account")?,
            symbol: Names::find(config, port, "symbol")?,
        })
    }

    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        self.side.follow(batch)?;
        self.status.follow(batch)?;
        self.account.follow(batch)?;
        self.symbol.follow(batch)
    }
}

/// Columns of `prices`.
#[derive(Debug)]
pub struct PriceColumns {
    pub ts: Numbers,
    pub price: Numbers,
    pub symbol: Names,
    name: String,
}

impl PriceColumns {
    /// Name of the price column.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn new(config: &Config, price: &str) -> Result<Self, Fault> {
        Ok(Self {
            ts: Numbers::find(config, "prices", "ts_event")?,
            price: Numbers::find(config, "prices", price)?,
            symbol: Names::find(config, "prices", "symbol")?,
            name: price.into(),
        })
    }
}

/// Columns of `control`.
#[derive(Debug)]
pub struct ControlColumns {
    pub ts: Numbers,
    pub action: Words,
    pub scope: Words,
    pub state: Words,
    pub name: Option<usize>,
    pub reason: Option<usize>,
}

impl ControlColumns {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let port = &config.inputs[config.input("control")?];
        Ok(Self {
            ts: Numbers::find(config, "control", "ts_event")?,
            action: Words::find(config, "control", "action", &["kill", "resume", "state"])?,
            scope: Words::find(config, "control", "scope", super::control::SCOPES)?,
            state: Words::find(config, "control", "state", super::control::STATES)?,
            name: port.find("name"),
            reason: port.find("reason"),
        })
    }

    pub fn follow(&mut self, batch: &Batch) -> Result<(), Fault> {
        [&mut self.action, &mut self.scope, &mut self.state].into_iter().try_for_each(|column| column.follow(batch))
    }
}
