/** The models by their papers, over plain arrays: the oracle of the native kernel. */

/** What both models have in common; everything in it is state and plain JSON. */
export interface Coefficients {
  weights: number[];
  /** Logistic: FTRL's z and sums of squared gradients; linear: the inverse, by rows. */
  z: number[];
  squares: number[];
  inverse: number[][];
}

export interface FtrlRules {
  readonly rate: number;
  readonly beta: number;
  readonly l1: number;
  readonly l2: number;
}

export interface RlsRules {
  readonly l2: number;
  readonly forgetting: number;
}

const prior = (width: number, l2: number): number[][] =>
  Array.from({ length: width }, (_, i) => Array.from({ length: width }, (_, j) => (i === j ? 1 / l2 : 0)));

export function fresh(width: number, linear: RlsRules | null): Coefficients {
  const zeros = () => new Array<number>(width).fill(0);
  return { weights: zeros(), z: zeros(), squares: zeros(), inverse: linear ? prior(width, linear.l2) : [] };
}

export const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
export const sigmoid = (odds: number): number => 1 / (1 + Math.exp(-odds));
export const clipped = (odds: number): number => Math.min(35, Math.max(-35, odds));

export function logLoss(odds: number, up: boolean): number {
  const against = up ? -odds : odds;
  return Math.max(0, against) + Math.log1p(Math.exp(-Math.abs(against)));
}

/** McMahan et al. (2013), algorithm 1. */
export function learnLogistic(model: Coefficients, { rate, beta, l1, l2 }: FtrlRules, row: readonly number[], up: boolean): void {
  const error = sigmoid(clipped(dot(model.weights, row))) - (up ? 1 : 0);
  row.forEach((value, i) => {
    const gradient = error * value;
    const [z = 0, before = 0, weight = 0] = [model.z[i], model.squares[i], model.weights[i]];
    const squares = before + gradient * gradient;
    const sigma = (Math.sqrt(squares) - Math.sqrt(before)) / rate;
    const moved = z + (gradient - sigma * weight);
    model.squares[i] = squares;
    model.z[i] = moved;
    const shrunk = Math.abs(moved) - l1;
    model.weights[i] = shrunk <= 0 ? 0 : (-Math.sign(moved) * shrunk) / ((beta + Math.sqrt(squares)) / rate + l2);
  });
}

/** Haykin, the RLS algorithm. */
export function learnLinear(model: Coefficients, { l2, forgetting }: RlsRules, row: readonly number[], label: number): void {
  const error = label - dot(model.weights, row);
  const gains = row.map((_, i) => model.inverse.reduce((sum, line, j) => sum + (line[i] as number) * (row[j] as number), 0));
  const spread = forgetting + dot(gains, row);
  const share = 1 / spread;
  model.weights = model.weights.map((weight, i) => weight + (gains[i] as number) * share * error);
  const halves = gains.map((gain) => gain * Math.sqrt(share));
  model.inverse = model.inverse.map((line, i) => line.map((cell, j) => cell - (halves[i] as number) * (halves[j] as number)));
  const widest = Math.max(0, ...model.inverse.map((line, i) => line[i] as number));
  if (forgetting !== 1 && widest <= forgetting / l2) model.inverse = model.inverse.map((line) => line.map((cell) => cell / forgetting));
  const sound = spread >= 0.5 * forgetting && spread < 1e200 && model.weights.every((weight) => Math.abs(weight) < 1e200);
  if (!sound) Object.assign(model, fresh(row.length, { l2, forgetting }));
}

/** Mean and sum of squared deviations of a feature so far. */
export interface Moments {
  count: number;
  mean: number;
  squares: number;
}

export function observe(moments: Moments, value: number): void {
  moments.count += 1;
  const before = value - moments.mean;
  moments.mean += before / moments.count;
  moments.squares += before * (value - moments.mean);
}

export function standardised({ count, mean, squares }: Moments, value: number | null): number {
  const scale = 1 / Math.sqrt(squares / count);
  return value === null || !Number.isFinite(scale) ? 0 : (value - mean) * scale;
}
