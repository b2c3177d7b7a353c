use crate::column::Batch;
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

/// How a column of values becomes a series of returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returns {
    /// It is one.
    None,
    /// `value / last - 1`.
    Simple,
    /// `ln(value / last)`.
    Log,
    /// `value - last`.
    Difference,
}

/// Largest size of a return: the sum of the fourth powers of a full window of deviations is still finite.
pub const LARGEST: f64 = 1e75;

/// What a row is for the series of its key.
#[derive(Debug)]
pub enum Taken {
    /// It has a return of every column.
    Return,
    /// A value that the next is measured from, itself the first or after one that nothing can be measured from.
    Base,
    /// It has a null.
    Nothing,
    Refused(&'static str, String),
}

/// Reads returns of some columns; rows of a key are to come in the order of `ts_event`.
#[derive(Debug)]
pub struct Intake {
    ts: usize,
    columns: Vec<(usize, String)>,
    returns: Returns,
    /// Whether the first column is of wealth: no value below 0, no return below -1.
    wealth: bool,
}

/// What the intake remembers of a key.
#[derive(Debug, Clone)]
pub struct Last {
    /// `ts_event` of its last row; `i64::MIN` before the first.
    pub ns: i64,
    /// Its last values, by column; none before the first.
    values: Vec<f64>,
}

impl Default for Last {
    fn default() -> Self {
        Self { ns: i64::MIN, values: Vec::new() }
    }
}

impl Intake {
    pub fn new(port: &Port, names: &[String], returns: Returns) -> Result<Self, Fault> {
        let columns = names.iter().map(|name| Ok((port.column(name, Kind::F64)?, name.clone())));
        Ok(Self { ts: port.column("ts_event", Kind::I64)?, columns: columns.collect::<Result<_, Fault>>()?, returns, wealth: false })
    }

    /// The same, but a value of the first column below 0 and a return of it below -1 are refused.
    pub fn of_wealth(mut self) -> Self {
        self.wealth = true;
        self
    }

    /// Takes a row of the key of `last`; `returns` gets one number a column where it is a return. A refused row leaves no trace.
    pub fn take(&self, batch: &Batch, row: usize, last: &mut Last, returns: &mut [f64]) -> Result<Taken, Fault> {
        let ts = &batch.columns[self.ts];
        let ns = ts.i64s()?[row];
        if !ts.is_valid(row) {
            return Ok(Taken::Refused("ts-missing", "ts_event is null".into()));
        }
        if ns < last.ns {
            return Ok(Taken::Refused("ts-backwards", format!("ts_event {ns} comes after {}", last.ns)));
        }
        let mut measured = self.returns == Returns::None || !last.values.is_empty();
        let mut null = false;
        for (i, (column, name)) in self.columns.iter().enumerate() {
            let column = &batch.columns[*column];
            if !column.is_valid(row) {
                null = true;
                continue;
            }
            let value = column.f64s()?[row];
            if !value.is_finite() {
                return Ok(Taken::Refused("value-not-finite", format!("{name} is {value}")));
            }
            if self.returns == Returns::Log && value <= 0.0 {
                return Ok(Taken::Refused("value-not-positive", format!("{name} is {value}, which has no logarithm")));
            }
            let base = last.values.get(i).copied();
            let change = match (self.returns, base) {
                (Returns::None, _) => Some(value),
                (_, None) => None,
                (Returns::Difference, Some(base)) => Some(value - base),
                (_, Some(base)) if base <= 0.0 => None,
                (Returns::Simple, Some(base)) => Some((value - base) / base),
                (Returns::Log, Some(base)) => Some(log_ratio(value, base)),
            };
            // `+ 0.0` makes -0 a 0, so that equal returns have equal bits
            let change = change.map(|change| change + 0.0);
            if let Some(refused) = change.filter(|change| change.abs() >= LARGEST) {
                return Ok(Taken::Refused("return-too-large", format!("the return of {name} is {refused:e}")));
            }
            if self.wealth && i == 0 {
                if self.returns != Returns::None && value < 0.0 {
                    return Ok(Taken::Refused("value-negative", format!("{name} is {value}")));
                }
                if let Some(lost) = change.filter(|change| *change < -1.0) {
                    return Ok(Taken::Refused("return-below-minus-one", format!("the return of {name} is {lost}, more than all is lost")));
                }
            }
            match change {
                Some(change) => returns[i] = change,
                None => measured = false,
            }
        }
        last.ns = ns;
        if null {
            return Ok(Taken::Nothing);
        }
        if self.returns != Returns::None {
            last.values.clear();
            for (column, _) in &self.columns {
                last.values.push(batch.columns[*column].f64s()?[row]);
            }
        }
        Ok(if measured { Taken::Return } else { Taken::Base })
    }
}

/// `ln(value / base)` without the loss of digits where the two are close; `base` is above 0, `value` not below.
pub fn log_ratio(value: f64, base: f64) -> f64 {
    let change = (value - base) / base;
    if change.abs() < 0.5 { libm::log1p(change) } else { libm::log(value) - libm::log(base) }
}

impl Last {
    /// The last value of a column; none where the columns are returns, and before the first.
    pub fn value(&self, column: usize) -> Option<f64> {
        self.values.get(column).copied()
    }

    pub fn write(&self, into: &mut Writer) {
        into.i64(self.ns);
        into.count(self.values.len());
        into.f64s(&self.values);
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.ns = from.i64()?;
        self.values = vec![0.0; from.count()?];
        from.f64s(&mut self.values)
    }
}
