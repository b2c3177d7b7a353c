use super::series::{Quote, Trade};
use crate::bars::signs::Signs;
use crate::column::{Batch, Column};
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::intervals::Intervals;

/// Why a row is refused.
type Refusal = Option<(&'static str, String)>;

fn time(intervals: &Intervals, column: &Column, row: usize) -> Result<Refusal, Fault> {
    let time = column.i64s()?[row];
    Ok(if !column.is_valid(row) {
        Some(("ts-missing", "ts_event is null".into()))
    } else if !intervals.holds(time) {
        Some(("ts-out-of-range", format!("ts_event {time} has no whole interval of {} ns", intervals.every_ns)))
    } else {
        None
    })
}

/// A price above 0.
fn price(name: &str, column: &Column, row: usize) -> Result<Refusal, Fault> {
    let value = column.f64s()?[row];
    Ok(if !column.is_valid(row) {
        Some(("price-missing", format!("{name} is null")))
    } else if !value.is_finite() {
        Some(("price-not-finite", format!("{name} is {value}")))
    } else if value <= 0.0 {
        Some(("price-not-positive", format!("{name} is not above 0")))
    } else {
        None
    })
}

/// A size of at least 0.
fn size(name: &str, column: &Column, row: usize) -> Result<Refusal, Fault> {
    let value = column.f64s()?[row];
    Ok(if !column.is_valid(row) {
        Some(("size-missing", format!("{name} is null")))
    } else if !value.is_finite() {
        Some(("size-not-finite", format!("{name} is {value}")))
    } else if value < 0.0 {
        Some(("size-negative", format!("{name} is below 0")))
    } else {
        None
    })
}

/// Where the columns of quotes are.
pub struct QuoteColumns {
    ts: usize,
    /// Bid and ask, then their sizes.
    values: [usize; 4],
}

const PRICES: [&str; 2] = ["bid", "ask"];
const SIZES: [&str; 2] = ["bid_size", "ask_size"];

impl QuoteColumns {
    pub fn new(port: &Port) -> Result<Self, Fault> {
        let float = |name: &str| port.column(name, Kind::F64);
        let values = [float(PRICES[0])?, float(PRICES[1])?, float(SIZES[0])?, float(SIZES[1])?];
        Ok(Self { ts: port.column("ts_event", Kind::I64)?, values })
    }

    pub fn times<'a>(&self, batch: &Batch<'a>) -> Result<&'a [i64], Fault> {
        batch.columns[self.ts].i64s()
    }

    #[inline]
    pub fn refusal(&self, batch: &Batch, row: usize, intervals: &Intervals) -> Result<Refusal, Fault> {
        let [bid, ask, bid_size, ask_size] = self.values.map(|at| &batch.columns[at]);
        if let Some(refusal) = time(intervals, &batch.columns[self.ts], row)? {
            return Ok(Some(refusal));
        }
        for (name, column) in PRICES.into_iter().zip([bid, ask]) {
            if let Some(refusal) = price(name, column, row)? {
                return Ok(Some(refusal));
            }
        }
        for (name, column) in SIZES.into_iter().zip([bid_size, ask_size]) {
            if let Some(refusal) = size(name, column, row)? {
                return Ok(Some(refusal));
            }
        }
        let crossed = bid.f64s()?[row] >= ask.f64s()?[row];
        Ok(crossed.then(|| ("quote-crossed", "bid is not below ask".into())))
    }

    pub fn quotes<'a>(&self, batch: &Batch<'a>) -> Result<impl Iterator<Item = Quote> + use<'a>, Fault> {
        let times = self.times(batch)?;
        let [bid, ask, bid_size, ask_size] = self.values.map(|at| batch.columns[at].f64s());
        let (bid, ask, bid_size, ask_size) = (bid?, ask?, bid_size?, ask_size?);
        Ok((0..batch.rows).map(move |row| Quote {
            ts_ns: times[row],
            bid: bid[row],
            bid_size: bid_size[row],
            ask: ask[row],
            ask_size: ask_size[row],
        }))
    }
}

/// Where the columns of trades are.
pub struct TradeColumns {
    ts: usize,
    size: usize,
    side: usize,
    signs: Signs,
}

impl TradeColumns {
    pub fn new(port: &Port) -> Result<Self, Fault> {
        let (ts, size) = (port.column("ts_event", Kind::I64)?, port.column("size", Kind::F64)?);
        Ok(Self { ts, size, side: port.column("aggressor_side", Kind::Word)?, signs: Signs::default() })
    }

    pub fn times<'a>(&self, batch: &Batch<'a>) -> Result<&'a [i64], Fault> {
        batch.columns[self.ts].i64s()
    }

    pub fn refusal(&self, batch: &Batch, row: usize, intervals: &Intervals) -> Result<Refusal, Fault> {
        match time(intervals, &batch.columns[self.ts], row)? {
            Some(refusal) => Ok(Some(refusal)),
            None => size("size", &batch.columns[self.size], row),
        }
    }

    pub fn trades<'a>(&'a mut self, batch: &Batch<'a>) -> Result<impl Iterator<Item = Trade> + use<'a>, Fault> {
        let (times, sizes) = (self.times(batch)?, batch.columns[self.size].f64s()?);
        let signs = self.signs.of(&batch.columns[self.side], batch.rows)?;
        Ok((0..batch.rows).map(move |row| Trade { ts_ns: times[row], size: sizes[row], sign: signs[row] }))
    }
}
