//! Features of the top of the book and of prints on a fixed grid. The rules are those of `operators/order_flow/README.md`.

mod inputs;
mod rows;
mod series;

use crate::column::Batch;
use crate::config::{Config, ns};
use crate::fault::Fault;
use crate::intervals::Intervals;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer, corrupt};
use inputs::{QuoteColumns, TradeColumns};
use rows::Rows;
use serde::Deserialize;
use series::Series;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Length of the intervals, ns.
    #[serde(deserialize_with = "ns")]
    every: i64,
    by: Vec<String>,
    /// Whether an interval in which nothing came has a row.
    carry: bool,
    /// Age from which a quote says nothing any more, ns.
    #[serde(deserialize_with = "ns")]
    stale_after: i64,
    /// Intervals of the returns, each at least 1.
    returns: Vec<i64>,
}

/// Rows of an emitted batch, at most.
const BATCH_ROWS: usize = 32_768;
const QUOTES: usize = 0;
const TRADES: usize = 1;

pub struct OrderFlow {
    params: Params,
    quotes: QuoteColumns,
    trades: Option<TradeColumns>,
    out: usize,
    rejected: usize,
    intervals: Intervals,
    watermark_ns: i64,
    keys: Keys,
    series: Vec<Series>,
    /// End of an interval -> groups that are due then, in no order, maybe twice.
    due: BTreeMap<i64, Vec<u32>>,
    rows: Rows,
    rejects: Rejects,
    groups: Vec<u32>,
    keep: Vec<bool>,
}

impl OrderFlow {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.every <= 0 || params.returns.iter().any(|length| *length <= 0) {
            return Err(Fault::new("kernel-config", "an interval is at least 1 ns, a return at least 1 interval"));
        }
        let ports: Vec<_> = config.inputs.iter().collect();
        if config.input("quotes")? != QUOTES || (ports.len() > 1 && config.input("trades")? != TRADES) {
            return Err(Fault::new("kernel-config", "the first port is of quotes, the second of trades"));
        }
        Ok(Self {
            quotes: QuoteColumns::new(ports[QUOTES])?,
            trades: ports.get(TRADES).map(|port| TradeColumns::new(port)).transpose()?,
            out: config.output("out")?,
            rejected: config.output("rejected")?,
            intervals: Intervals::new(params.every),
            watermark_ns: i64::MIN,
            keys: Keys::of_ports(&ports, &params.by)?,
            series: Vec::new(),
            due: BTreeMap::new(),
            rows: Rows::new(params.returns.len()),
            rejects: Rejects::default(),
            groups: Vec::new(),
            keep: Vec::new(),
            params,
        })
    }

    /// End of the interval that a time is in.
    fn end_of(&self, ts_ns: i64) -> i64 {
        ts_ns.div_euclid(self.params.every) * self.params.every + self.params.every
    }

    fn mark(&mut self, group: usize, ts_ns: i64) {
        let end = self.end_of(ts_ns);
        if self.series[group].marked != Some(end) {
            self.series[group].marked = Some(end);
            self.due.entry(end).or_default().push(group as u32);
        }
    }

    /// Lets a key's interval go that ends then.
    fn close(&mut self, group: u32, end_ns: i64) {
        let Params { every, carry, stale_after, .. } = self.params;
        let series = &mut self.series[group as usize];
        series.marked = None;
        let flow = series.take(end_ns, stale_after);
        let last = series.last.filter(|last| flow.quotes > 0 || end_ns.saturating_sub(last.ts_ns) <= stale_after);
        if flow.quotes == 0 && flow.trades == 0 && (!carry || last.is_none()) {
            return;
        }
        if let Some(last) = last.filter(|_| flow.quotes > 0) {
            let longest = self.params.returns.iter().copied().max().unwrap_or(1).max(1);
            series.keep(end_ns, &last, every.saturating_mul(longest));
        }
        let returned = |intervals: &i64| {
            let from = end_ns.checked_sub(every.checked_mul(*intervals)?)?;
            Some(libm::log(last?.mid() / series.mid_at(from, stale_after)?))
        };
        self.rows.push(group, end_ns, last.as_ref(), &flow, std::iter::once(&1).chain(&self.params.returns).map(returned));
        if carry
            && let Some(last) = last
            && let Some(next) = end_ns.checked_add(every)
            && next.saturating_sub(last.ts_ns) <= stale_after
        {
            self.due.entry(next).or_default().push(group);
        }
    }
}

