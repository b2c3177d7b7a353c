use super::adx::Adx;
use super::atr::Atr;
use super::bbands::Bbands;
use super::ema::Ema;
use super::macd::Macd;
use super::obv::Obv;
use super::recurrence::Recurrence;
use super::rsi::Rsi;
use super::sma::Sma;
use super::stddev::Stddev;
use super::stoch::Stoch;
use crate::column::{Batch, Column};
use crate::config::{Kind, Port};
use crate::fault::Fault;
use crate::output::Block;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

/// One entry of the parameter `series`, as the operator declares it; names of columns are resolved by the operator.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spec {
    Sma { period: u32, column: String },
    Ema { period: u32, column: String },
    Rsi { period: u32, column: String },
    Macd { fast: u32, slow: u32, signal: u32, column: String },
    Bbands { period: u32, deviations: f64, column: String },
    Stddev { period: u32, deviations: f64, column: String },
    Atr { period: u32, high: String, low: String, close: String },
    Adx { period: u32, high: String, low: String, close: String },
    Stoch { fast_k: u32, slow_k: u32, slow_d: u32, high: String, low: String, close: String },
    Obv { close: String, volume: String },
}

/// A series over all groups: one recurrence a group.
pub trait Series: Send {
    /// Makes room for groups up to `len`.
    fn grow(&mut self, len: usize);

    /// Pushes every row into the recurrence of its group and writes the columns of the series.
    fn run(&mut self, batch: &Batch, groups: &[u32], block: &mut Block) -> Result<(), Fault>;

    fn write(&self, into: &mut Writer);

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault>;
}

struct Grouped<R, const IN: usize, const OUT: usize> {
    columns: [usize; IN],
    fresh: R,
    states: Vec<R>,
}

impl<R: Recurrence<IN, OUT>, const IN: usize, const OUT: usize> Series for Grouped<R, IN, OUT> {
    fn grow(&mut self, len: usize) {
        self.states.resize(len, self.fresh.clone());
    }

    fn run(&mut self, batch: &Batch, groups: &[u32], block: &mut Block) -> Result<(), Fault> {
        let columns: [&Column; IN] = self.columns.map(|column| &batch.columns[column]);
        let mut inputs: [&[f64]; IN] = [&[]; IN];
        for (input, column) in inputs.iter_mut().zip(columns) {
            *input = column.f64s()?;
        }
        let nulls = columns.iter().any(|column| column.valid.is_some());
        block.floats::<OUT>(|outputs| {
            let mut row = 0;
            while row < batch.rows {
                let group = groups[row];
                let state = &mut self.states[group as usize];
                while row < batch.rows && groups[row] == group {
                    let values = inputs.map(|input| input[row]);
                    let there =
                        values.iter().all(|value| value.is_finite()) && !(nulls && columns.iter().any(|column| !column.is_valid(row)));
                    // a row without a number leaves the series as it is, and its own output null
                    if there && let Some(results) = state.push(values) {
                        for (output, result) in outputs.iter_mut().zip(results) {
                            if result.is_finite() {
                                output.set(row, result);
                            }
                        }
                    }
                    row += 1;
                }
            }
            Ok(())
        })
    }

    fn write(&self, into: &mut Writer) {
        self.states.iter().for_each(|state| state.write(into));
    }

    fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.states.iter_mut().try_for_each(|state| state.read(from))
    }
}

/// The series that an entry asks for.
pub fn series(spec: &Spec, port: &Port) -> Result<Box<dyn Series>, Fault> {
    let one = |column: &String| Ok::<_, Fault>([port.column(column, Kind::F64)?]);
    let bar = |names: [&String; 3]| {
        let [high, low, close] = names.map(|name| port.column(name, Kind::F64));
        Ok::<_, Fault>([high?, low?, close?])
    };
    Ok(match spec {
        Spec::Sma { period, column } => grouped(one(column)?, Sma::new(size(*period)?)),
        Spec::Ema { period, column } => grouped(one(column)?, Ema::new(count(*period)?)),
        Spec::Rsi { period, column } => grouped(one(column)?, Rsi::new(count(*period)?)),
        Spec::Macd { fast, slow, signal, column } => grouped(one(column)?, Macd::new(count(*fast)?, count(*slow)?, count(*signal)?)),
        Spec::Bbands { period, deviations, column } => grouped(one(column)?, Bbands::new(size(*period)?, *deviations)),
        Spec::Stddev { period, deviations, column } => grouped(one(column)?, Stddev::new(size(*period)?, *deviations)),
        Spec::Atr { period, high, low, close } => grouped(bar([high, low, close])?, Atr::new(count(*period)?)),
        Spec::Adx { period, high, low, close } => grouped(bar([high, low, close])?, Adx::new(count(*period)?)),
        Spec::Stoch { fast_k, slow_k, slow_d, high, low, close } => {
            grouped(bar([high, low, close])?, Stoch::new(size(*fast_k)?, size(*slow_k)?, size(*slow_d)?))
        }
        Spec::Obv { close, volume } => grouped([port.column(close, Kind::F64)?, port.column(volume, Kind::F64)?], Obv::default()),
    })
}

fn grouped<R, const IN: usize, const OUT: usize>(columns: [usize; IN], fresh: R) -> Box<dyn Series>
where
    R: Recurrence<IN, OUT> + 'static,
{
    Box::new(Grouped { columns, fresh, states: Vec::new() })
}

/// Longest window, as in TA-Lib.
const MAX_PERIOD: u32 = 100_000;

fn count(period: u32) -> Result<u32, Fault> {
    if (1..=MAX_PERIOD).contains(&period) {
        Ok(period)
    } else {
        Err(Fault::new("kernel-config", format!("a period is from 1 to {MAX_PERIOD}, not {period}")))
    }
}

fn size(period: u32) -> Result<usize, Fault> {
    count(period).map(|period| period as usize)
}
