/** A decimal number without rounding: digits x 10^-scale. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Most digits of a decimal in a payload. */
export const MAX_DIGITS = 36;

/** Plain decimal text (`61800.30`, no exponent, at most 36 digits), every digit kept; null when it is not one. */
export function decimal(text: string): Decimal | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return null;
  const [, sign, whole = '', fraction = ''] = match;
  if (whole.length + fraction.length > MAX_DIGITS) return null;
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, scale: fraction.length };
}

/** How many steps a positive value is, exactly; null when it is no multiple of the step. */
export function stepsOf(value: Decimal, step: Decimal): bigint | null {
  const scale = Math.max(value.scale, step.scale);
  const a = value.digits * 10n ** BigInt(scale - value.scale);
  const b = step.digits * 10n ** BigInt(scale - step.scale);
  return a % b === 0n ? a / b : null;
}

/**
 * The same of a positive Float64, which holds few decimals exactly: a multiple when it is within one part in 10^9 of one,
 * and never more than a hundredth of a step away.
 */
export function stepsOfFloat(value: number, step: number): number | null {
  const quotient = value / step;
  const nearest = Math.round(quotient);
  return Math.abs(quotient - nearest) <= Math.min(quotient * 1e-9, 0.01) ? nearest : null;
}
