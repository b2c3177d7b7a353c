//! Models that learn while they predict. The rules are those of `operators/learn/README.md`.

mod columns;
mod ftrl;
mod model;
mod rls;
mod rows;
mod scaler;
mod score;

use crate::column::Batch;
use crate::config::Config;
use crate::fault::Fault;
use crate::kernel::Kernel;
use crate::keys::{Keys, NO_GROUP};
use crate::output::Output;
use crate::rejects::Rejects;
use crate::snapshot::{Reader, Writer};
use columns::{Features, Label, Labelled};
use model::{Model, Params};
use rows::{PredictionRows, ScoreRow, ScoreRows};

struct Outputs {
    out: usize,
    scores: usize,
    rejected: usize,
}

pub struct Learn {
    params: Params,
    in_port: usize,
    features: Features,
    labelled: Labelled,
    outputs: Outputs,
    keys: Keys,
    models: Vec<Model>,
    groups: Vec<u32>,
    row: Vec<f64>,
    predictions: PredictionRows,
    scores: ScoreRows,
    rejects: Rejects,
}

impl Learn {
    pub fn new(config: &Config) -> Result<Self, Fault> {
        let params: Params = config.params()?;
        let (in_port, labelled_port) = (config.input("in")?, config.input("labelled")?);
        if (in_port, labelled_port) != (0, 1) || params.features.is_empty() {
            return Err(Fault::new("kernel-config", "the ports in and labelled, in this order, and features are needed"));
        }
        let (given, later) = (&config.inputs[in_port], &config.inputs[labelled_port]);
        Ok(Self {
            in_port,
            features: Features::new(given, &params.features)?,
            labelled: Labelled::new(later, &params)?,
            outputs: Outputs { out: config.output("out")?, scores: config.output("scores")?, rejected: config.output("rejected")? },
            keys: Keys::of_ports(&[given, later], &params.by)?.at_most(params.max_keys),
            models: Vec::new(),
            groups: Vec::new(),
            row: vec![0.0; params.features.len()],
            predictions: PredictionRows::new(&params),
            scores: ScoreRows::new(&params),
            rejects: Rejects::default(),
            params,
        })
    }

    fn grow(&mut self) {
        while self.models.len() < self.keys.len() {
            self.models.push(Model::new(&self.params));
        }
    }

    /// Whether a row has no model, since there are as many as there may be; refuses it.
    fn is_full(&mut self, row: usize) -> Result<bool, Fault> {
        let full = self.groups[row] == NO_GROUP;
        if full {
            self.rejects.push(row, "keys-full", &format!("there are {} keys already", self.params.max_keys))?;
        }
        Ok(full)
    }

    fn predict(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Fault> {
        let values = self.features.of(batch)?;
        for row in 0..batch.rows {
            if self.is_full(row)? {
                continue;
            }
            let Some(ns) = self.features.time(batch, row)? else {
                self.rejects.push(row, "ts-missing", "ts_event is null")?;
                continue;
            };
            let missing = values.read(row, &mut self.row);
            let model = &mut self.models[self.groups[row] as usize];
            let said = model.predict(&self.params, &self.row, missing);
            if self.labelled.tells_origin() {
                model.pending.push(ns, [said.unwrap_or(f64::NAN)], self.params.pending as usize);
            }
            self.predictions.add(row, said, missing);
        }
        self.predictions.flush(self.outputs.out, output)
    }

    fn learn(&mut self, batch: &Batch, output: &mut Output) -> Result<(), Fault> {
        let values = self.labelled.features.of(batch)?;
        for row in 0..batch.rows {
            if self.is_full(row)? {
                continue;
            }
            let Some(ns) = self.labelled.features.time(batch, row)? else {
                self.rejects.push(row, "ts-missing", "ts_event is null")?;
                continue;
            };
            let label = match self.labelled.label(batch, row)? {
                Label::Refused(value) => {
                    self.rejects.push(row, "value-not-finite", &format!("{} is {value:e}", self.params.label))?;
                    continue;
                }
                Label::None => None,
                Label::Value(value) => Some(value),
            };
            let missing = values.read(row, &mut self.row);
            let model = &mut self.models[self.groups[row] as usize];
            // what was said is kept for the label that it is to be scored by
            let origin = if self.labelled.is_wanted(batch, row)? { self.labelled.origin(batch, row)? } else { None };
            let known = origin.and_then(|origin| model.pending.take(origin)).map(|[said]| Some(said).filter(|said| !said.is_nan()));
            let ts_predicted = if known.is_some() { origin.unwrap_or(ns) } else { ns };
            let said = known.unwrap_or_else(|| model.predict(&self.params, &self.row, missing));
            let losses = model.learn(&self.params, &self.row, missing, label, said);
            self.scores.add(&ScoreRow { row, ts_predicted, said, losses }, &model.score);
        }
        self.scores.flush(self.outputs.scores, output)
    }
}

impl Kernel for Learn {
    fn push(&mut self, port: usize, batch: &Batch, _floor_ns: i64, output: &mut Output) -> Result<(), Fault> {
        let mut groups = std::mem::take(&mut self.groups);
        self.keys.groups_of(port, batch, None, &mut groups)?;
        self.groups = groups;
        self.grow();
        if port == self.in_port {
            self.predict(batch, output)?;
        } else {
            self.learn(batch, output)?;
        }
        self.rejects.flush(self.outputs.rejected, output)
    }

    fn snapshot(&self, into: &mut Writer) -> Result<bool, Fault> {
        self.keys.snapshot(into);
        self.models.iter().for_each(|model| model.write(into));
        Ok(true)
    }

    fn restore(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.keys.restore(from)?;
        self.grow();
        let Self { models, params, .. } = self;
        models.iter_mut().try_for_each(|model| model.read(params, from))
    }
}
