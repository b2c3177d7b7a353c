import { scaled } from '../limits/decimal.ts';
import { MONEY_PLACES } from '../limits/shape.ts';
import { abs, sum } from './books.ts';

/** Largest amount that is counted, 10^-18 base units. */
const MOST = scaled('1000000000000000', MONEY_PLACES) as bigint;

/** The sum; null where a term is beyond counting. */
export function total(terms: readonly (bigint | null)[]): bigint | null {
  return terms.some((term) => term === null) ? null : sum(terms.map((term) => term ?? 0n));
}

/** Tick-lots as money; null beyond 10^15 base units. */
export function money(ticks: bigint, unit: bigint): bigint | null {
  const value = ticks * unit;
  return abs(value) > MOST ? null : value;
}

/** Whether a row takes a sum above its limit: above it, and above what it was. */
export function passes(after: bigint | null, before: bigint | null, limit: bigint): boolean {
  return after === null || (after > limit && (before === null || after > before));
}
