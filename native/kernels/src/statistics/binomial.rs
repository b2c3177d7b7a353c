use super::deviance::deviance;
use std::f64::consts::TAU;

/// `P(X <= count)` of `trials` with success probability `rate` in `(0, 1)`: the shorter tail summed from its largest term, all terms
/// positive. The error is 1e-14 relative for 1,000 trials and 1e-12 for 100,000, where a term is the exponential of a large number.
/// Source of the terms: C. Loader (2000), *Fast and Accurate Computation of Binomial Probabilities*.
pub fn at_most(count: u32, trials: u32, rate: f64) -> f64 {
    if count >= trials {
        return 1.0;
    }
    let n = f64::from(trials);
    let odds = rate / (1.0 - rate);
    if f64::from(count) <= n * rate {
        let mut term = exactly(count, trials, rate);
        let mut sum = term;
        for k in (1..=count).rev() {
            term *= f64::from(k) / ((n - f64::from(k) + 1.0) * odds);
            if sum + term == sum {
                break;
            }
            sum += term;
        }
        return sum.min(1.0);
    }
    let mut term = exactly(count + 1, trials, rate);
    let mut above = term;
    for k in count + 1..trials {
        term *= (n - f64::from(k)) * odds / (f64::from(k) + 1.0);
        if above + term == above {
            break;
        }
        above += term;
    }
    (1.0 - above).max(0.0)
}

/// `P(X = count)`, `count <= trials`.
fn exactly(count: u32, trials: u32, rate: f64) -> f64 {
    let (n, x) = (f64::from(trials), f64::from(count));
    if count == 0 {
        return libm::exp(n * libm::log1p(-rate));
    }
    if count == trials {
        return libm::exp(n * libm::log(rate));
    }
    let rest = n - x;
    let stirling = stirling_error(trials) - stirling_error(count) - stirling_error(trials - count);
    let exponent = stirling - deviance(x, n * rate) - deviance(rest, n * (1.0 - rate));
    libm::exp(exponent) * (n / (TAU * x * rest)).sqrt()
}

/// `ln n! - ln(sqrt(2 pi n) (n / e)^n)`; 0 for 0.
fn stirling_error(n: u32) -> f64 {
    if let Some(exact) = STIRLING_ERRORS.get(n as usize) {
        return *exact;
    }
    let n = f64::from(n);
    let s = 1.0 / (n * n);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s / 1188.0)))) / n
}

const STIRLING_ERRORS: [f64; 16] = [
    0.0,
    0.081_061_466_795_327_26,
    0.041_340_695_955_409_29,
    0.027_677_925_684_998_34,
    0.020_790_672_103_765_093,
    0.016_644_691_189_821_193,
    0.013_876_128_823_070_748,
    0.011_896_709_945_891_77,
    0.010_411_265_261_972_096,
    0.009_255_462_182_712_733,
    0.008_330_563_433_362_87,
    0.007_573_675_487_951_841,
    0.006_942_840_107_209_53,
    0.006_408_994_188_004_207,
    0.005_951_370_112_758_848,
    0.005_554_733_551_962_801,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath 1.4.1 at 60 digits: count, trials, rate, `P(X <= count)`.
    const AT_MOST: [(u32, u32, f64, f64); 13] = [
        (0, 250, 0.01, 0.08105851616218146),
        (4, 250, 0.01, 0.8921876269036253),
        (9, 250, 0.01, 0.9997498099312595),
        (249, 250, 0.01, 1.0),
        (250, 250, 0.01, 1.0),
        (3, 7, 0.5, 0.5),
        (1, 1_000, 0.05, 2.838088094711678e-21),
        (100, 1_000, 0.05, 0.9999999999609179),
        (4_500, 100_000, 0.05, 8.875972242324466e-14),
        (5_000, 100_000, 0.05, 0.5037624048046623),
        (50_000, 100_000, 0.5, 0.5012615631070984),
        (20, 100_000, 1e-9, 1.0),
        (10, 100_000, 0.05, 0.0), // below the least double
    ];

    #[test]
    fn probabilities_of_short_and_long_series() {
        for (count, trials, rate, expected) in AT_MOST {
            let got = at_most(count, trials, rate);
            assert!((got - expected).abs() <= 2e-12 * expected, "{count} of {trials} at {rate}: {got}, not {expected}");
        }
    }
}