impl Kernel for OrderFlow {
    fn push(&mut self, port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let cutoff = self.intervals.cutoff(floor_ns.max(self.watermark_ns));
        self.keep.clear();
        let times = match (port, &self.trades) {
            (TRADES, Some(columns)) => columns.times(batch)?,
            _ => self.quotes.times(batch)?,
        };
        for (row, time) in times.iter().enumerate() {
            let refused = match (port, &self.trades) {
                (TRADES, Some(columns)) => columns.refusal(batch, row, &self.intervals)?,
                _ => self.quotes.refusal(batch, row, &self.intervals)?,
            };
            let refused = refused.or_else(|| (*time < cutoff).then(|| ("late", format!("the interval of ts_event {time} was over"))));
            if let Some((code, reason)) = &refused {
                self.rejects.push(row, code, reason)?;
            }
            self.keep.push(refused.is_none());
        }
        let mut groups = std::mem::take(&mut self.groups);
        self.keys.groups_of(port, batch, Some(&self.keep), &mut groups)?;
        self.series.resize_with(self.keys.len(), Series::default);
        if port == TRADES
            && let Some(mut columns) = self.trades.take()
        {
            for (row, trade) in columns.trades(batch)?.enumerate().filter(|(row, _)| groups[*row] != NO_GROUP) {
                self.series[groups[row] as usize].trades.push(trade, |trade| trade.ts_ns);
                self.mark(groups[row] as usize, trade.ts_ns);
            }
            self.trades = Some(columns);
        } else {
            for (row, quote) in self.quotes.quotes(batch)?.enumerate().filter(|(row, _)| groups[*row] != NO_GROUP) {
                self.series[groups[row] as usize].quotes.push(quote, |quote| quote.ts_ns);
                self.mark(groups[row] as usize, quote.ts_ns);
            }
        }
        self.groups = groups;
        self.rejects.flush(self.rejected, output)
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.watermark_ns = self.watermark_ns.max(watermark_ns);
        let traded = self.trades.is_some();
        let mut touched = false;
        while let Some(entry) = self.due.first_entry().filter(|entry| *entry.key() <= self.watermark_ns) {
            let (end, mut groups) = entry.remove_entry();
            groups.sort_unstable();
            groups.dedup();
            touched = true;
            for group in groups {
                self.close(group, end);
                if self.rows.len() >= BATCH_ROWS {
                    self.rows.flush(self.out, &self.keys, traded, output)?;
                }
            }
        }
        if touched {
            self.series.iter_mut().for_each(Series::forget_taken);
        }
        self.rows.flush(self.out, &self.keys, traded, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.i64(self.params.every);
        into.i64(self.watermark_ns);
        self.keys.snapshot(into);
        self.series.iter().for_each(|series| series.write(into));
        into.count(self.due.len());
        for (end, groups) in &self.due {
            into.i64(*end);
            into.count(groups.len());
            groups.iter().for_each(|group| into.u32(*group));
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        if from.i64()? != self.params.every {
            return Err(Fault::new("snapshot-foreign", "the snapshot is of intervals of another length"));
        }
        self.watermark_ns = from.i64()?;
        self.keys.restore(from)?;
        for _ in 0..self.keys.len() {
            self.series.push(Series::read(from)?);
        }
        for _ in 0..from.count()? {
            let (end, count) = (from.i64()?, from.count()?);
            let mut groups = Vec::with_capacity(count);
            for _ in 0..count {
                groups.push(from.u32().ok().filter(|group| (*group as usize) < self.series.len()).ok_or_else(corrupt)?);
            }
            self.due.insert(end, groups);
        }
        Ok(())
    }
}
