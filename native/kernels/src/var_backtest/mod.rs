//! Back-tests of VaR forecasts. The rules are those of `operators/var_backtest/README.md`.

mod coverage;
mod hits;

use crate::column::Batch;
use crate::config::{Config, Kind};
use crate::dictionary::WordTable;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::Keys;
use crate::output::{Bits, Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use coverage::{Parts, Zone, basel, conditional, independence, kupiec};
use hits::Hits;
use serde::Deserialize;
use std::collections::VecDeque;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<String>,
    var: String,
    realised: String,
    /// Breach rate that the forecasts promise, in billionths.
    tail: Parts,
    window: u32,
    min_rows: u32,
    lag: u32,
}

struct Columns {
    ts: usize,
    var: usize,
    realised: usize,
}

struct Ports {
    out: usize,
    rejected: usize,
}

/// One key.
struct State {
    last_ns: i64,
    /// The last `lag` forecasts, oldest first; NaN where a row had none.
    forecasts: VecDeque<f64>,
    hits: Hits,
}

/// Likelihood ratios with their p-values, then the Basel probability and multiplier.
const NUMBERS: usize = 8;

#[derive(Default)]
struct Rows {
    taken: Vec<i32>,
    breach: Bits,
    observed: Bits,
    observations: Vec<i64>,
    breaches: Vec<i64>,
    numbers: [Cells<f64>; NUMBERS],
    zone: Cells<i32>,
}

pub struct VarBacktest {
    params: Params,
    columns: Columns,
    ports: Ports,
    keys: Keys,
    states: Vec<State>,
    groups: Vec<u32>,
    rows: Rows,
    zones: WordTable,
    rejects: Rejects,
}

impl VarBacktest {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if params.window == 0 || params.tail == 0 || params.tail >= 1_000_000_000 {
            return Err(Fault::new("kernel-config", "a window of at least one row and a tail of 1 to 999999999 billionths are needed"));
        }
        let port = &config.inputs[config.input("in")?];
        let mut zones = WordTable::default();
        for word in ["green", "yellow", "red"] {
            zones.id(word.as_bytes());
        }
        Ok(Self {
            columns: Columns {
                ts: port.column("ts_event", Kind::I64)?,
                var: port.column(&params.var, Kind::F64)?,
                realised: port.column(&params.realised, Kind::F64)?,
            },
            ports: Ports { out: config.output("out")?, rejected: config.output("rejected")? },
            keys: Keys::new(port, &params.by)?,
            states: Vec::new(),
            groups: Vec::new(),
            rows: Rows::default(),
            zones,
            rejects: Rejects::default(),
            params,
        })
    }

    fn grow(&mut self) {
        let Params { window, lag, .. } = self.params;
        while self.states.len() < self.keys.len() {
            let forecasts = std::iter::repeat_n(f64::NAN, lag as usize).collect();
            self.states.push(State { last_ns: i64::MIN, forecasts, hits: Hits::new(window as usize) });
        }
    }

    fn refusal(&self, batch: &Batch, row: usize, last_ns: i64) -> Result<Option<(&'static str, String)>, Fault> {
        let ts = &batch.columns[self.columns.ts];
        let ns = ts.i64s()?[row];
        if !ts.is_valid(row) {
            return Ok(Some(("ts-missing", "ts_event is null".into())));
        }
        if ns < last_ns {
            return Ok(Some(("ts-backwards", format!("ts_event {ns} comes after {last_ns}"))));
        }
        for (column, name) in [(self.columns.var, &self.params.var), (self.columns.realised, &self.params.realised)] {
            let column = &batch.columns[column];
            let value = column.f64s()?[row];
            if column.is_valid(row) && !value.is_finite() {
                return Ok(Some(("value-not-finite", format!("{name} is {value}"))));
            }
        }
        Ok(None)
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        let Rows { taken, breach, observed, observations, breaches, numbers, zone } = &mut self.rows;
        if !taken.is_empty() {
            let mut block = output.block(self.ports.out, taken.len())?;
            block.i32s(taken, None)?;
            block.bools(breach, Some(observed))?;
            block.i64s(observations, Some(observed))?;
            block.i64s(breaches, Some(observed))?;
            let (ratios, basel) = numbers.split_at(6);
            ratios.iter().try_for_each(|cells| block.f64s(&cells.values, Some(&cells.valid)))?;
            block.words(&zone.values, Some(&zone.valid), &self.zones)?;
            basel.iter().try_for_each(|cells| block.f64s(&cells.values, Some(&cells.valid)))?;
            block.end()?;
        }
        taken.clear();
        [breach, observed].into_iter().for_each(Bits::clear);
        [observations, breaches].into_iter().for_each(Vec::clear);
        numbers.iter_mut().for_each(Cells::clear);
        zone.clear();
        self.rejects.flush(self.ports.rejected, output)
    }
}

