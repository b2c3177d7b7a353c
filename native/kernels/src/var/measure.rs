use crate::statistics::central::{Central, Joint};
use crate::statistics::tail::Tail;
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Historical,
    Gaussian,
    CornishFisher,
    Ewma,
}

/// Which sample quantile, by the names of NumPy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantile {
    Linear,
    InvertedCdf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contribution {
    Component,
    Marginal,
}

/// What is computed for every key.
#[derive(Debug, Clone)]
pub struct Rules {
    pub window: usize,
    pub min_rows: usize,
    pub tails: Vec<Tail>,
    pub methods: Vec<Method>,
    pub quantile: Quantile,
    /// Weight of a squared return against the next one.
    pub lambda: f64,
    /// Of the assets, by column.
    pub weights: Vec<f64>,
    pub contributions: Vec<Contribution>,
}

impl Rules {
    pub fn has(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }

    pub fn has_moments(&self) -> bool {
        self.has(Method::Gaussian) || self.has(Method::CornishFisher)
    }

    /// The return of the portfolio of weighted assets.
    pub fn portfolio(&self, returns: &[f64]) -> f64 {
        returns.iter().zip(&self.weights).map(|(value, weight)| value * weight).sum::<f64>() + 0.0
    }

    /// Numbers a row: by tail and method VaR and ES, then by kind of contribution and measure one an asset.
    pub fn outputs(&self) -> usize {
        self.tails.len() * self.methods.len() * 2 * (1 + self.contributions.len() * self.weights.len())
    }
}

/// VaR and ES as returns: below 0 is a loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub var: f64,
    pub es: f64,
}

/// A variance below this has no fourth power in Float64; the window counts as flat.
const FLAT: f64 = 1e-150;

/// The population deviation of the window; none of a flat one.
pub fn deviation(of: &Central) -> Option<f64> {
    let variance = of.second / of.count;
    (variance >= FLAT).then(|| variance.sqrt())
}

/// Of a normal distribution with the mean and the population deviation of the window.
/// Source: P. Jorion (2007), *Value at Risk*, section 5.2; ES: A. McNeil, R. Frey, P. Embrechts (2005), *Quantitative Risk Management*,
/// example 2.18.
pub fn gaussian(tail: &Tail, of: &Central) -> Measure {
    let spread = deviation(of).unwrap_or(0.0);
    Measure { var: of.mean + tail.z * spread, es: of.mean + tail.mean * spread }
}

/// Derivatives of `gaussian` with respect to the weight of an asset.
pub fn gaussian_marginal(tail: &Tail, of: &Joint) -> Measure {
    let spread = deviation(&of.y).map_or(0.0, |deviation| of.first / of.y.count / deviation);
    Measure { var: of.mean + tail.z * spread, es: of.mean + tail.mean * spread }
}
