use super::ftrl::{self, Ftrl};
use super::rls::{self, Rls};
use super::scaler::Scaler;
use super::score::{Losses, Score};
use crate::fault::Fault;
use crate::learning::pending::Pending;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Logistic,
    Linear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    Skip,
    Zero,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    pub by: Vec<String>,
    pub features: Vec<String>,
    pub model: Kind,
    /// Column of the label.
    pub label: String,
    pub horizon: Option<String>,
    pub name: String,
    pub hash: String,
    pub scale: bool,
    pub missing: Missing,
    pub warm_up: i64,
    pub score_window: i64,
    pub pending: u32,
    pub ftrl: ftrl::Rules,
    pub rls: rls::Rules,
}

enum Weights {
    Logistic(Ftrl),
    Linear(Rls),
}

/// The model of one key.
pub struct Model {
    scaler: Option<Scaler>,
    weights: Weights,
    pub score: Score,
    pub pending: Pending<1>,
    /// The row as the weights take it: its features, then 1.
    scaled: Vec<f64>,
}

impl Model {
    pub fn new(params: &Params) -> Self {
        let features = params.features.len();
        Self {
            scaler: params.scale.then(|| Scaler::new(features)),
            weights: match params.model {
                Kind::Logistic => Weights::Logistic(Ftrl::new(features + 1)),
                Kind::Linear => Weights::Linear(Rls::new(&params.rls, features + 1)),
            },
            score: Score::default(),
            pending: Pending::default(),
            scaled: vec![1.0; features + 1],
        }
    }

    fn scale(&mut self, row: &[f64]) {
        let features = row.len();
        match &self.scaler {
            Some(scaler) => scaler.scaled(row, &mut self.scaled[..features]),
            None => self.scaled.iter_mut().zip(row).for_each(|(place, value)| *place = if value.is_nan() { 0.0 } else { *value }),
        }
    }

    /// Log-odds of a logistic model, the forecast of a linear one; none until warm and where features are missing that may not be.
    pub fn predict(&mut self, params: &Params, row: &[f64], missing: i64) -> Option<f64> {
        if self.score.rows < params.warm_up || (missing > 0 && params.missing == Missing::Skip) {
            return None;
        }
        self.scale(row);
        let said = match &self.weights {
            Weights::Logistic(model) => model.odds(&self.scaled),
            Weights::Linear(model) => model.value(&self.scaled),
        };
        Some(said).filter(|said| said.abs() < super::columns::LARGEST)
    }

    /// Scores what was said of a row, then learns from it; neither without a label, no learning where features are missing that may not be.
    pub fn learn(&mut self, params: &Params, row: &[f64], missing: i64, label: Option<f64>, said: Option<f64>) -> Option<Losses> {
        let Some(label) = label else {
            self.score.skipped += 1;
            return None;
        };
        let up = label != 0.0;
        let losses = said.map(|said| match self.weights {
            Weights::Logistic(_) => self.score.of_odds(said, up),
            Weights::Linear(_) => self.score.of_value(said, label),
        });
        if let Some(losses) = losses {
            self.score.add(losses, params.score_window);
        }
        if missing > 0 && params.missing == Missing::Skip {
            self.score.skipped += 1;
            return losses;
        }
        if let Some(scaler) = &mut self.scaler {
            scaler.learn(row);
        }
        self.scale(row);
        match &mut self.weights {
            Weights::Logistic(model) => model.learn(&params.ftrl, &self.scaled, up),
            Weights::Linear(model) => model.learn(&params.rls, &self.scaled, label),
        }
        self.score.learnt(label);
        losses
    }

    pub fn write(&self, into: &mut Writer) {
        self.score.write(into);
        self.pending.write(into);
        if let Some(scaler) = &self.scaler {
            scaler.write(into);
        }
        match &self.weights {
            Weights::Logistic(model) => model.write(into),
            Weights::Linear(model) => model.write(into),
        }
    }

    pub fn read(&mut self, params: &Params, from: &mut Reader) -> Result<(), Fault> {
        self.score.read(from)?;
        self.pending.read(params.pending as usize, from)?;
        if let Some(scaler) = &mut self.scaler {
            scaler.read(from)?;
        }
        match &mut self.weights {
            Weights::Logistic(model) => model.read(&params.ftrl, from),
            Weights::Linear(model) => model.read(from),
        }
    }
}
