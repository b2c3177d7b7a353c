/** Calibration by its papers, over plain arrays: the oracle of the native kernel. */

/** A probability and what came. */
export interface Pair {
  readonly p: number;
  readonly up: boolean;
}

const clipped = (p: number): number => Math.min(1 - 1e-15, Math.max(1e-15, p));
export const oddsOf = (p: number): number => Math.log(clipped(p) / (1 - clipped(p)));
export const logLoss = (p: number, up: boolean): number => -Math.log(Math.max(1e-15, up ? p : 1 - p));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Slope and shift of `1 / (1 + exp(slope x odds + shift))`. */
export type Platt = readonly [slope: number, shift: number];
export const plattOf = ([slope, shift]: Platt, odds: number): number => 1 / (1 + Math.exp(odds * slope + shift));

/** Lin, Lin and Weng (2007), appendix. */
export function fitPlatt(pairs: readonly Pair[]): Platt {
  const odds = pairs.map(({ p }) => oddsOf(p));
  const ups = pairs.filter(({ up }) => up).length;
  const downs = pairs.length - ups;
  const [high, low] = [(ups + 1) / (ups + 2), 1 / (downs + 2)];
  const targets = pairs.map(({ up }) => (up ? high : low));
  if (odds.every((value) => value === odds[0])) {
    const mean = (ups * high + downs * low) / pairs.length;
    return [0, Math.log((1 - mean) / mean)];
  }
  const loss = ([slope, shift]: Platt) =>
    targets.reduce((total, target, i) => {
      const x = (odds[i] as number) * slope + shift;
      return total + (x >= 0 ? target * x : (target - 1) * x) + Math.log1p(Math.exp(-Math.abs(x)));
    }, 0);
  let at: Platt = [0, Math.log((downs + 1) / (ups + 1))];
  for (let round = 0; round < 100; round++) {
    const p = odds.map((value) => plattOf(at, value));
    const d1 = targets.map((target, i) => target - (p[i] as number));
    const d2 = p.map((value) => value * (1 - value));
    const h11 = odds.reduce((total, value, i) => total + value * value * (d2[i] as number), 1e-12);
    const h22 = d2.reduce((total, value) => total + value, 1e-12);
    const h21 = sum(odds.map((value, i) => value * (d2[i] as number)));
    const [g1, g2] = [sum(odds.map((value, i) => value * (d1[i] as number))), sum(d1)];
    if (Math.abs(g1) < 1e-5 && Math.abs(g2) < 1e-5) break;
    const det = h11 * h22 - h21 * h21;
    const [dSlope, dShift] = [-(h22 * g1 - h21 * g2) / det, -(h11 * g2 - h21 * g1) / det];
    const before = loss(at);
    const descent = g1 * dSlope + g2 * dShift;
    let step = 1;
    const next = (): Platt => [at[0] + step * dSlope, at[1] + step * dShift];
    while (step >= 1e-10 && !(loss(next()) < before + 1e-4 * step * descent)) step /= 2;
    if (step < 1e-10) break;
    at = next();
  }
  return at;
}

/** Points of a function that never falls, in ascending order. */
export type Isotonic = readonly (readonly [x: number, y: number])[];

/** By the min-max formulas: of the means of all runs that begin at or before a point and end at or after it, the greatest of the least. */
export function fitIsotonic(pairs: readonly Pair[]): Isotonic {
  const xs = [...new Set(pairs.map(({ p }) => p))].sort((a, b) => a - b);
  const counts = xs.map((x) => pairs.filter(({ p }) => p === x));
  const ups = [0];
  const all = [0];
  for (const some of counts) {
    ups.push((ups.at(-1) as number) + some.filter(({ up }) => up).length);
    all.push((all.at(-1) as number) + some.length);
  }
  const mean = (from: number, to: number) =>
    ((ups[to + 1] as number) - (ups[from] as number)) / ((all[to + 1] as number) - (all[from] as number));
  return xs.map((x, i): readonly [number, number] => {
    const least = xs.slice(0, i + 1).map((_, from) => Math.min(...xs.slice(i).map((__, to) => mean(from, i + to))));
    return [x, Math.max(...least)];
  });
}

export function isotonicOf(points: Isotonic, p: number, rows: number): number {
  const next = points.findIndex(([x]) => x > p);
  const [before, after] = [points[next < 0 ? points.length - 1 : next - 1], points[next]];
  const between = () => {
    const [[x0, y0], [x1, y1]] = [before, after] as [readonly [number, number], readonly [number, number]];
    return y0 + (y1 - y0) * ((p - x0) / (x1 - x0));
  };
  const value = next < 0 ? (before?.[1] ?? 0.5) : before === undefined ? (after?.[1] ?? 0.5) : between();
  const margin = 1 / (rows + 2);
  return Math.min(1 - margin, Math.max(margin, value));
}

/** Offsets of the bounds for the errors of a window, infinite where it is too short to know one. */
export function offsetsOf(errors: readonly number[], miss: number, twoSided: boolean): readonly [lower: number, upper: number] {
  const sorted = (twoSided ? [...errors] : errors.map(Math.abs)).sort((a, b) => a - b);
  const all = sorted.length + 1;
  const share = twoSided ? miss / 2 : miss;
  const high = Math.max(1, Math.ceil(all * (1 - share) - 1e-9));
  const upper = sorted[high - 1] ?? Number.POSITIVE_INFINITY;
  if (!twoSided) return [-upper, upper];
  const low = Math.min(sorted.length, Math.floor(all * share + 1e-9));
  const lower = low < 1 ? Number.NEGATIVE_INFINITY : (sorted[low - 1] as number);
  return [Math.min(lower, upper), Math.max(lower, upper)];
}
