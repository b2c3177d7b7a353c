/** A number with its exponent, as Rust writes it with `{:e}`. */
export function exponential(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? value.toExponential().replace('e+', 'e') : value > 0 ? 'inf' : '-inf';
}
