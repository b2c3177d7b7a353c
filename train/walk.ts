import { walkForward } from './folds.ts';
import { fitLogistic, fitRidge, inFloat32, type LinearModel, scoreOf, sigmoid } from './linear.ts';
import type { Matrix } from './matrix.ts';
import { areaUnderCurve, blockInterval, type CalibrationBin, calibration, correlation, logLoss, mean } from './metrics.ts';
import { lastMoves, persistence } from './persistence.ts';
import { Positions } from './positions.ts';

/** Part of what a model learns from that its intervals are taken from instead (split conformal). */
const CALIBRATED_ON = 0.2;
const BINS = 10;
const BPS = 10_000;

export interface TrainOptions {
  readonly l2: number;
  readonly folds: number;
  readonly embargoNs: bigint;
  /** Probability that an interval is to hold the return. */
  readonly coverage: number;
  /** What a change of position costs, one way, basis points. */
  readonly costBps: number;
  readonly seed: number;
}

/** What is fitted together: the direction, the return, and how far the return strays from it. */
export interface Fitted {
  readonly direction: LinearModel;
  readonly expected: LinearModel;
  /** To be added to the expected return. */
  readonly lower: number;
  readonly upper: number;
  /** Share of up rows among those that moved. */
  readonly base: number;
}

/** One step forward. */
export interface FoldResult {
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly trained: number;
  readonly tested: number;
  readonly logLoss: number;
  readonly baseLogLoss: number;
}

export interface Evaluation {
  readonly folds: readonly FoldResult[];
  /** Tested rows that moved, all folds together. */
  readonly moved: number;
  readonly logLoss: number;
  /** Of the share of up rows in what was learnt from. */
  readonly baseLogLoss: number;
  /** Of the share of up rows after the last known move. */
  readonly persistenceLogLoss: number;
  /** Base minus model, with an interval of 95 %: above 0 the model knows more than the base rate. */
  readonly gain: { readonly mean: number; readonly low: number; readonly high: number };
  readonly accuracy: number;
  readonly areaUnderCurve: number;
  readonly calibrationError: number;
  readonly calibration: readonly CalibrationBin[];
  /** Gain row by row, summed up: for a plot. */
  readonly gainSoFar: Float64Array;
  readonly tested: number;
  /** 1 - squared error of the expected return / that of expecting nothing. */
  readonly r2: number;
  readonly correlation: number;
  readonly covered: number;
  /** Changes of position. */
  readonly trades: number;
  /** Of positions by the sign of the expected return where it passes the cost, one a key, each for one horizon. */
  readonly grossBps: number;
  readonly netBps: number;
  readonly netSoFar: Float64Array;
}

/** Fits on the given rows, and gives what is shipped, in float32; intervals come from the last of them, which the expected return does not see. */
export function fitTo(matrix: Matrix, rows: Int32Array, { l2, coverage }: TrainOptions): Fitted {
  const { x, up, returns, features } = matrix;
  const width = features.length;
  const moved = rows.filter((row) => up[row] !== -1);
  const cut = Math.floor(rows.length * (1 - CALIBRATED_ON));
  const expected = inFloat32(fitRidge(x, returns, rows.subarray(0, cut), width, l2));
  const residuals = Float64Array.from(rows.subarray(cut), (row) => (returns[row] as number) - scoreOf(expected, x, row)).sort();
  const [lower, upper] = conformal(residuals, coverage);
  return {
    direction: inFloat32(fitLogistic(x, up, moved, width, l2)),
    expected,
    lower: Math.fround(lower),
    upper: Math.fround(upper),
    base: mean(Float64Array.from(moved, (row) => up[row] as number)),
  };
}

/**
 * Bounds that a further residual lies between with the given probability, half of the rest on each side. `sorted` ascending.
 * Source: Lei et al. (2018), Distribution-free predictive inference for regression; Romano, Patterson & Candès (2019) for two sides.
 */
function conformal(sorted: Float64Array, coverage: number): readonly [number, number] {
  const n = sorted.length;
  if (n === 0) return [Number.NaN, Number.NaN];
  const rank = Math.min(n, Math.ceil((n + 1) * (1 - (1 - coverage) / 2)));
  return [sorted[n - rank] as number, sorted[rank - 1] as number];
}

