//! Rows again once their future is known. The rules are those of `operators/label/README.md`.

mod held;
mod horizon;

use crate::column::{Batch, Column};
use crate::config::{Config, Kind, ns};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::{Bits, Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use held::Held;
use horizon::Asked;
use serde::Deserialize;
use std::collections::VecDeque;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// How far ahead, ns.
    #[serde(deserialize_with = "ns")]
    horizon: i64,
    /// The same as it is written.
    horizon_text: String,
    /// Oldest price that counts then, ns.
    #[serde(deserialize_with = "ns")]
    max_age: i64,
    price: String,
    by: Vec<String>,
    max_keys: u32,
}

/// A row whose future is not known yet, and a price that others may wait for.
#[derive(Debug, Clone, Copy)]
struct Open {
    ts_ns: i64,
    price: f64,
    place: u32,
}

/// A row whose future is known, or will not be.
struct Closed {
    due_ns: i64,
    group: u32,
    origin: Open,
    price: Option<f64>,
}

/// Rows of an emitted batch, at most.
const BATCH_ROWS: usize = 32_768;

pub struct Label {
    params: Params,
    ts: usize,
    price: usize,
    columns: usize,
    out: usize,
    unlabelled: usize,
    ignored: usize,
    rejected: usize,
    watermark_ns: i64,
    keys: Keys,
    held: Held,
    /// Per group, in order of arrival until `advance` puts them in order of time.
    open: Vec<VecDeque<Open>>,
    horizons: WordTable,
    /// Of predictions: how far each looks ahead.
    asked: Option<Asked>,
    others: Vec<i32>,
    rejects: Rejects,
    groups: Vec<u32>,
    keep: Vec<bool>,
}

impl Label {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.horizon <= 0 || params.max_age < 0 || params.max_age >= params.horizon {
            return Err(Fault::new("kernel-config", "a horizon is above 0 and above the oldest age of a price"));
        }
        let port = &config.inputs[config.input("in")?];
        let mut horizons = WordTable::default();
        horizons.id(params.horizon_text.as_bytes());
        Ok(Self {
            ts: port.column("ts_event", Kind::I64)?,
            price: port.column(&params.price, Kind::F64)?,
            columns: port.columns.len(),
            out: config.output("out")?,
            unlabelled: config.output("unlabelled")?,
            ignored: config.output("ignored")?,
            rejected: config.output("rejected")?,
            watermark_ns: i64::MIN,
            keys: Keys::new(port, &params.by)?.at_most(params.max_keys),
            held: Held::new(port),
            open: Vec::new(),
            horizons,
            asked: port.find("horizon").map(|column| Asked::new(column, params.horizon)),
            others: Vec::new(),
            rejects: Rejects::default(),
            groups: Vec::new(),
            keep: Vec::new(),
            params,
        })
    }

    fn refusal(&self, ts: &Column, price: &Column, row: usize, cutoff: i64) -> Result<Option<(&'static str, String)>, Fault> {
        let (time, paid, name) = (ts.i64s()?[row], price.f64s()?[row], &self.params.price);
        Ok(if !ts.is_valid(row) {
            Some(("ts-missing", "ts_event is null".into()))
        } else if !price.is_valid(row) {
            Some(("price-missing", format!("{name} is null")))
        } else if !paid.is_finite() {
            Some(("price-not-finite", format!("{name} is {paid}")))
        } else if paid <= 0.0 {
            Some(("price-not-positive", format!("{name} is not above 0")))
        } else if time.checked_add(self.params.horizon).is_none_or(|due| due == i64::MAX) {
            Some(("ts-out-of-range", format!("ts_event {time} has no time {} ns later", self.params.horizon)))
        } else if time < cutoff {
            Some(("late", format!("ts_event {time} is behind the watermark")))
        } else {
            None
        })
    }

    /// Takes out the rows whose future lies before the watermark, in order of (time, key).
    fn close(&mut self) -> Vec<Closed> {
        let Params { horizon, max_age, .. } = self.params;
        let mut closed = Vec::new();
        for (group, open) in self.open.iter_mut().enumerate() {
            if !open.iter().is_sorted_by_key(|row| row.ts_ns) {
                open.make_contiguous().sort_by_key(|row| row.ts_ns);
            }
            let mut last = 0; // the last row at or before the time that is asked about, which only grows
            let mut taken = 0;
            while let Some(origin) = open.get(taken).copied() {
                let due_ns = origin.ts_ns + horizon;
                if due_ns >= self.watermark_ns {
                    break;
                }
                while open.get(last + 1).is_some_and(|row| row.ts_ns <= due_ns) {
                    last += 1;
                }
                let price = open.get(last).filter(|row| due_ns - row.ts_ns <= max_age).map(|row| row.price);
                closed.push(Closed { due_ns, group: group as u32, origin, price });
                taken += 1;
            }
            open.drain(..taken);
        }
        closed.sort_by_key(|row| (row.due_ns, row.group));
        closed
    }

    fn write_labelled(&mut self, rows: &[&Closed], output: &mut Output) -> Result<(), Fault> {
        let places: Vec<u32> = rows.iter().map(|row| row.origin.place).collect();
        let mut block = output.block(self.out, rows.len())?;
        for column in 0..self.columns {
            if column == self.ts {
                block.i64s(&rows.iter().map(|row| row.due_ns).collect::<Vec<_>>(), None)?;
            } else if self.asked.as_ref().is_some_and(|asked| asked.column == column) {
                self.held.write_or(column, &places, self.params.horizon_text.as_bytes(), &mut block)?;
            } else {
                self.held.write(column, &places, &mut block)?;
            }
        }
        let (mut returns, mut ups, mut known) = (Vec::with_capacity(rows.len()), Bits::default(), Cells::<u8>::default());
        for row in rows {
            let (from, to) = (row.origin.price, row.price.unwrap_or(row.origin.price));
            returns.push(libm::log(to / from));
            ups.push(to > from);
            known.push_option((to != from).then_some(1));
        }
        block.i64s(&rows.iter().map(|row| row.origin.ts_ns).collect::<Vec<_>>(), None)?;
        if self.asked.is_none() {
            block.words(&vec![0; rows.len()], None, &self.horizons)?;
        }
        block.f64s(&returns, None)?;
        block.bools(&ups, Some(&known.valid))?;
        block.end()
    }

    fn write_unlabelled(&mut self, rows: &[&Closed], output: &mut Output) -> Result<(), Fault> {
        let places: Vec<u32> = rows.iter().map(|row| row.origin.place).collect();
        let mut block = output.block(self.unlabelled, rows.len())?;
        for column in 0..self.columns {
            self.held.write(column, &places, &mut block)?;
        }
        block.end()
    }
}

