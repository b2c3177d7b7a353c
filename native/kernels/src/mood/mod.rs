//! Sentiment of headlines as a decaying index per symbol. The rules are those of `operators/mood/README.md`.

mod headlines;

use crate::column::{Batch, Column};
use crate::config::{Config, Kind, ns};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::{Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use headlines::{Headline, Headlines};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Distance of the grid's points, ns.
    #[serde(deserialize_with = "ns")]
    every: i64,
    #[serde(deserialize_with = "ns")]
    half_life: i64,
    /// Age from which a headline has no effect, ns.
    #[serde(deserialize_with = "ns")]
    horizon: i64,
    prior_weight: f64,
    max_headlines: usize,
    max_keys: u32,
    /// Rows on the grid.
    grid: bool,
    /// Rows at the time of headlines.
    rows: bool,
}

/// Rows of an emitted batch, at most.
const BATCH_ROWS: usize = 32_768;

struct Columns {
    ts: usize,
    symbol: usize,
    sentiment: usize,
    confidence: usize,
    credibility: Option<usize>,
}

struct Ports {
    out: usize,
    ignored: usize,
    rejected: usize,
}

pub struct Mood {
    params: Params,
    columns: Columns,
    ports: Ports,
    watermark_ns: i64,
    /// When headlines of all symbols were last looked through.
    swept_ns: i64,
    keys: Keys,
    /// By group.
    headlines: Vec<Headlines>,
    /// Time -> groups that have a row then, in no order, maybe twice.
    due: BTreeMap<i64, Vec<u32>>,
    groups_out: Vec<u32>,
    ts_out: Vec<i64>,
    mood: Cells<f64>,
    weight: Vec<f64>,
    count: Vec<i64>,
    rejects: Rejects,
    ignored: Vec<i32>,
    groups: Vec<u32>,
    keep: Vec<bool>,
}

/// What becomes of a row.
enum Fate {
    Counts,
    Ignored,
    Refused(&'static str, String),
}

impl Mood {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.every <= 0 || params.half_life <= 0 || params.horizon <= 0 || params.max_headlines == 0 {
            return Err(Fault::new("kernel-config", "durations are at least 1 ns, and so is a number of headlines 1"));
        }
        let port = &config.inputs[config.input("in")?];
        let credibility = port.find("credibility").map(|_| port.column("credibility", Kind::F64)).transpose()?;
        Ok(Self {
            columns: Columns {
                ts: port.column("ts_event", Kind::I64)?,
                symbol: port.find("symbol").ok_or_else(|| Fault::new("kernel-config", "there is no column \"symbol\""))?,
                sentiment: port.column("sentiment", Kind::F64)?,
                confidence: port.column("confidence", Kind::F64)?,
                credibility,
            },
            ports: Ports { out: config.output("out")?, ignored: config.output("ignored")?, rejected: config.output("rejected")? },
            watermark_ns: i64::MIN,
            swept_ns: i64::MIN,
            keys: Keys::new(port, &["symbol".to_owned()])?.at_most(params.max_keys),
            headlines: Vec::new(),
            due: BTreeMap::new(),
            groups_out: Vec::new(),
            ts_out: Vec::new(),
            mood: Cells::default(),
            weight: Vec::new(),
            count: Vec::new(),
            rejects: Rejects::default(),
            ignored: Vec::new(),
            groups: Vec::new(),
            keep: Vec::new(),
            params,
        })
    }

    fn fate(&self, batch: &Batch, row: usize, floor_ns: i64) -> Result<Fate, Fault> {
        let Columns { ts, symbol, sentiment, confidence, credibility } = &self.columns;
        let [ts, symbol, sentiment, confidence] = [ts, symbol, sentiment, confidence].map(|at| &batch.columns[*at]);
        if !ts.is_valid(row) {
            return Ok(Fate::Refused("ts-missing", "ts_event is null".into()));
        }
        if !symbol.is_valid(row) || !sentiment.is_valid(row) || !confidence.is_valid(row) {
            return Ok(Fate::Ignored);
        }
        let outside = |column: &Column, least: f64| -> Result<Option<f64>, Fault> {
            let value = column.f64s()?[row];
            Ok(if !column.is_valid(row) || (least..=1.0).contains(&value) { None } else { Some(value) })
        };
        if let Some(value) = outside(sentiment, -1.0)? {
            return Ok(Fate::Refused("sentiment-out-of-range", format!("sentiment is {value}, not in [-1, 1]")));
        }
        if let Some(value) = outside(confidence, 0.0)? {
            return Ok(Fate::Refused("confidence-out-of-range", format!("confidence is {value}, not in [0, 1]")));
        }
        if let Some(at) = credibility
            && let Some(value) = outside(&batch.columns[*at], 0.0)?
        {
            return Ok(Fate::Refused("credibility-out-of-range", format!("credibility is {value}, not in [0, 1]")));
        }
        let time = ts.i64s()?[row];
        let (known, room) = (i128::from(time.max(floor_ns)), i128::from(self.params.horizon) + i128::from(self.params.every));
        if known + room > i128::from(i64::MAX) || i128::from(time) - room < i128::from(i64::MIN) {
            return Ok(Fate::Refused("ts-out-of-range", format!("ts_event {time} has no horizon")));
        }
        Ok(if known - i128::from(time) >= i128::from(self.params.horizon) { Fate::Ignored } else { Fate::Counts })
    }

    fn schedule(&mut self, group: u32, ts: i64) {
        self.due.entry(ts).or_default().push(group);
    }

