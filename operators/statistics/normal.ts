/** The normal distribution for reference kernels: from the definition, slow. */

export const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/**
 * The lower tail `P(X <= x)`, `x <= 0`: by the power series of the integral near 0, by the continued fraction of the tail further out.
 * Source: M. Abramowitz, I. A. Stegun (1964), Handbook of Mathematical Functions, 26.2.10, 26.2.11 and 26.2.14.
 */
export function lowerTail(x: number): number {
  if (x > -3) {
    let term = x;
    let sum = x;
    for (let k = 1; sum + term !== sum; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 + density(x) * sum;
  }
  let fraction = 0;
  for (let k = 200; k > 0; k--) fraction = k / (-x + fraction);
  return density(x) / (-x + fraction);
}

/** The quantile of a probability up to one half, by bisection. */
export function lowerQuantile(probability: number): number {
  if (probability === 0.5) return 0;
  let [from, to] = [-40, 0];
  for (let i = 0; i < 100; i++) {
    const middle = (from + to) / 2;
    if (lowerTail(middle) < probability) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
