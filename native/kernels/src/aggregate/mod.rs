//! Aggregates over event-time windows. The rules are those of `operators/aggregate/README.md`.

mod edge;
mod function;
mod numbers;
mod panes;

use crate::column::{Batch, Values};
use crate::config::{Config, Kind, Port, ns};
use crate::fault::Fault;
use crate::intervals::Intervals;
use crate::kernel::Kernel;
use crate::keys::Keys;
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use function::{Function, Spec};
use panes::Panes;
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Windows begin at multiples of it, ns.
    #[serde(deserialize_with = "ns")]
    every: i64,
    /// Their length, a multiple of `every`, ns.
    #[serde(deserialize_with = "ns")]
    size: i64,
    by: Vec<String>,
    columns: Vec<Spec>,
    /// So many keys are known also without an open window.
    kept_keys: usize,
}

/// Rows of an emitted batch, at most.
const BATCH_ROWS: usize = 32_768;

struct Ports {
    out: usize,
    late: usize,
    rejected: usize,
}

pub struct Aggregate {
    params: Params,
    ports: Ports,
    ts: usize,
    /// Float64 columns that take finite values only, with their names.
    finite: Vec<(usize, String)>,
    intervals: Intervals,
    watermark_ns: i64,
    keys: Keys,
    panes: Panes,
    functions: Vec<Function>,
    /// Of the windows on their way out.
    groups_out: Vec<u32>,
    opens: Vec<i64>,
    ends: Vec<i64>,
    rejects: Rejects,
    groups: Vec<u32>,
    keep: Vec<bool>,
    slots: Vec<u32>,
    late: Vec<i32>,
}

fn finite_columns(specs: &[Spec], port: &Port) -> Vec<(usize, String)> {
    let mut columns: Vec<(usize, String)> = Vec::new();
    for name in specs.iter().filter(|spec| spec.function.takes_finite()).filter_map(|spec| spec.column.as_ref()) {
        if let Some(at) = port.find(name)
            && port.columns[at].kind == Kind::F64
            && columns.iter().all(|(known, _)| *known != at)
        {
            columns.push((at, name.clone()));
        }
    }
    columns
}

