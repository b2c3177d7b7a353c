//! Event-time OHLCV bars. The rules are those of `operators/bars/README.md`.

mod bar;
mod open;
mod rows;
pub mod signs;

use crate::column::{Batch, Column};
use crate::config::{Config, Kind, ns};
use crate::fault::Fault;
use crate::intervals::Intervals;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use open::OpenBars;
use rows::Rows;
use serde::Deserialize;
use signs::Signs;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Length of the intervals, ns.
    #[serde(deserialize_with = "ns")]
    every: i64,
    by: Vec<String>,
    empty: Empty,
    /// Empty intervals in a row after which a key is silent until its next trade.
    max_empty: u32,
    price: String,
    size: String,
    side: Option<String>,
}

/// What to do of an interval without trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Empty {
    Skip,
    Carry,
    Null,
}

/// Rows of an emitted batch, at most.
const BATCH_ROWS: usize = 32_768;

struct Columns {
    ts: usize,
    price: usize,
    size: usize,
    side: Option<usize>,
}

struct Ports {
    out: usize,
    late: usize,
    rejected: usize,
}

pub struct Bars {
    params: Params,
    columns: Columns,
    ports: Ports,
    intervals: Intervals,
    watermark_ns: i64,
    keys: Keys,
    open: OpenBars,
    /// Per group: last price, and how many empty intervals have followed it.
    past: Vec<(f64, u32)>,
    signs: Signs,
    rows: Rows,
    rejects: Rejects,
    groups: Vec<u32>,
    keep: Vec<bool>,
    late: Vec<i32>,
}

impl Bars {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.every <= 0 {
            return Err(Fault::new("kernel-config", "an interval is at least 1 ns"));
        }
        let port = &config.inputs[config.input("in")?];
        let side = params.side.as_ref().map(|side| port.column(side, Kind::Word)).transpose()?;
        Ok(Self {
            columns: Columns {
                ts: port.column("ts_event", Kind::I64)?,
                price: port.column(&params.price, Kind::F64)?,
                size: port.column(&params.size, Kind::F64)?,
                side,
            },
            ports: Ports { out: config.output("out")?, late: config.output("late")?, rejected: config.output("rejected")? },
            intervals: Intervals::new(params.every),
            watermark_ns: i64::MIN,
            keys: Keys::new(port, &params.by)?,
            open: OpenBars::new(params.every),
            past: Vec::new(),
            signs: Signs::default(),
            rows: Rows::default(),
            rejects: Rejects::default(),
            groups: Vec::new(),
            keep: Vec::new(),
            late: Vec::new(),
            params,
        })
    }

    /// Fills `keep`, `late` and `rejects`; false when every row is kept.
    fn sort_out(&mut self, batch: &Batch, floor_ns: i64) -> Result<bool, Fault> {
        let [ts, price, size] = [self.columns.ts, self.columns.price, self.columns.size].map(|at| &batch.columns[at]);
        let (times, prices, sizes) = (ts.i64s()?, price.f64s()?, size.f64s()?);
        let cutoff = self.intervals.cutoff(floor_ns.max(self.watermark_ns));
        let from = cutoff.max(self.intervals.first_ns);
        let no_nulls = ts.valid.is_none() && price.valid.is_none() && size.valid.is_none();
        let fine = |row: usize| {
            // `|`, not `||`: without branches the check runs on many rows at a time
            (times[row] >= from)
                & (times[row] <= self.intervals.last_ns)
                & prices[row].is_finite()
                & (sizes[row] >= 0.0)
                & sizes[row].is_finite()
        };
        if no_nulls && (0..batch.rows).all(fine) {
            return Ok(false);
        }
        self.keep.clear();
        for (row, time) in times.iter().enumerate() {
            let refused = self.refusal([ts, price, size], row)?;
            let late = *time < cutoff;
            if let Some((code, reason)) = &refused {
                self.rejects.push(row, code, reason)?;
            } else if late {
                self.late.push(row as i32);
            }
            self.keep.push(refused.is_none() && !late);
        }
        Ok(true)
    }

    fn refusal(&self, [ts, price, size]: [&Column; 3], row: usize) -> Result<Option<(&'static str, String)>, Fault> {
        let (time, paid, amount) = (ts.i64s()?[row], price.f64s()?[row], size.f64s()?[row]);
        let Params { price: price_name, size: size_name, .. } = &self.params;
        Ok(if !ts.is_valid(row) {
            Some(("ts-missing", "ts_event is null".into()))
        } else if !price.is_valid(row) {
            Some(("price-missing", format!("{price_name} is null")))
        } else if !size.is_valid(row) {
            Some(("size-missing", format!("{size_name} is null")))
        } else if !paid.is_finite() {
            Some(("price-not-finite", format!("{price_name} is {paid}")))
        } else if !amount.is_finite() {
            Some(("size-not-finite", format!("{size_name} is {amount}")))
        } else if amount < 0.0 {
            Some(("size-negative", format!("{size_name} is {amount}")))
        } else if !self.intervals.holds(time) {
            Some(("ts-out-of-range", format!("ts_event {time} has no whole interval of {} ns", self.params.every)))
        } else {
            None
        })
    }

    fn add(&mut self, batch: &Batch) -> Result<(), Fault> {
        let (times, prices) = (batch.columns[self.columns.ts].i64s()?, batch.columns[self.columns.price].f64s()?);
        let sizes = batch.columns[self.columns.size].f64s()?;
        let signs = match self.columns.side {
            Some(side) => self.signs.of(&batch.columns[side], batch.rows)?,
            None => &[],
        };
        for (row, group) in self.groups.iter().enumerate() {
            if *group != NO_GROUP {
                let sign = signs.get(row).copied().unwrap_or(0.0);
                self.open.at(*group, times[row]).add(times[row], prices[row], sizes[row], sign);
            }
        }
        Ok(())
    }

    /// Closes a group's interval that ends then, and makes the group due again where empty intervals are wanted.
    fn close(&mut self, group: u32, end_ns: i64) {
        let start = end_ns - self.params.every;
        let past = &mut self.past[group as usize];
        if let Some(bar) = self.open.take(group, start) {
            *past = (bar.close, 0);
            self.rows.push_bar(group, end_ns, &bar);
        } else {
            past.1 += 1;
            self.rows.push_empty(group, start, end_ns, (self.params.empty == Empty::Carry).then_some(past.0));
        }
        if self.params.empty != Empty::Skip
            && past.1 < self.params.max_empty
            && let Some(next) = end_ns.checked_add(self.params.every)
        {
            self.open.schedule(group, next);
        }
    }
}

