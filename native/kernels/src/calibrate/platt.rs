/// Probability `1 / (1 + exp(slope x odds + shift))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    pub slope: f64,
    pub shift: f64,
}

const ROUNDS: usize = 100;
const RIDGE: f64 = 1e-12;
const SMALL_GRADIENT: f64 = 1e-5;
const LEAST_STEP: f64 = 1e-10;

/// Fits the sigmoid by Newton's method. Sources: J. Platt (1999), *Probabilistic Outputs for Support Vector Machines*;
/// H.-T. Lin, C.-J. Lin, R. Weng (2007), Machine Learning 68, appendix.
pub fn fit(pairs: &[(f64, bool)]) -> Platt {
    let ups = pairs.iter().filter(|(_, up)| *up).count() as f64;
    let downs = pairs.len() as f64 - ups;
    let (high, low) = ((ups + 1.0) / (ups + 2.0), 1.0 / (downs + 2.0));
    let target = |up: bool| if up { high } else { low };
    let start = libm::log((downs + 1.0) / (ups + 1.0));
    if pairs.windows(2).all(|pair| pair[0].0 == pair[1].0) {
        // a slope cannot be told: the mean target for all
        let mean = (ups * high + downs * low) / pairs.len() as f64;
        return Platt { slope: 0.0, shift: libm::log((1.0 - mean) / mean) };
    }
    let loss = |at: Platt| {
        pairs.iter().fold(0.0, |sum, (odds, up)| {
            let x = odds * at.slope + at.shift;
            let part = if x >= 0.0 { target(*up) * x } else { (target(*up) - 1.0) * x };
            sum + part + libm::log1p(libm::exp(-x.abs()))
        })
    };
    let mut at = Platt { slope: 0.0, shift: start };
    let mut value = loss(at);
    for _ in 0..ROUNDS {
        let (mut h11, mut h22, mut h21, mut g1, mut g2) = (RIDGE, RIDGE, 0.0, 0.0, 0.0);
        for (odds, up) in pairs {
            let p = at.of(*odds);
            let (d1, d2) = (target(*up) - p, p * (1.0 - p));
            h11 += odds * odds * d2;
            h22 += d2;
            h21 += odds * d2;
            g1 += odds * d1;
            g2 += d1;
        }
        if g1.abs() < SMALL_GRADIENT && g2.abs() < SMALL_GRADIENT {
            break;
        }
        let det = h11 * h22 - h21 * h21;
        let (d_slope, d_shift) = (-(h22 * g1 - h21 * g2) / det, -(h11 * g2 - h21 * g1) / det);
        let descent = g1 * d_slope + g2 * d_shift;
        let mut step = 1.0;
        while step >= LEAST_STEP {
            let next = Platt { slope: at.slope + step * d_slope, shift: at.shift + step * d_shift };
            let reached = loss(next);
            if reached < value + 1e-4 * step * descent {
                (at, value) = (next, reached);
                break;
            }
            step /= 2.0;
        }
        if step < LEAST_STEP {
            break;
        }
    }
    at
}

impl Platt {
    pub fn of(&self, odds: f64) -> f64 {
        1.0 / (1.0 + libm::exp(odds * self.slope + self.shift))
    }

    /// 1 - `of`, without the loss of digits near 1.
    pub fn rest(&self, odds: f64) -> f64 {
        1.0 / (1.0 + libm::exp(-(odds * self.slope + self.shift)))
    }
}
