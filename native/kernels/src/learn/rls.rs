use super::ftrl::dot;
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    pub l2: f64,
    pub forgetting: f64,
}

/// Linear regression by recursive least squares: after each row the ridge solution of all rows so far.
/// Source: S. Haykin, *Adaptive Filter Theory*, chapter on the RLS algorithm (table 10.1 in the fifth edition).
#[derive(Debug, Clone)]
pub struct Rls {
    weights: Vec<f64>,
    /// Inverse of the weighted sum of outer products and `l2`, by rows.
    inverse: Vec<f64>,
    gains: Vec<f64>,
}

impl Rls {
    pub fn new(rules: &Rules, width: usize) -> Self {
        let mut new = Self { weights: vec![0.0; width], inverse: vec![0.0; width * width], gains: vec![0.0; width] };
        new.restart(rules);
        new
    }

    fn restart(&mut self, rules: &Rules) {
        let width = self.weights.len();
        self.weights.fill(0.0);
        self.inverse.fill(0.0);
        self.inverse.iter_mut().step_by(width + 1).for_each(|cell| *cell = 1.0 / rules.l2);
    }

    pub fn value(&self, row: &[f64]) -> f64 {
        dot(&self.weights, row)
    }

    /// Learns a row. Numbers so large that the inverse is none any more make it begin anew.
    pub fn learn(&mut self, rules: &Rules, row: &[f64], label: f64) {
        let width = row.len();
        let error = label - self.value(row);
        // column by column, so that no sum runs along a row: the compiler may take several at once
        self.gains.fill(0.0);
        let mut lines = self.inverse.chunks_exact(4 * width);
        let mut values = row.chunks_exact(4);
        for (four, value) in lines.by_ref().zip(values.by_ref()) {
            let (a, rest) = four.split_at(width);
            let (b, rest) = rest.split_at(width);
            let (c, d) = rest.split_at(width);
            for ((gain, (a, b)), (c, d)) in self.gains.iter_mut().zip(a.iter().zip(b)).zip(c.iter().zip(d)) {
                *gain += (a * value[0] + b * value[1]) + (c * value[2] + d * value[3]);
            }
        }
        for (line, value) in lines.remainder().chunks_exact(width).zip(values.remainder()) {
            self.gains.iter_mut().zip(line).for_each(|(gain, cell)| *gain += cell * value);
        }
        let spread = rules.forgetting + dot(&self.gains, row);
        let share = 1.0 / spread;
        for (weight, gain) in self.weights.iter_mut().zip(&self.gains) {
            *weight += gain * share * error;
        }
        // one factor for both sides: the inverse stays symmetric to the last bit
        let root = share.sqrt();
        self.gains.iter_mut().for_each(|gain| *gain *= root);
        for (line, own) in self.inverse.chunks_exact_mut(width).zip(&self.gains) {
            line.iter_mut().zip(&self.gains).for_each(|(cell, gain)| *cell -= own * gain);
        }
        self.forget(rules);
        let sound = spread >= 0.5 * rules.forgetting && spread < 1e200 && self.weights.iter().all(|weight| weight.abs() < 1e200);
        if !sound {
            self.restart(rules);
        }
    }

    /// Forgetting makes the model less sure, but never less than it was at its beginning.
    fn forget(&mut self, rules: &Rules) {
        if rules.forgetting == 1.0 {
            return;
        }
        let width = self.weights.len();
        let most = self.inverse.iter().step_by(width + 1).fold(0.0, |most: f64, cell| most.max(*cell));
        if most <= rules.forgetting / rules.l2 {
            self.inverse.iter_mut().for_each(|cell| *cell /= rules.forgetting);
        }
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&self.weights);
        into.f64s(&self.inverse);
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        from.f64s(&mut self.weights)?;
        from.f64s(&mut self.inverse)
    }
}