impl Kernel for Bars {
    fn push(&mut self, _port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let some_left_out = self.sort_out(batch, floor_ns)?;
        self.keys.groups(batch, some_left_out.then_some(&self.keep), &mut self.groups)?;
        self.open.grow(self.keys.len());
        self.past.resize(self.keys.len(), (0.0, 0));
        self.add(batch)?;
        output.rows(self.ports.late, &mut self.late)?;
        self.rejects.flush(self.ports.rejected, output)
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.watermark_ns = self.watermark_ns.max(watermark_ns);
        let signed = self.columns.side.is_some();
        while let Some((end, groups)) = self.open.pop_due(self.watermark_ns) {
            for group in groups {
                self.close(group, end);
                if self.rows.len() >= BATCH_ROWS {
                    self.rows.flush(self.ports.out, &self.keys, signed, output)?;
                }
            }
        }
        self.rows.flush(self.ports.out, &self.keys, signed, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.i64(self.params.every);
        into.i64(self.watermark_ns);
        self.keys.snapshot(into);
        for (close, empties) in &self.past {
            into.f64(*close);
            into.u32(*empties);
        }
        self.open.snapshot(into);
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        if from.i64()? != self.params.every {
            return Err(Fault::new("snapshot-foreign", "the snapshot is of bars of another interval"));
        }
        self.watermark_ns = from.i64()?;
        self.keys.restore(from)?;
        for _ in 0..self.keys.len() {
            self.past.push((from.f64()?, from.u32()?));
        }
        if self.past.len() != self.keys.len() {
            return Err(corrupt());
        }
        self.open.grow(self.keys.len());
        self.open.restore(from)
    }
}
