use super::normal;

/// Parts a probability is given in, so that ranks are computed in integers: 0.05 x 100 rows is 5, not a little more.
const PARTS: u64 = 1_000_000_000;

/// The lower tail beyond a confidence level, and what of the normal distribution belongs to it.
#[derive(Debug, Clone, Copy)]
pub struct Tail {
    parts: u64,
    /// In `(0, 1)`: 0.05 for a confidence of 95 %.
    pub probability: f64,
    /// Normal quantile of the probability, below 0 for a tail under one half.
    pub z: f64,
    /// Mean of a standard normal variable in this tail: `-density(z) / probability`.
    pub mean: f64,
}

impl Tail {
    /// From the probability in billionths; none for 0 and for 1 or more.
    pub fn new(parts: u64) -> Option<Self> {
        if parts == 0 || parts >= PARTS {
            return None;
        }
        let probability = parts as f64 / PARTS as f64;
        let z = normal::quantile(probability);
        Some(Self { parts, probability, z, mean: -normal::density(z) / probability })
    }

    /// Type 7: the rank from 0 at or below the quantile of `count` values, and how far it lies towards the next.
    /// Source: R. J. Hyndman, Y. Fan (1996), *Sample Quantiles in Statistical Packages*, The American Statistician 50, definition 7.
    pub fn linear(&self, count: usize) -> (usize, f64) {
        let at = (count as u64).saturating_sub(1) * self.parts;
        ((at / PARTS) as usize, (at % PARTS) as f64 / PARTS as f64)
    }

    /// Type 1: the number of lowest values (at least one) that the tail touches of `count`, and the part of the last one that is in it.
    /// Source: as `linear`, definition 1.
    pub fn inverted_cdf(&self, count: usize) -> (usize, f64) {
        let size = count as u64 * self.parts;
        let touched = size.div_ceil(PARTS);
        (touched as usize, (size - touched.saturating_sub(1) * PARTS) as f64 / PARTS as f64)
    }
}
