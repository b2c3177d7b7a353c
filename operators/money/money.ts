/** Money is counted in 10^-18 of a currency. */
export const UNIT = 10n ** 18n;
/** Rates of exchange are counted in 10^-15. */
export const RATE_ONE = 10n ** 15n;
/** A part of a notional is counted in 10^-10: a millionth of a basis point. */
export const SHARE_ONE = 10n ** 10n;
/** Prices are counted in thousandths of a tick. */
export const TICK_PARTS = 1000n;
/** Most that notionals, fees and deposits of an account may come to together, 10^-18. */
export const MOST_TURNOVER = 4n * 10n ** 37n;
/** Market values of all instruments together stay below this, 10^-18. */
export const MOST_VALUE = 10n ** 38n;
/** Amounts from Float64 are below this, in currency units. */
const MOST = 1e19;

export const fitsInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;
const fitsInt128 = (value: bigint): boolean => BigInt.asIntN(128, value) === value;
export const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

/** `a * b / d` to the nearest integer, halves away from zero; null beyond int128. */
export function mulDiv(a: bigint, b: bigint, d: bigint): bigint | null {
  const product = a * b;
  const rounded = (absolute(product) * 2n + d) / (d * 2n);
  return inRange(product < 0n ? -rounded : rounded);
}

/** The sum; null when a part is null or it is beyond int128. */
export function total(...parts: readonly (bigint | null)[]): bigint | null {
  return parts.reduce<bigint | null>((sum, part) => (sum === null || part === null ? null : inRange(sum + part)), 0n);
}

function inRange(value: bigint): bigint | null {
  return fitsInt128(value) ? value : null;
}

/** To the nearest integer, halves away from zero. */
export function nearest(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

/**
 * A Float64 amount as the decimal it was written as: to the nearest 10^-12 below 4,096, 10^-9 below 4 million, 10^-6 below 4 billion,
 * 10^-3 below 4 trillion, else whole. So many decimals a Float64 of that size tells apart. Null when not finite or not below 10^19.
 */
export function unitsOf(value: number): bigint | null {
  const size = Math.abs(value);
  if (Number.isNaN(value) || size >= MOST) return null;
  const decimals = [12, 22, 32, 42].findIndex((bits) => size < 2 ** bits);
  const places = decimals < 0 ? 0 : 12 - 3 * decimals;
  const whole = Math.trunc(value);
  return BigInt(whole) * UNIT + BigInt(nearest((value - whole) * 10 ** places)) * 10n ** BigInt(18 - places);
}

/** A rate or its inverse, counted in 10^-15; null when it is not positive or beyond 10^12. */
export function rateOf(price: number, inverse: boolean): bigint | null {
  const scaled = nearest((inverse ? 1 / price : price) * 1e15);
  return scaled >= 1 && scaled <= 1e27 ? BigInt(scaled) : null;
}

/** An amount of money as the nearest Float64. */
export function amount(units: bigint): number {
  const digits = absolute(units).toString().padStart(19, '0');
  const value = Number(`${digits.slice(0, -18)}.${digits.slice(-18)}`);
  return units < 0n ? -value : value;
}

/** `digits * 10^-scale`. */
export function decimalValue(digits: bigint, scale: number): number {
  return Number(digits) / 10 ** scale;
}
