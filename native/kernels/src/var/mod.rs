//! Value at risk and expected shortfall of series of returns, row by row. The rules are those of `operators/var/README.md`.

mod cornish_fisher;
mod ewma;
mod historical;
mod measure;
mod series;

use crate::column::Batch;
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::Keys;
use crate::output::{Cells, Output};
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use crate::statistics::returns::{Intake, Returns, Taken};
use crate::statistics::tail::Tail;
use measure::{Contribution, Method, Quantile, Rules};
use serde::Deserialize;
use series::Series;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<String>,
    columns: Vec<String>,
    /// One a column.
    weights: Vec<f64>,
    returns: Returns,
    window: u32,
    min_rows: u32,
    /// Probabilities of the tails, in billionths.
    tails: Vec<u64>,
    methods: Vec<Method>,
    quantile: Quantile,
    lambda: f64,
    contributions: Vec<Contribution>,
    /// Whether the returns themselves are an output column.
    emit_return: bool,
}

struct Ports {
    out: usize,
    rejected: usize,
}

pub struct Var {
    by_key: Keys,
    emit_return: bool,
    intake: Intake,
    rules: Rules,
    ports: Ports,
    series: Vec<Series>,
    groups: Vec<u32>,
    returns: Vec<f64>,
    taken: Vec<i32>,
    results: Vec<f64>,
    cells: Vec<Cells<f64>>,
    rejects: Rejects,
}

impl Var {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let wrong = |what: &str| Fault::new("kernel-config", what);
        let tails = params.tails.iter().map(|parts| Tail::new(*parts)).collect::<Option<Vec<_>>>();
        if params.weights.len() != params.columns.len() || params.window == 0 {
            return Err(wrong("a weight a column and a window of at least one row are needed"));
        }
        let port = &config.inputs[config.input("in")?];
        let rules = Rules {
            window: params.window as usize,
            min_rows: params.min_rows as usize,
            tails: tails.ok_or_else(|| wrong("a tail is of 1 to 999999999 billionths"))?,
            methods: params.methods,
            quantile: params.quantile,
            lambda: params.lambda,
            weights: params.weights,
            contributions: params.contributions,
        };
        let columns = usize::from(params.emit_return) + rules.outputs();
        Ok(Self {
            by_key: Keys::new(port, &params.by)?,
            emit_return: params.emit_return,
            intake: Intake::new(port, &params.columns, params.returns)?,
            ports: Ports { out: config.output("out")?, rejected: config.output("rejected")? },
            series: Vec::new(),
            groups: Vec::new(),
            returns: vec![0.0; rules.weights.len()],
            taken: Vec::new(),
            results: vec![0.0; rules.outputs()],
            cells: (0..columns).map(|_| Cells::default()).collect(),
            rejects: Rejects::default(),
            rules,
        })
    }

    fn grow(&mut self) {
        while self.series.len() < self.by_key.len() {
            self.series.push(Series::new(&self.rules));
        }
    }

    /// Appends a row to the output columns: the return, then the results; nulls where there are none.
    fn add(&mut self, value: Option<f64>, warm: bool) {
        let (own, others) = self.cells.split_at_mut(usize::from(self.emit_return));
        own.iter_mut().for_each(|cells| cells.push_option(value));
        for (cells, result) in others.iter_mut().zip(&self.results) {
            cells.push_option(Some(*result).filter(|result| warm && result.is_finite()));
        }
    }
}

impl Kernel for Var {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut groups = std::mem::take(&mut self.groups);
        self.by_key.groups(batch, None, &mut groups)?;
        self.grow();
        for (row, group) in groups.iter().enumerate() {
            let series = &mut self.series[*group as usize];
            match self.intake.take(batch, row, &mut series.last, &mut self.returns)? {
                Taken::Refused(code, reason) => {
                    self.rejects.push(row, code, &reason)?;
                    continue;
                }
                Taken::Base | Taken::Nothing => self.add(None, false),
                Taken::Return => {
                    let value = self.rules.portfolio(&self.returns);
                    let warm = series.push(&self.rules, &self.returns, value, &mut self.results);
                    self.add(Some(value), warm);
                }
            }
            self.taken.push(row as i32);
        }
        self.groups = groups;
        if !self.taken.is_empty() {
            let mut block = output.block(self.ports.out, self.taken.len())?;
            block.i32s(&self.taken, None)?;
            for cells in &mut self.cells {
                block.f64s(&cells.values, Some(&cells.valid))?;
                cells.clear();
            }
            block.end()?;
            self.taken.clear();
        }
        self.rejects.flush(self.ports.rejected, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.by_key.snapshot(into);
        self.series.iter().for_each(|series| series.write(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.by_key.restore(from)?;
        self.grow();
        self.series.iter_mut().try_for_each(|series| series.read(&self.rules, from))
    }
}
