//! Likelihood-ratio tests and zones over counts of breaches.

use crate::statistics::binomial;
use crate::statistics::chi_square;
use crate::statistics::deviance::deviance;

/// A likelihood ratio and the probability of one at least as large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    pub ratio: f64,
    pub p_value: f64,
}

/// The breach rate that a confidence level promises, in billionths.
pub type Parts = u64;
const WHOLE: f64 = 1e9;

/// Proportion of failures: whether there are as many breaches as promised.
/// Source: P. Kupiec (1995), *Techniques for Verifying the Accuracy of Risk Measurement Models*, The Journal of Derivatives 3.
pub fn kupiec(observations: u32, breaches: u32, parts: Parts) -> Test {
    let expected = |parts: f64| f64::from(observations) * parts / WHOLE;
    let rate = parts as f64;
    let ratio =
        2.0 * (deviance(f64::from(breaches), expected(rate)) + deviance(f64::from(observations - breaches), expected(WHOLE - rate)));
    Test { ratio, p_value: chi_square::above_1(ratio) }
}

/// Whether a breach makes another on the next observation more or less likely; 0 where there is no breach with one after it.
/// Source: P. Christoffersen (1998), *Evaluating Interval Forecasts*, International Economic Review 39, section 3.2.
pub fn independence(pairs: &[[u32; 2]; 2]) -> Test {
    let n = pairs.map(|row| row.map(f64::from));
    let all: f64 = n.iter().flatten().sum();
    let mut ratio = 0.0;
    if all > 0.0 {
        for first in 0..2 {
            for second in 0..2 {
                let expected = (n[first][0] + n[first][1]) * (n[0][second] + n[1][second]) / all;
                if expected > 0.0 {
                    ratio += 2.0 * deviance(n[first][second], expected);
                }
            }
        }
    }
    Test { ratio, p_value: chi_square::above_1(ratio) }
}

/// Both at once: the sum of the two ratios, with two degrees of freedom.
pub fn conditional(kupiec: &Test, independence: &Test) -> Test {
    let ratio = kupiec.ratio + independence.ratio;
    Test { ratio, p_value: chi_square::above_2(ratio) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Green,
    Yellow,
    Red,
}

/// Zone, probability of at most as many breaches if the model is right, and the multiplier of the capital charge, which is laid down for
/// 250 observations at 99 % only.
/// Source: Basel Committee on Banking Supervision (1996), *Supervisory framework for the use of "backtesting"*, table 2.
pub fn basel(observations: u32, breaches: u32, parts: Parts) -> (Zone, f64, Option<f64>) {
    let probability = binomial::at_most(breaches, observations, parts as f64 / WHOLE);
    let zone = match probability {
        p if p < 0.95 => Zone::Green,
        p if p < 0.9999 => Zone::Yellow,
        _ => Zone::Red,
    };
    let multiplier = (observations == 250 && parts == 10_000_000).then_some(match breaches {
        0..=4 => 3.0,
        5 => 3.4,
        6 => 3.5,
        7 => 3.65,
        8 => 3.75,
        9 => 3.85,
        _ => 4.0,
    });
    (zone, probability, multiplier)
}
