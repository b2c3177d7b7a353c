use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub rate: f64,
    pub beta: f64,
    pub l1: f64,
    pub l2: f64,
}

/// Largest size of log-odds: a probability stays 6e-16 away from 0 and 1.
const MOST: f64 = 35.0;

/// Logistic regression by FTRL-Proximal with a learning rate a coefficient.
/// Source: H. B. McMahan et al. (2013), *Ad Click Prediction: a View from the Trenches*, KDD, algorithm 1.
#[derive(Debug, Clone)]
pub struct Ftrl {
    z: Vec<f64>,
    /// Sum of squared gradients.
    squares: Vec<f64>,
    weights: Vec<f64>,
}

pub fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

/// Logarithmic loss of log-odds against an outcome.
pub fn log_loss(odds: f64, up: bool) -> f64 {
    let against = if up { -odds } else { odds };
    against.max(0.0) + libm::log1p(libm::exp(-against.abs()))
}

impl Ftrl {
    pub fn new(width: usize) -> Self {
        Self { z: vec![0.0; width], squares: vec![0.0; width], weights: vec![0.0; width] }
    }

    /// Log-odds of going up.
    pub fn odds(&self, row: &[f64]) -> f64 {
        let odds: f64 = self.weights.iter().zip(row).fold(0.0, |sum, (weight, value)| sum + weight * value);
        odds.clamp(-MOST, MOST)
    }

    pub fn learn(&mut self, rules: &Rules, row: &[f64], up: bool) {
        let error = probability(self.odds(row)) - f64::from(u8::from(up));
        for (i, value) in row.iter().enumerate() {
            let gradient = error * value;
            let before = self.squares[i];
            self.squares[i] = before + gradient * gradient;
            self.z[i] += gradient - (self.squares[i].sqrt() - before.sqrt()) / rules.rate * self.weights[i];
            self.weights[i] = weight(rules, self.z[i], self.squares[i]);
        }
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&self.z);
        into.f64s(&self.squares);
    }

    pub fn read(&mut self, rules: &Rules, from: &mut Reader) -> Result<(), Fault> {
        from.f64s(&mut self.z)?;
        from.f64s(&mut self.squares)?;
        for (i, weight_of) in self.weights.iter_mut().enumerate() {
            *weight_of = weight(rules, self.z[i], self.squares[i]);
        }
        Ok(())
    }
}

#[inline]
fn weight(rules: &Rules, z: f64, squares: f64) -> f64 {
    let past = z.abs() - rules.l1;
    let weight = past / ((rules.beta + squares.sqrt()) / rules.rate + rules.l2);
    if past <= 0.0 {
        0.0
    } else if z > 0.0 {
        -weight
    } else {
        weight
    }
}
