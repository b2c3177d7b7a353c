use super::measure::{Measure, Quantile};
use crate::statistics::ranked::Entry;
use crate::statistics::tail::Tail;

/// VaR and ES as sums over the lowest values of a window, each with a weight: the same sums over an asset's returns in the same rows are
/// its derivatives.
///
/// `Linear`: the quantile of type 7; ES is the mean of the values below it, the quantile itself where there is none (as in
/// PerformanceAnalytics). `InvertedCdf`: the quantile of type 1; ES is the mean of the worst `probability` of the empirical distribution,
/// the value that lies across its edge counted in part.
/// Source: R. J. Hyndman, Y. Fan (1996), The American Statistician 50; C. Acerbi, D. Tasche (2002), *On the coherence of expected
/// shortfall*, Journal of Banking & Finance 26, proposition 4.1.
pub struct Lowest {
    /// Rank of the value at or below the quantile, and how far the quantile lies towards the next.
    rank: usize,
    fraction: f64,
    /// ES is the sum of the first `whole` values and `part` of the next, by `size`.
    whole: usize,
    part: f64,
    size: f64,
}

impl Lowest {
    /// Of a window of at least one value.
    pub fn new(quantile: Quantile, tail: &Tail, ranked: &[Entry]) -> Self {
        if quantile == Quantile::InvertedCdf {
            let (touched, part) = tail.inverted_cdf(ranked.len());
            let whole = touched.saturating_sub(1);
            return Self { rank: whole, fraction: 0.0, whole, part, size: whole as f64 + part };
        }
        let (rank, fraction) = tail.linear(ranked.len());
        let mut lowest = Self { rank, fraction, whole: 0, part: 1.0, size: 1.0 };
        let var = lowest.var(&|at: usize| ranked[at].value);
        lowest.whole = ranked[..(rank + 2).min(ranked.len())].partition_point(|entry| entry.value < var);
        lowest.part = 0.0;
        lowest.size = lowest.whole as f64;
        lowest
    }

    fn var(&self, value: &impl Fn(usize) -> f64) -> f64 {
        let low = value(self.rank);
        if self.fraction == 0.0 { low } else { low + self.fraction * (value(self.rank + 1) - low) }
    }

    /// Both sums over `value` by rank.
    pub fn measure(&self, value: &impl Fn(usize) -> f64) -> Measure {
        let var = self.var(value);
        if self.size == 0.0 {
            return Measure { var, es: var };
        }
        let whole: f64 = (0..self.whole).map(value).sum();
        let part = if self.part == 0.0 { 0.0 } else { self.part * value(self.whole) };
        Measure { var, es: (whole + part) / self.size }
    }
}
