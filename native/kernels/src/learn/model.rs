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
    pub max_keys: u32,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{read_all, seal, unseal};

    fn params(model: &str, scale: bool) -> Params {
        let given = serde_json::json!({
            "by": [], "features": ["a", "b", "c", "d", "e"], "model": model, "label": "y", "horizon": null, "name": "m", "hash": "h",
            "scale": scale, "missing": "zero", "warm_up": 2, "score_window": 5, "pending": 3, "max_keys": 9,
            "ftrl": { "rate": 0.5, "beta": 1.0, "l1": 0.1, "l2": 0.0 }, "rls": { "l2": 0.5, "forgetting": 0.98 },
        });
        serde_json::from_value(given).unwrap()
    }

    fn state(of: &Model) -> Vec<u8> {
        let mut into = Writer::default();
        of.write(&mut into);
        let chunks = seal("model", 1, into);
        unseal("model", 1, &chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_model_goes_on_from_its_bytes_to_the_last_bit_and_one_cut_short_is_refused() {
        for (kind, scale) in [("logistic", true), ("logistic", false), ("linear", true), ("linear", false)] {
            let params = params(kind, scale);
            let (mut plain, mut restored) = (Model::new(&params), Model::new(&params));
            for i in 0..300_u32 {
                let draw = |k: u32| f64::from((i * 7_919 + k * 104_729) % 1_009) / 500.0 - 1.0;
                let row = [draw(1), draw(2) * 1e6, f64::NAN, draw(4) * 1e-9, draw(5)];
                let label = if kind == "linear" { draw(6) } else { f64::from(u8::from(draw(6) > 0.0)) };
                for model in [&mut plain, &mut restored] {
                    let said = model.predict(&params, &row, 1);
                    model.pending.push(i64::from(i), [said.unwrap_or(f64::NAN)], 3);
                    model.learn(&params, &row, 1, Some(label), said);
                }
                let bytes = state(&restored);
                assert_eq!(state(&plain), bytes, "{kind} {scale} {i}");
                restored = Model::new(&params);
                read_all(&bytes, |from| restored.read(&params, from)).unwrap();
            }
            let bytes = state(&plain);
            for length in 0..bytes.len() {
                assert!(read_all(&bytes[..length], |from| Model::new(&params).read(&params, from)).is_err(), "{length}");
            }
        }
    }
}
