//! Modified VaR and ES: the normal quantile corrected for the skewness and the excess kurtosis of the window (population moments).
//! Source: K. Boudt, B. Peterson, C. Croux (2008), *Estimation and Decomposition of Downside Risk for Portfolios with Non-Normal
//! Returns*, Journal of Risk 11; ES not above VaR, as `operational` in PerformanceAnalytics 2.1.0.

use super::measure::{Measure, deviation};
use crate::statistics::central::{Central, Joint};
use crate::statistics::normal;
use crate::statistics::tail::Tail;

/// The shape of a window and what of the expansion depends on it alone.
#[derive(Debug, Clone, Copy)]
pub struct Expansion {
    mean: f64,
    deviation: f64,
    skewness: f64,
    kurtosis: f64,
    /// Corrected quantile.
    h: f64,
    /// Coefficients of the skewness, the kurtosis and the square of the skewness in `h`.
    of_h: [f64; 3],
    /// ES in deviations, and whether it is the quantile instead.
    es: f64,
    capped: bool,
    tail: Tail,
}

impl Expansion {
    /// None of a flat window.
    pub fn new(tail: &Tail, of: &Central) -> Option<Self> {
        let deviation = deviation(of)?;
        let variance = deviation * deviation;
        let skewness = of.third / of.count / (variance * deviation);
        let kurtosis = of.fourth / of.count / (variance * variance) - 3.0;
        let z = tail.z;
        let of_h = [(z * z - 1.0) / 6.0, (z * z - 3.0) * z / 24.0, -(2.0 * z * z - 5.0) * z / 36.0];
        let h = z + of_h[0] * skewness + of_h[1] * kurtosis + of_h[2] * skewness * skewness;
        let shortfall = -normal::density(h) * polynomial(h, skewness, kurtosis)[0] / tail.probability;
        let capped = shortfall > h;
        let es = if capped { h } else { shortfall };
        Some(Self { mean: of.mean, deviation, skewness, kurtosis, h, of_h, es, capped, tail: *tail })
    }

    pub fn measure(&self) -> Measure {
        Measure { var: self.mean + self.h * self.deviation, es: self.mean + self.es * self.deviation }
    }

    /// Derivatives of the measure with respect to the weight of an asset.
    pub fn marginal(&self, of: &Joint) -> Measure {
        let Self { deviation, skewness, kurtosis, h, of_h, .. } = *self;
        let variance = deviation * deviation;
        let count = of.y.count;
        let spread = of.first / count / deviation;
        let skew = 3.0 * (of.second / count / (variance * deviation) - skewness * spread / deviation);
        let excess = 4.0 * (of.third / count / (variance * variance) - (kurtosis + 3.0) * spread / deviation);
        let quantile = of_h[0] * skew + of_h[1] * excess + 2.0 * of_h[2] * skewness * skew;
        let var = of.mean + spread * h + deviation * quantile;
        if self.capped {
            return Measure { var, es: var };
        }
        let [value, by_h, by_skewness, by_kurtosis] = polynomial(h, skewness, kurtosis);
        let change = (by_h - h * value) * quantile + by_skewness * skew + by_kurtosis * excess;
        let shortfall = -normal::density(h) * change / self.tail.probability;
        Measure { var, es: of.mean + spread * self.es + deviation * shortfall }
    }
}

/// The factor of the density in the expected shortfall, and its derivatives by the quantile, the skewness and the kurtosis.
fn polynomial(h: f64, skewness: f64, kurtosis: f64) -> [f64; 4] {
    let (h2, h3) = (h * h, h * h * h);
    let of_kurtosis = (h2 * h2 - 2.0 * h2 - 1.0) / 24.0;
    let of_square = (h3 * h3 - 9.0 * h2 * h2 + 9.0 * h2 + 3.0) / 72.0;
    let by_h = skewness * h2 / 2.0 + kurtosis * (h3 - h) / 6.0 + skewness * skewness * (6.0 * h2 * h3 - 36.0 * h3 + 18.0 * h) / 72.0;
    [
        1.0 + skewness * h3 / 6.0 + kurtosis * of_kurtosis + skewness * skewness * of_square,
        by_h,
        h3 / 6.0 + 2.0 * skewness * of_square,
        of_kurtosis,
    ]
}
