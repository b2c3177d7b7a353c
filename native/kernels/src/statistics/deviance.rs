/// `x ln(x / mean) + mean - x`: how far a count is from its mean, in half units of a likelihood ratio; never negative and without
/// cancellation where the two are close. A count of 0 gives `mean`.
/// Source: C. Loader (2000), *Fast and Accurate Computation of Binomial Probabilities*, `bd0`.
pub fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if x == 0.0 {
        return mean;
    }
    if difference.abs() >= 0.1 * (x + mean) {
        return x * libm::log(x / mean) - difference;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    for j in 1..1_000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}
