/**
 * A number and its derivative with respect to one weight: arithmetic on it differentiates whatever is computed.
 * Source: L. B. Rall (1981), Automatic Differentiation.
 */
export interface Dual {
  readonly value: number;
  readonly slope: number;
}

export const constant = (value: number): Dual => ({ value, slope: 0 });
export const add = (a: Dual, b: Dual): Dual => ({ value: a.value + b.value, slope: a.slope + b.slope });
export const subtract = (a: Dual, b: Dual): Dual => ({ value: a.value - b.value, slope: a.slope - b.slope });
export const scale = (a: Dual, by: number): Dual => ({ value: a.value * by, slope: a.slope * by });
export const multiply = (a: Dual, b: Dual): Dual => ({ value: a.value * b.value, slope: a.slope * b.value + a.value * b.slope });
export const divide = (a: Dual, b: Dual): Dual => ({
  value: a.value / b.value,
  slope: (a.slope - (a.value / b.value) * b.slope) / b.value,
});
export const root = (a: Dual): Dual => ({ value: Math.sqrt(a.value), slope: a.slope / (2 * Math.sqrt(a.value)) });
export const exponential = (a: Dual): Dual => ({ value: Math.exp(a.value), slope: Math.exp(a.value) * a.slope });
export const sum = (all: readonly Dual[]): Dual => all.reduce(add, constant(0));

export function power(a: Dual, exponent: number): Dual {
  return exponent === 0 ? constant(1) : multiply(a, power(a, exponent - 1));
}