/** What the model would have said of rows it had not seen, and how right it was. */
export function evaluate(matrix: Matrix, options: TrainOptions): Evaluation {
  const { x, key, up, returns, originNs, knownNs } = matrix;
  const moves = lastMoves(matrix);
  const positions = new Positions(options.costBps);
  const losses: number[] = [];
  const baseLosses: number[] = [];
  const persistenceLosses: number[] = [];
  const p: number[] = [];
  const outcome: number[] = [];
  const expected: number[] = [];
  const realised: number[] = [];
  const net: number[] = [];
  let covered = 0;
  const folds: FoldResult[] = [];
  for (const fold of walkForward(matrix, options.folds, options.embargoNs)) {
    const fitted = fitTo(matrix, fold.train, options);
    const after = persistence(matrix, moves, fold);
    const from = losses.length;
    for (const row of fold.test) {
      const said = scoreOf(fitted.expected, x, row);
      const ret = returns[row] as number;
      expected.push(said);
      realised.push(ret);
      if (ret >= said + fitted.lower && ret <= said + fitted.upper) covered++;
      const side = Math.abs(said) * BPS > options.costBps ? Math.sign(said) : 0;
      net.push(positions.row(key[row] as number, side, originNs[row] as bigint, knownNs[row] as bigint, ret * BPS));
      if (up[row] === -1) continue;
      const isUp = up[row] === 1;
      const probability = sigmoid(scoreOf(fitted.direction, x, row));
      p.push(probability);
      outcome.push(isUp ? 1 : 0);
      losses.push(logLoss(probability, isUp));
      baseLosses.push(logLoss(fitted.base, isUp));
      persistenceLosses.push(logLoss(after(row, fitted.base), isUp));
    }
    folds.push({
      fromNs: originNs[fold.test[0] ?? 0] ?? 0n,
      toNs: originNs[fold.test[fold.test.length - 1] ?? 0] ?? 0n,
      trained: fold.train.length,
      tested: fold.test.length,
      logLoss: mean(losses.slice(from)),
      baseLogLoss: mean(baseLosses.slice(from)),
    });
  }
  if (net.length > 0) net[net.length - 1] = (net[net.length - 1] as number) - positions.close();
  const gains = Float64Array.from(losses, (loss, i) => (baseLosses[i] as number) - loss);
  const probabilities = Float64Array.from(p);
  const ups = Uint8Array.from(outcome);
  const { bins, error } = calibration(probabilities, ups, BINS);
  const squares = (values: readonly number[]): number => values.reduce((sum, value) => sum + value * value, 0);
  return {
    folds,
    moved: losses.length,
    logLoss: mean(losses),
    baseLogLoss: mean(baseLosses),
    persistenceLogLoss: mean(persistenceLosses),
    gain: { mean: mean(gains), ...blockInterval(gains, blockOf(matrix, gains.length), options.seed) },
    accuracy: mean(p.map((probability, i) => (probability >= 0.5 === (outcome[i] === 1) ? 1 : 0))),
    areaUnderCurve: areaUnderCurve(probabilities, ups),
    calibrationError: error,
    calibration: bins,
    gainSoFar: soFar(gains),
    tested: realised.length,
    r2: 1 - squares(realised.map((ret, i) => ret - (expected[i] as number))) / squares(realised),
    correlation: correlation(Float64Array.from(expected), Float64Array.from(realised)),
    covered: covered / Math.max(1, realised.length),
    trades: positions.changes,
    grossBps: positions.grossBps,
    netBps: net.reduce((sum, value) => sum + value, 0),
    netSoFar: soFar(Float64Array.from(net)),
  };
}

/** Length of a block of rows: grows as the cube root, as is optimal for the variance of a mean, and holds two horizons, whose labels overlap. */
function blockOf({ originNs, knownNs }: Matrix, rows: number): number {
  const spanNs = Number((originNs[originNs.length - 1] ?? 0n) - (originNs[0] ?? 0n));
  const horizonNs = Number((knownNs[0] ?? 0n) - (originNs[0] ?? 0n));
  const inHorizon = spanNs > 0 ? (horizonNs * originNs.length) / spanNs : 1;
  return Math.max(10, Math.ceil(rows ** (1 / 3)), Math.ceil(2 * inHorizon));
}

function soFar(values: Float64Array): Float64Array {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}
