//! Texts that were there before. The rules are those of `operators/deduplicate/RULES.md`.

use crate::column::Batch;
use crate::config::{Config, Kind, ns};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::Output;
use crate::snapshot::{Reader, Writer, corrupt};
use millrace_text::duplicates::{Found, Limits, MOST_NEAR, Print, Printer, Window};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    column: String,
    by: Vec<String>,
    #[serde(deserialize_with = "ns")]
    window: i64,
    max_rows: usize,
    near: u32,
}

pub struct Deduplicate {
    limits: Limits,
    ts: usize,
    text: usize,
    out: usize,
    duplicates: usize,
    late: usize,
    keys: Keys,
    /// By group.
    windows: Vec<Window>,
    printer: Printer,
    groups: Vec<u32>,
    keep: Vec<bool>,
    kept: Vec<i32>,
    late_rows: Vec<i32>,
    repeats: Repeats,
}

/// Rows that repeat one: which, what, and how nearly.
#[derive(Default)]
struct Repeats {
    rows: Vec<i32>,
    of_ns: Vec<i64>,
    distances: Vec<i32>,
}

impl Deduplicate {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.window <= 0 || params.max_rows == 0 || params.near > MOST_NEAR {
            return Err(Fault::new("kernel-config", "a window of some time and rows, and signs that may differ of 64"));
        }
        let port = &config.inputs[config.input("in")?];
        let text = port.find(&params.column);
        Ok(Self {
            limits: Limits { window_ns: params.window, max_rows: params.max_rows, near: params.near },
            ts: port.column("ts_event", Kind::I64)?,
            text: text.ok_or_else(|| Fault::new("kernel-config", format!("there is no column \"{}\"", params.column)))?,
            out: config.output("out")?,
            duplicates: config.output("duplicates")?,
            late: config.output("late")?,
            keys: Keys::new(port, &params.by)?,
            windows: Vec::new(),
            printer: Printer::default(),
            groups: Vec::new(),
            keep: Vec::new(),
            kept: Vec::new(),
            late_rows: Vec::new(),
            repeats: Repeats::default(),
        })
    }

    fn grow(&mut self) {
        let limits = self.limits;
        self.windows.resize_with(self.keys.len(), || Window::new(limits));
    }
}

impl Kernel for Deduplicate {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let (ts, text) = (&batch.columns[self.ts], &batch.columns[self.text]);
        let times = ts.i64s()?;
        self.keep.clear();
        self.keep.extend((0..batch.rows).map(|row| ts.is_valid(row) && text.is_valid(row)));
        self.keys.groups(batch, Some(&self.keep), &mut self.groups)?;
        self.grow();
        let repeats = &mut self.repeats;
        for (row, group) in self.groups.iter().enumerate() {
            let found = if *group == NO_GROUP {
                Found::New // a row without a text repeats nothing
            } else {
                let text = String::from_utf8_lossy(text.bytes(row)?);
                let print = if self.limits.near == 0 { self.printer.exact(&text) } else { self.printer.print(&text) };
                self.windows[*group as usize].take(times[row], print)
            };
            match found {
                Found::New => self.kept.push(row as i32),
                Found::Late => self.late_rows.push(row as i32),
                Found::Repeats(first) => {
                    repeats.rows.push(row as i32);
                    repeats.of_ns.push(first.ts_ns);
                    repeats.distances.push(first.distance as i32);
                }
            }
        }
        output.rows(self.out, &mut self.kept)?;
        output.rows(self.late, &mut self.late_rows)?;
        if !repeats.rows.is_empty() {
            let mut block = output.block(self.duplicates, repeats.rows.len())?;
            block.i32s(&repeats.rows, None)?;
            block.i64s(&repeats.of_ns, None)?;
            block.i32s(&repeats.distances, None)?;
            block.end()?;
            repeats.rows.clear();
            repeats.of_ns.clear();
            repeats.distances.clear();
        }
        Ok(())
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.keys.snapshot(into);
        for window in &self.windows {
            let (latest_ns, kept) = window.state();
            into.i64(latest_ns);
            into.count(kept.len());
            for (ts_ns, print) in kept {
                [*ts_ns, print.exact as i64, print.near as i64, print.numbers as i64].into_iter().for_each(|value| into.i64(value));
            }
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        for _ in 0..self.keys.len() {
            let latest_ns = from.i64()?;
            let count = from.count()?;
            if count > self.limits.max_rows {
                return Err(corrupt());
            }
            let mut kept = Vec::new();
            for _ in 0..count {
                let ts_ns = from.i64()?;
                let (exact, near, numbers) = (from.i64()? as u64, from.i64()? as u64, from.i64()? as u64);
                kept.push((ts_ns, Print { exact, near, numbers }));
            }
            self.windows.push(Window::restore(self.limits, latest_ns, kept));
        }
        Ok(())
    }
}
