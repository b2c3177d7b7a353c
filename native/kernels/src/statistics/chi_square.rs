//! Upper tails of the chi-square distribution, for the degrees of freedom in use: closed forms, so the error is that of `libm`
//! (below 2 units in the last place) and the tail keeps its digits down to 1e-300.
//! Source: M. Abramowitz, I. A. Stegun (1964), *Handbook of Mathematical Functions*, 26.4.4 and 26.4.5.

/// `P(X > x)` with one degree of freedom.
pub fn above_1(x: f64) -> f64 {
    libm::erfc((0.5 * x.max(0.0)).sqrt())
}

/// `P(X > x)` with two degrees of freedom.
pub fn above_2(x: f64) -> f64 {
    libm::exp(-0.5 * x.max(0.0))
}