impl Aggregate {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.every <= 0 || params.size < params.every || params.size % params.every != 0 {
            return Err(Fault::new("kernel-config", "a window is at least one interval, and whole ones"));
        }
        let port = &config.inputs[config.input("in")?];
        Ok(Self {
            ts: port.column("ts_event", Kind::I64)?,
            ports: Ports { out: config.output("out")?, late: config.output("late")?, rejected: config.output("rejected")? },
            finite: finite_columns(&params.columns, port),
            intervals: Intervals::of_windows(params.every, params.size),
            watermark_ns: i64::MIN,
            keys: Keys::new(port, &params.by)?,
            panes: Panes::new(params.every, params.size),
            functions: params.columns.iter().map(|spec| Function::new(spec, port)).collect::<Result<_, _>>()?,
            groups_out: Vec::new(),
            opens: Vec::new(),
            ends: Vec::new(),
            rejects: Rejects::default(),
            groups: Vec::new(),
            keep: Vec::new(),
            slots: Vec::new(),
            late: Vec::new(),
            params,
        })
    }

    /// Fills `keep`, `late` and `rejects`; false when every row is kept.
    fn sort_out(&mut self, batch: &Batch, floor_ns: i64) -> Result<bool, Fault> {
        let ts = &batch.columns[self.ts];
        let times = ts.i64s()?;
        let cutoff = self.intervals.cutoff(floor_ns.max(self.watermark_ns));
        let from = cutoff.max(self.intervals.first_ns);
        let mut fine = ts.valid.is_none() && times.iter().all(|time| (*time >= from) & (*time <= self.intervals.last_ns));
        for (column, _) in &self.finite {
            let column = &batch.columns[*column];
            let values = column.f64s()?;
            fine = fine && (values.iter().all(|value| value.is_finite()) || self.nulls_only(batch));
        }
        if fine {
            return Ok(false);
        }
        self.keep.clear();
        for (row, time) in times.iter().enumerate() {
            let refused = self.refusal(batch, row, ts.is_valid(row).then_some(*time))?;
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

    /// Whether what is not finite is null.
    fn nulls_only(&self, batch: &Batch) -> bool {
        self.finite.iter().all(|(column, _)| {
            let column = &batch.columns[*column];
            let Values::F64(values) = column.values else { return false };
            values.iter().enumerate().all(|(row, value)| value.is_finite() || !column.is_valid(row))
        })
    }

    fn refusal(&self, batch: &Batch, row: usize, time: Option<i64>) -> Result<Option<(&'static str, String)>, Fault> {
        let Some(time) = time else { return Ok(Some(("ts-missing", "ts_event is null".into()))) };
        for (column, name) in &self.finite {
            let column = &batch.columns[*column];
            let value = column.f64s()?[row];
            if column.is_valid(row) && !value.is_finite() {
                return Ok(Some(("value-not-finite", format!("{name} is {value}"))));
            }
        }
        if !self.intervals.holds(time) {
            let Params { size, .. } = &self.params;
            return Ok(Some(("ts-out-of-range", format!("ts_event {time} has no whole windows of {size} ns"))));
        }
        Ok(None)
    }

    /// The window of a group that ends then, and what is left of its panes after it.
    fn close(&mut self, group: u32, end_ns: i64) -> Result<(), Fault> {
        let slots = &mut self.slots;
        self.panes.window(group, end_ns, slots);
        if !slots.is_empty() {
            self.groups_out.push(group);
            self.opens.push(end_ns - self.params.size);
            self.ends.push(end_ns);
            self.functions.iter_mut().try_for_each(|function| function.write(slots))?;
        }
        let functions = &mut self.functions;
        self.panes.drop_after(group, end_ns, |slot| functions.iter_mut().for_each(|function| function.clear(slot)));
        Ok(())
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        if self.groups_out.is_empty() {
            return Ok(());
        }
        let mut block = output.block(self.ports.out, self.groups_out.len())?;
        self.keys.write(&self.groups_out, &mut block)?;
        block.i64s(&self.opens, None)?;
        block.i64s(&self.ends, None)?;
        self.functions.iter_mut().try_for_each(|function| function.flush(&mut block))?;
        block.end()?;
        self.groups_out.clear();
        self.opens.clear();
        self.ends.clear();
        Ok(())
    }
}

impl Kernel for Aggregate {
    fn push(&mut self, _port: usize, batch: &Batch, floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let some_left_out = self.sort_out(batch, floor_ns)?;
        self.keys.groups(batch, some_left_out.then_some(&self.keep), &mut self.groups)?;
        self.panes.grow(self.keys.len());
        self.panes.of(&self.groups, batch.columns[self.ts].i64s()?, &mut self.slots);
        let panes = self.panes.len();
        let times = batch.columns[self.ts].i64s()?;
        for function in &mut self.functions {
            function.grow(panes);
            function.add(batch, times, &self.slots)?;
        }
        output.rows(self.ports.late, &mut self.late)?;
        self.rejects.flush(self.ports.rejected, output)
    }

    fn advance(&mut self, watermark_ns: i64, _clock_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.watermark_ns = self.watermark_ns.max(watermark_ns);
        while let Some((end, groups)) = self.panes.pop_due(self.watermark_ns) {
            for group in groups {
                self.close(group, end)?;
                if self.groups_out.len() >= BATCH_ROWS {
                    self.flush(output)?;
                }
            }
        }
        self.flush(output)?;
        if self.keys.len() > self.params.kept_keys && self.panes.live() < self.keys.len() / 4 {
            self.keys.keep(&self.panes.keep_live());
        }
        Ok(())
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        into.i64(self.params.every);
        into.i64(self.params.size);
        into.i64(self.watermark_ns);
        self.keys.snapshot(into);
        self.panes.snapshot(into, |slot, into| self.functions.iter().for_each(|function| function.snapshot(slot, into)));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        if from.i64()? != self.params.every || from.i64()? != self.params.size {
            return Err(Fault::new("snapshot-foreign", "the snapshot is of other windows"));
        }
        self.watermark_ns = from.i64()?;
        self.keys.restore(from)?;
        self.panes.grow(self.keys.len());
        let functions = &mut self.functions;
        self.panes.restore(from, |slot, from| {
            functions.iter_mut().try_for_each(|function| {
                function.grow(slot as usize + 1);
                function.restore(slot, from)
            })
        })?;
        Ok(())
    }
}
