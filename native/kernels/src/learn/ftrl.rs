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
    /// Sum of squared gradients, and its root.
    squares: Vec<f64>,
    roots: Vec<f64>,
    weights: Vec<f64>,
}

pub fn probability(odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-odds))
}

/// The probability of going up and that of going down.
pub fn probabilities(odds: f64) -> (f64, f64) {
    let rest = libm::exp(-odds.abs());
    let (more, less) = (1.0 / (1.0 + rest), rest / (1.0 + rest));
    if odds < 0.0 { (less, more) } else { (more, less) }
}

/// The scalar product in four sums, so that none waits for the other.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (fours, others) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest = fours.remainder().iter().zip(others.remainder());
    let mut sums = [0.0; 4];
    for (x, y) in fours.zip(others) {
        sums.iter_mut().zip(x.iter().zip(y)).for_each(|(sum, (x, y))| *sum += x * y);
    }
    rest.fold((sums[0] + sums[1]) + (sums[2] + sums[3]), |sum, (x, y)| sum + x * y)
}

/// Logarithmic loss of log-odds against an outcome.
pub fn log_loss(odds: f64, up: bool) -> f64 {
    let against = if up { -odds } else { odds };
    against.max(0.0) + libm::log1p(libm::exp(-against.abs()))
}

impl Ftrl {
    pub fn new(width: usize) -> Self {
        Self { z: vec![0.0; width], squares: vec![0.0; width], roots: vec![0.0; width], weights: vec![0.0; width] }
    }

    /// Log-odds of going up.
    pub fn odds(&self, row: &[f64]) -> f64 {
        dot(&self.weights, row).clamp(-MOST, MOST)
    }

    pub fn learn(&mut self, rules: &Rules, row: &[f64], up: bool) {
        let error = probability(self.odds(row)) - f64::from(u8::from(up));
        let faster = 1.0 / rules.rate;
        let sums = self.z.iter_mut().zip(&mut self.squares);
        for ((value, (z, squares)), (root, weight)) in row.iter().zip(sums).zip(self.roots.iter_mut().zip(&mut self.weights)) {
            let gradient = error * value;
            *squares += gradient * gradient;
            let next = squares.sqrt();
            *z += gradient - (next - *root) * faster * *weight;
            *root = next;
            *weight = weight_of(rules, faster, *z, next);
        }
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&self.z);
        into.f64s(&self.squares);
    }

    pub fn read(&mut self, rules: &Rules, from: &mut Reader) -> Result<(), Fault> {
        from.f64s(&mut self.z)?;
        from.f64s(&mut self.squares)?;
        for i in 0..self.z.len() {
            self.roots[i] = self.squares[i].sqrt();
            self.weights[i] = weight_of(rules, 1.0 / rules.rate, self.z[i], self.roots[i]);
        }
        Ok(())
    }
}

#[inline]
fn weight_of(rules: &Rules, faster: f64, z: f64, root: f64) -> f64 {
    let past = (z.abs() - rules.l1).max(0.0);
    -past.copysign(z) / ((rules.beta + root) * faster + rules.l2)
}
