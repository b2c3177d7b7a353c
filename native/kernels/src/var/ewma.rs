use super::measure::{Measure, Rules};
use crate::fault::Fault;
use crate::snapshot::{Reader, Writer};
use crate::statistics::tail::Tail;

/// Exponentially weighted mean squares of returns around 0, over all rows of a key. The weights are divided by their sum, so that the
/// first rows are not held against a start value; after some `1 / (1 - lambda)` rows this is the recurrence
/// `lambda * variance + (1 - lambda) * return^2`.
/// Source: J. P. Morgan / Reuters (1996), *RiskMetrics Technical Document*, 4th edition, section 5.2.
#[derive(Debug, Clone)]
pub struct Ewma {
    weight: f64,
    square: f64,
    /// Of an asset's return times that of the portfolio, by asset.
    products: Vec<f64>,
}

impl Ewma {
    pub fn new(assets: usize) -> Self {
        Self { weight: 0.0, square: 0.0, products: vec![0.0; assets] }
    }

    pub fn push(&mut self, rules: &Rules, returns: &[f64], value: f64) {
        self.weight = rules.lambda * self.weight + 1.0;
        self.square = rules.lambda * self.square + value * value;
        for (product, asset) in self.products.iter_mut().zip(returns) {
            *product = rules.lambda * *product + asset * value;
        }
    }

    fn deviation(&self) -> f64 {
        (self.square / self.weight).sqrt()
    }

    pub fn measure(&self, tail: &Tail) -> Measure {
        Measure { var: tail.z * self.deviation(), es: tail.mean * self.deviation() }
    }

    /// Derivatives of the measure with respect to the weight of an asset.
    pub fn marginal(&self, tail: &Tail, asset: usize) -> Measure {
        let deviation = self.deviation();
        let spread = if deviation > 0.0 { self.products[asset] / self.weight / deviation } else { 0.0 };
        Measure { var: tail.z * spread, es: tail.mean * spread }
    }

    pub fn write(&self, into: &mut Writer) {
        into.f64s(&[self.weight, self.square]);
        into.f64s(&self.products);
    }

    pub fn read(&mut self, from: &mut Reader) -> Result<(), Fault> {
        self.weight = from.f64()?;
        self.square = from.f64()?;
        from.f64s(&mut self.products)
    }
}
