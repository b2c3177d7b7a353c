//! Return and risk of series of returns or values. The rules are those of `operators/performance/README.md`.

mod series;
mod stretch;

use crate::column::Batch;
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::Keys;
use crate::output::{Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use crate::statistics::returns::{Intake, Returns, Taken};
use serde::Deserialize;
use series::{Results, Rules, Series};
use stretch::{Step, UNSEEN};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<String>,
    column: String,
    benchmark: Option<String>,
    returns: Returns,
    window: Option<u32>,
    min_rows: u32,
    periods_per_year: f64,
    risk_free: f64,
    minimum_acceptable_return: f64,
    lambda: f64,
    ratios: Ratios,
    /// Whether the return itself is an output column.
    emit_return: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ratios {
    PerPeriod,
    Annual,
}

/// Columns of Float64 results without a benchmark, and those that it adds.
const OWN: usize = 8;
const BESIDE: usize = 4;

struct Ports {
    out: usize,
    rejected: usize,
}

pub struct Performance {
    keys: Keys,
    intake: Intake,
    rules: Rules,
    ports: Ports,
    emit_return: bool,
    has_benchmark: bool,
    series: Vec<Series>,
    groups: Vec<u32>,
    taken: Vec<i32>,
    returns: Cells<f64>,
    results: [Cells<f64>; OWN + BESIDE],
    peaks: Cells<i64>,
    rejects: Rejects,
}

impl Performance {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let port = &config.inputs[config.input("in")?];
        let columns: Vec<String> = [params.column].into_iter().chain(params.benchmark.clone()).collect();
        let scale = if params.ratios == Ratios::Annual { params.periods_per_year.sqrt() } else { 1.0 };
        Ok(Self {
            keys: Keys::new(port, &params.by)?,
            intake: Intake::new(port, &columns, params.returns)?.of_wealth(),
            rules: Rules {
                window: params.window.map(|rows| rows.max(1) as usize),
                min_rows: u64::from(params.min_rows),
                periods_per_year: params.periods_per_year,
                risk_free: params.risk_free,
                minimum: params.minimum_acceptable_return,
                lambda: params.lambda,
                scale,
            },
            ports: Ports { out: config.output("out")?, rejected: config.output("rejected")? },
            emit_return: params.emit_return,
            has_benchmark: params.benchmark.is_some(),
            series: Vec::new(),
            groups: Vec::new(),
            taken: Vec::new(),
            returns: Cells::default(),
            results: std::array::from_fn(|_| Cells::default()),
            peaks: Cells::default(),
            rejects: Rejects::default(),
        })
    }

    fn grow(&mut self) {
        while self.series.len() < self.keys.len() {
            self.series.push(Series::new(&self.rules));
        }
    }

    /// Appends a row to the output columns.
    fn add(&mut self, row: usize, value: Option<f64>, results: &Results) {
        let Results { cumulative_return, annual_return, volatility, sharpe, sortino, calmar, drawdown, max_drawdown, .. } = *results;
        let Results { beta, correlation, beta_ewma, correlation_ewma, peak_ns, .. } = *results;
        let own = [cumulative_return, annual_return, volatility, sharpe, sortino, calmar, drawdown, max_drawdown];
        let all = own.into_iter().chain([beta, correlation, beta_ewma, correlation_ewma]);
        self.results.iter_mut().zip(all).for_each(|(cells, result)| cells.push_option(result));
        self.peaks.push_option(peak_ns);
        self.returns.push_option(value);
        self.taken.push(row as i32);
    }

    fn flush(&mut self, output: &mut Output) -> Result<(), Fault> {
        if !self.taken.is_empty() {
            let mut block = output.block(self.ports.out, self.taken.len())?;
            block.i32s(&self.taken, None)?;
            if self.emit_return {
                block.f64s(&self.returns.values, Some(&self.returns.valid))?;
            }
            let (own, beside) = self.results.split_at(OWN);
            own.iter().try_for_each(|cells| block.f64s(&cells.values, Some(&cells.valid)))?;
            block.i64s(&self.peaks.values, Some(&self.peaks.valid))?;
            if self.has_benchmark {
                beside.iter().try_for_each(|cells| block.f64s(&cells.values, Some(&cells.valid)))?;
            }
            block.end()?;
        }
        self.taken.clear();
        self.returns.clear();
        self.results.iter_mut().for_each(Cells::clear);
        self.peaks.clear();
        self.rejects.flush(self.ports.rejected, output)
    }
}

impl Kernel for Performance {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut groups = std::mem::take(&mut self.groups);
        self.keys.groups(batch, None, &mut groups)?;
        self.grow();
        let mut returns = [0.0; 2];
        for (row, group) in groups.iter().enumerate() {
            let series = &mut self.series[*group as usize];
            let from_level = series.last.value(0);
            let taken = self.intake.take(batch, row, &mut series.last, &mut returns)?;
            if let Taken::Refused(code, reason) = &taken {
                self.rejects.push(row, code, reason)?;
                continue;
            }
            let from_ns = match taken {
                Taken::Nothing => UNSEEN,
                _ => std::mem::replace(&mut series.counted_ns, series.last.ns),
            };
            match taken {
                Taken::Return => {
                    let [value, benchmark] = returns;
                    let levels = from_level.zip(series.last.value(0));
                    let (from_level, to_level) = levels.unwrap_or((1.0, 1.0 + value));
                    let step = Step { value, benchmark, from_level, to_level, from_ns, to_ns: series.last.ns };
                    let results = series.push(&self.rules, step);
                    self.add(row, Some(value), &results.unwrap_or_default());
                }
                _ => self.add(row, None, &Results::default()),
            }
        }
        self.groups = groups;
        self.flush(output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.keys.snapshot(into);
        self.series.iter().for_each(|series| series.write(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        self.grow();
        self.series.iter_mut().try_for_each(|series| series.read(&self.rules, from))
    }
}