    /// False when there is no room for it.
    fn take(&mut self, batch: &Batch, row: usize, group: u32, floor_ns: i64) -> Result<bool, Fault> {
        let value = |at: usize| -> Result<f64, Fault> { Ok(batch.columns[at].f64s()?[row]) };
        let ts = batch.columns[self.columns.ts].i64s()?[row];
        let credibility = match self.columns.credibility {
            Some(at) if batch.columns[at].is_valid(row) => value(at)?,
            _ => 1.0,
        };
        let known = ts.max(floor_ns).max(self.watermark_ns);
        let headline =
            Headline { known, ts, sentiment: value(self.columns.sentiment)?, weight: value(self.columns.confidence)? * credibility };
        let Params { horizon, max_headlines, every, .. } = self.params;
        if !self.headlines[group as usize].insert(headline, horizon, max_headlines) {
            return Ok(false);
        }
        if self.params.rows {
            self.schedule(group, known);
        }
        if self.params.grid {
            let next = -(-i128::from(known)).div_euclid(i128::from(every)) * i128::from(every); // the first point at or after it
            self.schedule(group, next as i64);
        }
        Ok(true)
    }

    fn emit(&mut self, group: u32, ts: i64) {
        let Params { half_life, horizon, prior_weight, every, grid, .. } = self.params;
        let headlines = &mut self.headlines[group as usize];
        let sums = headlines.at(ts, half_life, horizon);
        if sums.count > 0 {
            let weight = sums.weight + prior_weight;
            self.groups_out.push(group);
            self.ts_out.push(ts);
            self.mood.push_option((weight > 0.0).then(|| sums.weighted / weight));
            self.weight.push(sums.weight);
            self.count.push(sums.count);
        }
        if grid && ts % every == 0 && headlines.last_ts().is_some_and(|last| ts + every - last < horizon) {
            self.schedule(group, ts + every);
        }
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        if self.groups_out.is_empty() {
            return Ok(());
        }
        let mut block = output.block(self.ports.out, self.groups_out.len())?;
        block.i64s(&self.ts_out, None)?;
        self.keys.write(&self.groups_out, &mut block)?;
        block.f64s(&self.mood.values, Some(&self.mood.valid))?;
        block.f64s(&self.weight, None)?;
        block.i64s(&self.count, None)?;
        block.end()?;
        self.groups_out.clear();
        self.ts_out.clear();
        self.mood.clear();
        self.weight.clear();
        self.count.clear();
        Ok(())
    }
}

impl Kernel for Mood {
    fn push(&mut self, _port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.keep.clear();
        let mut refused = Vec::new();
        for row in 0..batch.rows {
            let fate = self.fate(batch, row, floor_ns.max(self.watermark_ns))?;
            match &fate {
                Fate::Counts => {}
                Fate::Ignored => self.ignored.push(row as i32),
                Fate::Refused(code, reason) => refused.push((row, *code, reason.clone())),
            }
            self.keep.push(matches!(fate, Fate::Counts));
        }
        self.keys.groups(batch, Some(&self.keep), &mut self.groups)?;
        self.headlines.resize_with(self.keys.len(), Headlines::default);
        for (row, group) in std::mem::take(&mut self.groups).into_iter().enumerate() {
            if group == NO_GROUP && self.keep[row] {
                refused.push((row, "keys-full", format!("there are {} keys already", self.params.max_keys)));
            } else if group != NO_GROUP && !self.take(batch, row, group, floor_ns)? {
                let most = self.params.max_headlines;
                refused.push((row, "headlines-full", format!("there are {most} headlines within the horizon already")));
            }
        }
        refused.sort_by_key(|(row, ..)| *row);
        for (row, code, reason) in refused {
            self.rejects.push(row, code, &reason)?;
        }
        output.rows(self.ports.ignored, &mut self.ignored)?;
        self.rejects.flush(self.ports.rejected, output)
    }

    /// What is said of a time needs all rows up to and at it: times before the watermark.
    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.watermark_ns = self.watermark_ns.max(watermark_ns);
        while let Some(entry) = self.due.first_entry().filter(|entry| *entry.key() < self.watermark_ns) {
            let (ts, mut groups) = entry.remove_entry();
            groups.sort_unstable();
            groups.dedup();
            for group in groups {
                self.emit(group, ts);
                if self.groups_out.len() >= BATCH_ROWS {
                    self.flush(output)?;
                }
            }
        }
        if self.watermark_ns.saturating_sub(self.swept_ns) >= self.params.horizon {
            self.swept_ns = self.watermark_ns; // of symbols that nobody asks any more
            self.headlines.iter_mut().for_each(|headlines| headlines.forget(watermark_ns, self.params.horizon));
        }
        self.flush(output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.i64(self.watermark_ns);
        self.keys.snapshot(into);
        self.headlines.iter().for_each(|headlines| headlines.write(into));
        into.count(self.due.len());
        for (ts, groups) in &self.due {
            into.i64(*ts);
            into.count(groups.len());
            groups.iter().for_each(|group| into.u32(*group));
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.watermark_ns = from.i64()?;
        self.keys.restore(from)?;
        for _ in 0..self.keys.len() {
            self.headlines.push(Headlines::read(from)?);
        }
        for _ in 0..from.count()? {
            let (ts, count) = (from.i64()?, from.count()?);
            if ts.checked_add(self.params.every).is_none() {
                return Err(corrupt());
            }
            let mut groups = Vec::with_capacity(count);
            for _ in 0..count {
                groups.push(from.u32().ok().filter(|group| (*group as usize) < self.headlines.len()).ok_or_else(corrupt)?);
            }
            self.due.insert(ts, groups);
        }
        Ok(())
    }
}
