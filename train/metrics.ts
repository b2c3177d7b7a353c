import { Random } from '../graph/test-kit/random.ts';

/** Keeps a logarithm finite: no forecast is taken to be surer than this. */
const LEAST = 1e-12;
const RESAMPLES = 1000;

/** Logarithmic loss of a probability, natural logarithm. */
export const logLoss = (p: number, up: boolean): number => -Math.log(Math.max(LEAST, up ? p : 1 - p));

export const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return values.length === 0 ? Number.NaN : sum / values.length;
};

/** Share of pairs of an up and a down row in which the up one has the higher probability; ties count half. */
export function areaUnderCurve(p: Float64Array, up: Uint8Array): number {
  const order = Int32Array.from(p.keys()).sort((a, b) => (p[a] as number) - (p[b] as number));
  let rankSum = 0;
  let ups = 0;
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && p[order[j] as number] === p[order[i] as number]) j++;
    const rank = (i + j + 1) / 2;
    for (let k = i; k < j; k++) {
      if (up[order[k] as number] !== 1) continue;
      rankSum += rank;
      ups++;
    }
    i = j;
  }
  const downs = order.length - ups;
  return ups === 0 || downs === 0 ? Number.NaN : (rankSum - (ups * (ups + 1)) / 2) / (ups * downs);
}

/** One bin of a calibration curve. */
export interface CalibrationBin {
  readonly predicted: number;
  readonly observed: number;
  readonly rows: number;
}

/** Bins of equal size by probability, and the mean gap between what was said and what came (expected calibration error). */
export function calibration(
  p: Float64Array,
  up: Uint8Array,
  bins: number,
): { readonly bins: readonly CalibrationBin[]; readonly error: number } {
  const order = Int32Array.from(p.keys()).sort((a, b) => (p[a] as number) - (p[b] as number));
  const found: CalibrationBin[] = [];
  for (let i = 0; i < bins; i++) {
    const rows = order.subarray(Math.floor((order.length * i) / bins), Math.floor((order.length * (i + 1)) / bins));
    if (rows.length === 0) continue;
    found.push({
      predicted: mean(Float64Array.from(rows, (row) => p[row] as number)),
      observed: mean(Float64Array.from(rows, (row) => up[row] as number)),
      rows: rows.length,
    });
  }
  const error = found.reduce((sum, bin) => sum + bin.rows * Math.abs(bin.predicted - bin.observed), 0) / Math.max(1, order.length);
  return { bins: found, error };
}

/**
 * An interval of 95 % for the mean of a series whose neighbours depend on each other: percentiles over resamples of circular blocks.
 * Source: Politis & Romano (1992), A circular block-resampling procedure for stationary data.
 */
export function blockInterval(values: Float64Array, block: number, seed: number): { readonly low: number; readonly high: number } {
  const n = values.length;
  if (n === 0) return { low: Number.NaN, high: Number.NaN };
  const random = new Random(seed);
  const ahead = new Float64Array(2 * n + 1);
  for (let i = 0; i < 2 * n; i++) ahead[i + 1] = (ahead[i] as number) + (values[i % n] as number);
  const length = Math.max(1, Math.min(n, block));
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let left = n; left > 0; left -= length) {
      const from = random.int(0, n - 1);
      sum += (ahead[from + Math.min(left, length)] as number) - (ahead[from] as number);
    }
    return sum / n;
  }).sort();
  return { low: means[Math.floor(RESAMPLES * 0.025)] as number, high: means[Math.ceil(RESAMPLES * 0.975) - 1] as number };
}

/** Pearson's correlation. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [(a[i] as number) - ma, (b[i] as number) - mb];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}