impl Kernel for Label {
    fn push(&mut self, _port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let (ts, price) = (&batch.columns[self.ts], &batch.columns[self.price]);
        let cutoff = floor_ns.max(self.watermark_ns);
        self.keep.clear();
        let mut refused = Vec::new();
        if let Some(asked) = &mut self.asked {
            asked.follow(batch);
        }
        for row in 0..batch.rows {
            if let Some(asked) = &mut self.asked
                && asked.is_other(batch, row)?
            {
                self.others.push(row as i32);
                self.keep.push(false);
                continue;
            }
            let refusal = self.refusal(ts, price, row, cutoff)?;
            self.keep.push(refusal.is_none());
            refused.extend(refusal.map(|(code, reason)| (row, code, reason)));
        }
        self.keys.groups(batch, Some(&self.keep), &mut self.groups)?;
        self.open.resize(self.keys.len(), VecDeque::new());
        for row in (0..batch.rows).filter(|row| self.keep[*row] && self.groups[*row] == NO_GROUP) {
            refused.push((row, "keys-full", format!("there are {} keys already", self.params.max_keys)));
        }
        refused.sort_by_key(|(row, ..)| *row);
        refused.iter().try_for_each(|(row, code, reason)| self.rejects.push(*row, code, reason))?;
        let rows: Vec<usize> = (0..batch.rows).filter(|row| self.groups[*row] != NO_GROUP).collect();
        let places = self.held.keep(batch, &rows)?;
        let (times, prices) = (ts.i64s()?, price.f64s()?);
        for (row, place) in rows.into_iter().zip(places) {
            self.open[self.groups[row] as usize].push_back(Open { ts_ns: times[row], price: prices[row], place });
        }
        output.rows(self.ignored, &mut self.others)?;
        self.rejects.flush(self.rejected, output)
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.watermark_ns = self.watermark_ns.max(watermark_ns);
        let closed = self.close();
        for rows in closed.chunks(BATCH_ROWS) {
            let (labelled, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.price.is_some());
            if !labelled.is_empty() {
                self.write_labelled(&labelled, output)?;
            }
            if !others.is_empty() {
                self.write_unlabelled(&others, output)?;
            }
        }
        closed.iter().for_each(|row| self.held.release(row.origin.place));
        Ok(())
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.i64(self.params.horizon);
        into.i64(self.watermark_ns);
        self.keys.snapshot(into);
        for open in &self.open {
            into.count(open.len());
            for row in open {
                into.i64(row.ts_ns);
                into.f64(row.price);
                self.held.snapshot(row.place, into);
            }
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        if from.i64()? != self.params.horizon {
            return Err(Fault::new("snapshot-foreign", "the snapshot is of labels of another horizon"));
        }
        self.watermark_ns = from.i64()?;
        self.keys.restore(from)?;
        for _ in 0..self.keys.len() {
            let mut open = VecDeque::new();
            for _ in 0..from.count()? {
                let row = Open { ts_ns: from.i64()?, price: from.f64()?, place: self.held.restore(from)? };
                row.ts_ns.checked_add(self.params.horizon).ok_or_else(corrupt)?;
                open.push_back(row);
            }
            self.open.push(open);
        }
        Ok(())
    }
}
