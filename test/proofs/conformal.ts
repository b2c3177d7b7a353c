/** Rules of `calibrate`: defaults, but for what is given. */
export interface ConformalRules {
  readonly coverage?: number;
  readonly window?: number;
  /** Step of adaptive intervals, 0 for split ones. */
  readonly step?: number;
}

const [MIN_ROWS, COVERAGE_ROWS] = [100, 500];

/** What `calibrate` has to say of each row; NaN where nothing is known. */
export interface Intervals {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** Share of the last labelled rows that were inside of theirs. */
  readonly live: Float64Array;
}

/**
 * Conformal intervals of predictions over whole arrays: of the n errors known before a row, the ceil((n + 1) x (1 - miss))th in size, with
 * the miss that Gibbs and Candes (2021) move by what was missed. What came is NaN where no return is known; one of `ns` is known
 * `horizonNs` later, after the rows of that time.
 */
export function conformal(
  ns: readonly bigint[],
  expected: Float64Array,
  came: Float64Array,
  horizonNs: bigint,
  { coverage = 0.9, window = 1000, step = 0 }: ConformalRules,
): Intervals {
  const [lower, upper, live] = [0, 1, 2].map(() => new Float64Array(ns.length).fill(Number.NaN)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const hasBounds = ns.map(() => false);
  const sizes: number[] = [];
  const sorted: number[] = [];
  const inside: boolean[] = [];
  let insides = 0;
  let miss = 1 - coverage;
  let known = 0;
  for (const [row, now] of ns.entries()) {
    for (; (ns[known] as bigint) + horizonNs < now; known++) {
      const error = (came[known] as number) - (expected[known] as number);
      if (Number.isNaN(error)) continue;
      if (hasBounds[known]) {
        const isInside = !((came[known] as number) < (lower[known] as number) || (came[known] as number) > (upper[known] as number));
        inside.push(isInside);
        insides += Number(isInside) - Number(inside.length > COVERAGE_ROWS && inside[inside.length - COVERAGE_ROWS - 1]);
        miss += step * (1 - coverage - (isInside ? 0 : 1));
      }
      sizes.push(Math.abs(error));
      sorted.splice(placeIn(sorted, Math.abs(error)), 0, Math.abs(error));
      if (sizes.length > window) sorted.splice(placeIn(sorted, sizes[sizes.length - window - 1] as number), 1);
    }
    live[row] = insides / Math.min(inside.length, COVERAGE_ROWS);
    hasBounds[row] = sorted.length >= MIN_ROWS && !Number.isNaN(expected[row] as number);
    if (!hasBounds[row]) continue;
    const rank = Math.max(1, Math.ceil((sorted.length + 1) * (1 - miss) - 1e-9)); // 180.00000000000003 of 200 x 0.9 is 180
    const size = sorted[rank - 1] ?? Number.NaN; // beyond the last error none is known
    lower[row] = (expected[row] as number) - size;
    upper[row] = (expected[row] as number) + size;
  }
  return { lower, upper, live };
}

/** Place of the first value that is not less. */
function placeIn(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
