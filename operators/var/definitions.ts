import { density } from '../statistics/normal.ts';
import { add, constant, type Dual, divide, exponential, multiply, power, root, scale, subtract, sum } from './dual.ts';
import type { Method } from './operator.ts';

/** A portfolio's returns, oldest first, with their derivatives by one weight. */
export type Returns = readonly Dual[];

export interface Measure {
  readonly var: Dual;
  readonly es: Dual;
}

/** The part of the distribution that lies beyond a confidence level, and how to compute. */
export interface Tail {
  /** In billionths. */
  readonly parts: number;
  /** Normal quantile of the probability. */
  readonly z: number;
  readonly quantile: 'linear' | 'inverted_cdf';
  readonly lambda: number;
}

const mean = (values: Returns): Dual => scale(sum(values), 1 / values.length);

/** Mean and deviations from it; measured from the first value, so that a flat window has none. */
function centered(returns: Returns): { readonly mean: Dual; readonly deviations: Returns } {
  const first = returns[0] as Dual;
  const from = returns.map((value) => subtract(value, first));
  return { mean: add(first, mean(from)), deviations: from.map((value) => subtract(value, mean(from))) };
}

const FLAT = 1e-150;

function historical(returns: Returns, { parts, quantile }: Tail): Measure {
  const sorted = returns.toSorted((a, b) => a.value - b.value); // equal values stay in order of arrival
  const at = (rank: number) => sorted[rank] as Dual;
  const whole = BigInt(quantile === 'linear' ? sorted.length - 1 : sorted.length) * BigInt(parts);
  const [rank, rest] = [Number(whole / 1_000_000_000n), Number(whole % 1_000_000_000n) / 1e9];
  if (quantile === 'inverted_cdf') {
    const inside = sorted.slice(0, rest === 0 ? rank - 1 : rank);
    const part = rest === 0 ? 1 : rest;
    const edge = at(inside.length);
    return { var: edge, es: scale(add(sum(inside), scale(edge, part)), 1 / (inside.length + part)) };
  }
  const low = at(rank);
  const value = rest === 0 ? low : add(low, scale(subtract(at(rank + 1), low), rest));
  const below = sorted.filter((other) => other.value < value.value);
  return { var: value, es: below.length === 0 ? value : mean(below) };
}

function gaussian(returns: Returns, { parts, z }: Tail): Measure {
  const { mean: middle, deviations } = centered(returns);
  const variance = mean(deviations.map((deviation) => power(deviation, 2)));
  if (variance.value < FLAT) return { var: middle, es: middle };
  const spread = root(variance);
  return { var: add(middle, scale(spread, z)), es: subtract(middle, scale(spread, density(z) / (parts / 1e9))) };
}

function cornishFisher(returns: Returns, { parts, z }: Tail): Measure {
  const { mean: middle, deviations } = centered(returns);
  const moment = (order: number) => mean(deviations.map((deviation) => power(deviation, order)));
  const variance = moment(2);
  if (variance.value < FLAT) return { var: middle, es: middle };
  const probability = parts / 1e9;
  const spread = root(variance);
  const s = divide(moment(3), power(spread, 3));
  const k = subtract(divide(moment(4), power(spread, 4)), constant(3));
  const h = sum([constant(z), scale(s, (z ** 2 - 1) / 6), scale(k, (z ** 3 - 3 * z) / 24), scale(power(s, 2), -(2 * z ** 3 - 5 * z) / 36)]);
  const polynomial = (...terms: readonly (readonly [factor: number, exponent: number])[]): Dual =>
    sum(terms.map(([factor, exponent]) => scale(power(h, exponent), factor)));
  const factor = sum([
    constant(1),
    scale(multiply(polynomial([1, 3]), s), 1 / 6),
    scale(multiply(polynomial([1, 4], [-2, 2], [-1, 0]), k), 1 / 24),
    scale(multiply(polynomial([1, 6], [-9, 4], [9, 2], [3, 0]), power(s, 2)), 1 / 72),
  ]);
  const normal = scale(exponential(scale(power(h, 2), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  const shortfall = scale(multiply(normal, factor), -1 / probability);
  const worse = shortfall.value > h.value ? h : shortfall;
  return { var: add(middle, multiply(spread, h)), es: add(middle, multiply(spread, worse)) };
}

function ewma(returns: Returns, { parts, z, lambda }: Tail): Measure {
  const weights = returns.map((_, i) => lambda ** (returns.length - 1 - i));
  const squares = sum(returns.map((value, i) => scale(power(value, 2), weights[i] as number)));
  if (squares.value === 0) return { var: constant(0), es: constant(0) };
  const spread = root(scale(squares, 1 / weights.reduce((total, weight) => total + weight, 0)));
  return { var: scale(spread, z), es: scale(spread, -density(z) / (parts / 1e9)) };
}

/** VaR and ES by their definitions over whole series: slow, plain and independent of the native ones, whose oracle they are. */
export const DEFINITIONS: Readonly<Record<Method, (returns: Returns, tail: Tail) => Measure>> = {
  historical,
  gaussian,
  cornish_fisher: cornishFisher,
  ewma,
};
