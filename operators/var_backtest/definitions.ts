import { lowerTail } from '../statistics/normal.ts';

/** The tests by their definitions, from plain lists of breaches: the oracle of the native kernel. */

/** `x ln(x / expected)`, 0 for 0. */
const part = (x: number, expected: number): number => (x === 0 ? 0 : x * Math.log(x / expected));

/** `P(X > x)` of the chi-square distribution with one or two degrees of freedom. */
export const chiSquareAbove = (x: number, degrees: 1 | 2): number =>
  degrees === 2 ? Math.exp(-x / 2) : 2 * lowerTail(-Math.sqrt(Math.max(0, x)));

/** `tail` in billionths. */
export function kupiec(hits: readonly boolean[], tail: number): number {
  const breaches = hits.filter(Boolean).length;
  return 2 * (part(breaches, (hits.length * tail) / 1e9) + part(hits.length - breaches, (hits.length * (1e9 - tail)) / 1e9));
}

export function independence(hits: readonly boolean[]): number {
  const pairs = hits.slice(1).map((second, i) => [hits[i] as boolean, second] as const);
  const count = (of: (first: boolean, second: boolean) => boolean) => pairs.filter(([first, second]) => of(first, second)).length;
  const cells = [false, true].flatMap((first) => [false, true].map((second) => [first, second] as const));
  return cells.reduce((sum, [first, second]) => {
    const row = count((a) => a === first);
    const column = count((_, b) => b === second);
    return (
      sum +
      2 *
        part(
          count((a, b) => a === first && b === second),
          (row * column) / pairs.length,
        )
    );
  }, 0);
}

/** `P(X <= count)` of the binomial distribution. */
export function atMost(count: number, trials: number, rate: number): number {
  let term = (1 - rate) ** trials;
  let sum = term;
  for (let k = 1; k <= count; k++) {
    term *= ((trials - k + 1) / k) * (rate / (1 - rate));
    sum += term;
  }
  return Math.min(1, sum);
}

const MULTIPLIERS = [3, 3, 3, 3, 3, 3.4, 3.5, 3.65, 3.75, 3.85];

/** Of 250 observations at 99 %. */
export const multiplierOf = (breaches: number): number => MULTIPLIERS[breaches] ?? 4;
