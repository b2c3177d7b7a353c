//! Columns by expression, with values of rows before. The rules are those of `operators/derive/README.md`.

mod history;
mod recent;

use crate::column::Batch;
use crate::config::Config;
use crate::expression::{Program, Vector};
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::Keys;
use crate::output::Output;
use crate::snapshot::{Reader, Writer};
use history::History;
use recent::Recent;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    by: Vec<String>,
    max_keys: u32,
    steps: Vec<StepParams>,
}

/// What is computed, in order. Values are numbered: input columns, then what each step gives.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum StepParams {
    /// A value for each of `rows`: that of `of` so many rows before.
    Lags { of: usize, rows: Vec<usize> },
    /// A value that is an output column.
    Column { program: Program },
}

enum Step {
    Lags { of: usize, history: History },
    Column(Program),
}

/// Most rows that a lag goes back; `MAX_LAG` of `operators/expression/syntax.ts`.
const MAX_LAG: usize = 10_000;

/// Port `out`: one row an input row, a column a step `Column`.
pub struct Derive {
    keys: Keys,
    recent: Recent,
    steps: Vec<Step>,
    groups: Vec<u32>,
    out: usize,
}

impl Derive {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let steps = params.steps.into_iter().map(|step| {
            Ok(match step {
                StepParams::Lags { of, rows } => Step::Lags { of, history: History::new(&rows, MAX_LAG)? },
                StepParams::Column { program } => Step::Column(program),
            })
        });
        Ok(Self {
            keys: Keys::new(&config.inputs[config.input("in")?], &params.by)?,
            recent: Recent::new(params.max_keys.max(1)),
            steps: steps.collect::<Result<_, Fault>>()?,
            groups: Vec::new(),
            out: config.output("out")?,
        })
    }
}

impl Kernel for Derive {
    fn push(&mut self, _port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        self.keys.groups(batch, None, &mut self.groups)?;
        let anew = self.recent.follow(&self.groups, self.keys.len());
        let mut values: Vec<Vector> = Vec::new();
        let mut columns = Vec::new();
        for step in &mut self.steps {
            match step {
                Step::Lags { of, history } => {
                    history.grow(self.keys.len());
                    let absent = || Fault::new("kernel-config", "a lag is of a value before it");
                    let lagged = match of.checked_sub(batch.columns.len()) {
                        None => history.lag(&Vector::of_column(batch, *of)?, &self.groups, &anew)?,
                        Some(at) => history.lag(values.get(at).ok_or_else(absent)?, &self.groups, &anew)?,
                    };
                    values.extend(lagged);
                }
                Step::Column(program) => {
                    columns.push(values.len());
                    let value = program.evaluate(batch, &values)?;
                    values.push(value);
                }
            }
        }
        let mut block = output.block(self.out, batch.rows)?;
        for at in columns {
            values[at].write(&mut block)?;
        }
        block.end()?;
        if let Some(kept) = self.recent.kept() {
            self.keys.keep(&kept);
            for step in &mut self.steps {
                if let Step::Lags { history, .. } = step {
                    history.keep(&kept);
                }
            }
        }
        Ok(())
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        let histories: Vec<_> =
            self.steps.iter().filter_map(|step| if let Step::Lags { history, .. } = step { Some(history) } else { None }).collect();
        if histories.is_empty() {
            return Ok(false);
        }
        self.keys.snapshot(into);
        self.recent.write(into);
        histories.iter().for_each(|history| history.snapshot(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        self.recent.read(self.keys.len(), from)?;
        for step in &mut self.steps {
            if let Step::Lags { history, .. } = step {
                history.restore(self.keys.len(), from)?;
            }
        }
        Ok(())
    }
}