impl Rows {
    /// A row; `hit` is none where there was no forecast or no return.
    fn add(&mut self, row: usize, hit: Option<bool>, hits: &Hits, params: &Params) {
        self.taken.push(row as i32);
        self.breach.push(hit == Some(true));
        self.observed.push(hit.is_some());
        self.observations.push(i64::from(hits.observations()));
        self.breaches.push(i64::from(hits.breaches));
        if hit.is_none() || hits.observations() < params.min_rows {
            self.numbers.iter_mut().for_each(|cells| cells.push_option(None));
            self.zone.push_option(None);
            return;
        }
        let (count, breaches) = (hits.observations(), hits.breaches);
        let coverage = kupiec(count, breaches, params.tail);
        let apart = independence(&hits.pairs);
        let both = conditional(&coverage, &apart);
        let (zone, probability, multiplier) = basel(count, breaches, params.tail);
        let tests = [coverage, apart, both].into_iter().flat_map(|test| [Some(test.ratio), Some(test.p_value)]);
        let numbers = tests.chain([Some(probability), multiplier]);
        self.numbers.iter_mut().zip(numbers).for_each(|(cells, number)| cells.push_option(number));
        self.zone.push(match zone {
            Zone::Green => 0,
            Zone::Yellow => 1,
            Zone::Red => 2,
        });
    }
}

impl Kernel for VarBacktest {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut groups = std::mem::take(&mut self.groups);
        self.keys.groups(batch, None, &mut groups)?;
        self.grow();
        let times = batch.columns[self.columns.ts].i64s()?;
        let number = |column: usize, row: usize| -> Result<Option<f64>, Fault> {
            let column = &batch.columns[column];
            Ok(column.is_valid(row).then_some(column.f64s()?[row]))
        };
        for (row, group) in groups.iter().enumerate() {
            if let Some((code, reason)) = self.refusal(batch, row, self.states[*group as usize].last_ns)? {
                self.rejects.push(row, code, &reason)?;
                continue;
            }
            let state = &mut self.states[*group as usize];
            state.last_ns = times[row];
            state.forecasts.push_back(number(self.columns.var, row)?.unwrap_or(f64::NAN));
            let forecast = state.forecasts.pop_front().filter(|forecast| !forecast.is_nan());
            let hit = forecast.zip(number(self.columns.realised, row)?).map(|(forecast, realised)| realised < forecast);
            if let Some(hit) = hit {
                state.hits.push(hit);
            }
            self.rows.add(row, hit, &state.hits, &self.params);
        }
        self.groups = groups;
        self.flush(output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.keys.snapshot(into);
        for state in &self.states {
            into.i64(state.last_ns);
            state.forecasts.iter().for_each(|forecast| into.f64(*forecast));
            state.hits.write(into);
        }
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        self.grow();
        for state in &mut self.states {
            state.last_ns = from.i64()?;
            for forecast in &mut state.forecasts {
                *forecast = from.f64()?;
            }
            state.hits.read(from)?;
        }
        Ok(())
    }
}
