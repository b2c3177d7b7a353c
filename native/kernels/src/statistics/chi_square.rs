//! Upper tails of the chi-square distribution, for the degrees of freedom in use: closed forms, so that the tail keeps its digits down to
//! 1e-300. The error is about `(1 + x / 2) * 2^-52` relative: that of `libm` (below one unit in the last place), and what the rounding of
//! the argument makes of it.
//! Source: M. Abramowitz, I. A. Stegun (1964), *Handbook of Mathematical Functions*, 26.4.4 and 26.4.5.

/// `P(X > x)` with one degree of freedom.
pub fn above_1(x: f64) -> f64 {
    libm::erfc((0.5 * x.max(0.0)).sqrt())
}

/// `P(X > x)` with two degrees of freedom.
pub fn above_2(x: f64) -> f64 {
    libm::exp(-0.5 * x.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mpmath 1.4.1 at 60 digits: `erfc(sqrt(x / 2))`.
    const ABOVE_1: [(f64, f64); 8] = [
        (1e-8, 0.9999202115440526),
        (0.5, 0.4795001221869535),
        (3.841458820694124, 0.05000000000000006),
        (12.95549, 0.0003189846892240612),
        (50.0, 1.537459794428035e-12),
        (200.0, 2.088487583762545e-45),
        (1000.0, 1.7958327848007262e-219),
        (1400.0, 2.1010145162642176e-306),
    ];

    /// The same: `exp(-x / 2)`.
    const ABOVE_2: [(f64, f64); 5] = [
        (1e-8, 0.999999995),
        (0.5, 0.7788007830714049),
        (5.991464547107979, 0.05000000000000007),
        (100.0, 1.9287498479639178e-22),
        (1300.0, 5.111951948651156e-283),
    ];

    #[test]
    fn tails_keep_their_digits() {
        let check = |above: fn(f64) -> f64, values: &[(f64, f64)]| {
            for (x, expected) in values {
                let error = (above(*x) - expected).abs() / expected;
                assert!(error <= (2.0 + x / 2.0) * f64::EPSILON, "{x}: {} is off by {error}", above(*x));
            }
        };
        check(above_1, &ABOVE_1);
        check(above_2, &ABOVE_2);
        assert_eq!((above_1(0.0), above_2(0.0)), (1.0, 1.0));
    }
}
