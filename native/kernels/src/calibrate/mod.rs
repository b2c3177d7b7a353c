//! Predictions held against what came of them. The rules are those of `operators/calibrate/README.md`.

mod adwin;
mod conformal;
mod drift;
mod isotonic;
mod platt;
mod rows;
mod state;

use crate::column::{Batch, bit};
use crate::config::{Config, Kind, Port};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use rows::{AlarmRows, CalibratedRows};
use state::{Params, Said, State};

/// Sizes from it on are refused: squares of errors and their sums stay finite.
const LARGEST: f64 = 1e75;

/// Where the columns of a port are; those that it lacks are null.
struct Columns {
    ts: usize,
    up: Option<usize>,
    expected: Option<usize>,
    origin: Option<usize>,
    label_up: Option<usize>,
    label_return: Option<usize>,
    horizon: Option<usize>,
}

impl Columns {
    fn new(port: &Port) -> Result<Self, Fault> {
        let of = |name: &str, kind: Kind| port.find(name).map(|_| port.column(name, kind)).transpose();
        Ok(Self {
            ts: port.column("ts_event", Kind::I64)?,
            up: of("p_up", Kind::F64)?,
            expected: of("expected_return", Kind::F64)?,
            origin: of("ts_origin", Kind::I64)?,
            label_up: of("label_up", Kind::Bool)?,
            label_return: of("label_return", Kind::F64)?,
            horizon: port.find("horizon"),
        })
    }
}

fn number(batch: &Batch, column: Option<usize>, row: usize) -> Result<Option<f64>, Fault> {
    let Some(column) = column.map(|at| &batch.columns[at]) else { return Ok(None) };
    Ok(if column.is_valid(row) { Some(column.f64s()?[row]) } else { None })
}

fn time(batch: &Batch, column: Option<usize>, row: usize) -> Result<Option<i64>, Fault> {
    let Some(column) = column.map(|at| &batch.columns[at]) else { return Ok(None) };
    Ok(if column.is_valid(row) { Some(column.i64s()?[row]) } else { None })
}

fn text<'a>(batch: &Batch<'a>, column: Option<usize>, row: usize) -> Result<Option<&'a [u8]>, Fault> {
    let Some(column) = column.map(|at| &batch.columns[at]) else { return Ok(None) };
    Ok(if column.is_valid(row) { Some(column.bytes(row)?) } else { None })
}

fn truth(batch: &Batch, column: Option<usize>, row: usize) -> Result<Option<bool>, Fault> {
    let Some(column) = column.map(|at| &batch.columns[at]) else { return Ok(None) };
    Ok(if column.is_valid(row) { Some(bit(column.bools()?, row)) } else { None })
}

pub struct Calibrate {
    params: Params,
    ports: [Columns; 2],
    out: usize,
    alarms: usize,
    rejected: usize,
    keys: Keys,
    states: Vec<State>,
    groups: Vec<u32>,
    rows: CalibratedRows,
    alarm_rows: AlarmRows,
    rejects: Rejects,
}

impl Calibrate {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        if (config.input("in")?, config.input("labelled")?) != (0, 1) || params.window == 0 || params.interval.window == 0 {
            return Err(Fault::new("kernel-config", "the ports in and labelled, in this order, and a window are needed"));
        }
        let [given, labelled] = [&config.inputs[0], &config.inputs[1]];
        Ok(Self {
            ports: [Columns::new(given)?, Columns::new(labelled)?],
            out: config.output("out")?,
            alarms: config.output("alarms")?,
            rejected: config.output("rejected")?,
            keys: Keys::of_ports(&[given, labelled], &params.by)?.at_most(params.max_keys),
            states: Vec::new(),
            groups: Vec::new(),
            rows: CalibratedRows::new(&params)?,
            alarm_rows: AlarmRows::new(&params),
            rejects: Rejects::default(),
            params,
        })
    }

    fn grow(&mut self) {
        while self.states.len() < self.keys.len() {
            self.states.push(State::new(&self.params));
        }
    }

    /// Time and prediction of a row; none after it was refused.
    fn read<'a>(&mut self, port: usize, batch: &Batch<'a>, row: usize) -> Result<Option<(i64, Said<'a>)>, Fault> {
        let columns = &self.ports[port];
        let Some(ns) = time(batch, Some(columns.ts), row)? else {
            self.rejects.push(row, "ts-missing", "ts_event is null")?;
            return Ok(None);
        };
        let (up, expected) = (number(batch, columns.up, row)?, number(batch, columns.expected, row)?);
        let said = Said { horizon: text(batch, columns.horizon, row)?, up, expected };
        if let Some(p) = said.up.filter(|p| !(0.0..=1.0).contains(p)) {
            self.rejects.push(row, "probability-invalid", &format!("p_up is {p:e}"))?;
            return Ok(None);
        }
        let actual = number(batch, columns.label_return, row)?;
        for (name, value) in [("expected_return", said.expected), ("label_return", actual)] {
            // not a comparison that NaN passes
            if let Some(value) = value.filter(|value| !matches!(value.abs().partial_cmp(&LARGEST), Some(std::cmp::Ordering::Less))) {
                self.rejects.push(row, "value-not-finite", &format!("{name} is {value:e}"))?;
                return Ok(None);
            }
        }
        Ok(Some((ns, said)))
    }
}

impl Kernel for Calibrate {
    fn push(&mut self, port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut groups = std::mem::take(&mut self.groups);
        self.keys.groups_of(port, batch, None, &mut groups)?;
        self.grow();
        for (row, group) in groups.iter().enumerate() {
            if *group == NO_GROUP {
                self.rejects.push(row, "keys-full", &format!("there are {} keys already", self.params.max_keys))?;
                continue;
            }
            let Some((ns, said)) = self.read(port, batch, row)? else { continue };
            let state = &mut self.states[*group as usize];
            if port == 0 {
                let calibrated = state.calibrate(&self.params, &said, ns, self.ports[1].origin.is_some());
                self.rows.add(row, &calibrated);
                continue;
            }
            let columns = &self.ports[1];
            let origin = time(batch, columns.origin, row)?;
            let (up, actual) = (truth(batch, columns.label_up, row)?, number(batch, columns.label_return, row)?);
            if let Some(cut) = state.learn(&self.params, &said, origin, up, actual) {
                self.alarm_rows.add(row, &cut, state.rows);
            }
        }
        self.groups = groups;
        self.rows.flush(self.out, output)?;
        self.alarm_rows.flush(self.alarms, output)?;
        self.rejects.flush(self.rejected, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.keys.snapshot(into);
        self.states.iter().for_each(|state| state.write(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        self.grow();
        let Self { states, params, .. } = self;
        states.iter_mut().try_for_each(|state| state.read(params, from))
    }
}
