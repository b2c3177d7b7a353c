use super::model::{Kind as ModelKind, Params};
use crate::column::{Batch, bit};
use crate::config::{Kind, Port};
use crate::duration::duration_ns;
use crate::fault::Fault;

/// Sizes from it on count as missing: squares of deviations and their sums stay finite.
pub const LARGEST: f64 = 1e75;

/// Time and features of the rows of a port.
pub struct Features {
    ts: usize,
    columns: Vec<usize>,
}

impl Features {
    pub fn new(port: &Port, names: &[String]) -> Result<Self, Fault> {
        let columns = names.iter().map(|name| port.column(name, Kind::F64)).collect::<Result<_, Fault>>()?;
        Ok(Self { ts: port.column("ts_event", Kind::I64)?, columns })
    }

    pub fn time(&self, batch: &Batch, row: usize) -> Result<Option<i64>, Fault> {
        time(batch, self.ts, row)
    }

    /// The columns of a batch.
    pub fn of<'a>(&self, batch: &Batch<'a>) -> Result<Values<'a>, Fault> {
        let columns = self.columns.iter().map(|at| Ok((batch.columns[*at].f64s()?, batch.columns[*at].valid)));
        Ok(Values { columns: columns.collect::<Result<_, Fault>>()? })
    }
}

/// The feature columns of one batch.
pub struct Values<'a> {
    columns: Vec<(&'a [f64], Option<&'a [u8]>)>,
}

impl Values<'_> {
    /// The features of a row, NaN where one is missing, and how many are.
    pub fn read(&self, row: usize, into: &mut [f64]) -> i64 {
        let mut missing = 0;
        for ((values, valid), place) in self.columns.iter().zip(into) {
            let value = values[row];
            // not a comparison that NaN passes
            let there = value.abs() < LARGEST && valid.is_none_or(|valid| bit(valid, row));
            *place = if there { value } else { f64::NAN };
            missing += i64::from(!there);
        }
        missing
    }
}

fn time(batch: &Batch, column: usize, row: usize) -> Result<Option<i64>, Fault> {
    let column = &batch.columns[column];
    Ok(column.is_valid(row).then_some(column.i64s()?[row]))
}

/// What a labelled row says of the future that has come.
pub enum Label {
    Value(f64),
    /// Null, or of another horizon.
    None,
    Refused(f64),
}

pub struct Labelled {
    pub features: Features,
    label: usize,
    up: bool,
    origin: Option<usize>,
    /// Where horizons stand, and the one that counts.
    horizon: Option<(usize, Option<i64>)>,
}

impl Labelled {
    pub fn new(port: &Port, params: &Params) -> Result<Self, Fault> {
        let up = params.model == ModelKind::Logistic;
        let origin = port.find("ts_origin").map(|_| port.column("ts_origin", Kind::I64)).transpose()?;
        let horizon = params.horizon.as_ref().and_then(|text| port.find("horizon").map(|at| (at, duration_ns(text.as_bytes()))));
        Ok(Self {
            features: Features::new(port, &params.features)?,
            label: port.column(&params.label, if up { Kind::Bool } else { Kind::F64 })?,
            up,
            origin,
            horizon,
        })
    }

    /// Whether rows say when they were asked about.
    pub fn tells_origin(&self) -> bool {
        self.origin.is_some()
    }

    pub fn origin(&self, batch: &Batch, row: usize) -> Result<Option<i64>, Fault> {
        self.origin.map_or(Ok(None), |column| time(batch, column, row))
    }

    /// Whether a row is of the horizon that counts.
    pub fn is_wanted(&self, batch: &Batch, row: usize) -> Result<bool, Fault> {
        let Some((at, wanted)) = &self.horizon else { return Ok(true) };
        let column = &batch.columns[*at];
        Ok(column.is_valid(row) && duration_ns(column.bytes(row)?) == *wanted)
    }

    pub fn label(&self, batch: &Batch, row: usize) -> Result<Label, Fault> {
        if !self.is_wanted(batch, row)? {
            return Ok(Label::None);
        }
        let column = &batch.columns[self.label];
        if !column.is_valid(row) {
            return Ok(Label::None);
        }
        if self.up {
            return Ok(Label::Value(f64::from(u8::from(bit(column.bools()?, row)))));
        }
        let value = column.f64s()?[row];
        Ok(if value.abs() < LARGEST { Label::Value(value) } else { Label::Refused(value) })
    }
}
