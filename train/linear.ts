/** A linear score of standardised features: `bias + sum(weights[i] * (x[i] - means[i]) * scales[i])`. */
export interface LinearModel {
  readonly means: Float64Array;
  /** 1 / standard deviation; 0 of a feature that never changes. */
  readonly scales: Float64Array;
  readonly weights: Float64Array;
  readonly bias: number;
}

/** Rows x features, by row. */
export type Features = Float64Array | Float32Array;

const MOST_STEPS = 100;
/** A step of every coefficient below this ends the fit. */
const SETTLED = 1e-12;
/** Keeps weights of rows that are all but certain from vanishing. */
const LEAST_WEIGHT = 1e-10;

export const sigmoid = (z: number): number => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/** The score of a row of raw features. */
export function scoreOf({ means, scales, weights, bias }: LinearModel, x: Features, row: number): number {
  const width = weights.length;
  let sum = bias;
  for (let i = 0; i < width; i++)
    sum += (weights[i] as number) * ((x[row * width + i] as number) - (means[i] as number)) * (scales[i] as number);
  return sum;
}

/**
 * The same score to within what float32 can hold, of constants that are all float32: what is told of it holds for it as it is shipped. What is
 * rounded off a mean goes into the bias, where it weighs no more than any other rounding, however large the mean is.
 */
export function inFloat32({ means, scales, weights, bias }: LinearModel): LinearModel {
  const moved = means.map((mean, i) => (Math.fround(mean) - mean) * (scales[i] as number) * (weights[i] as number));
  return {
    means: means.map(Math.fround),
    scales: scales.map(Math.fround),
    weights: weights.map(Math.fround),
    bias: Math.fround(moved.reduce((sum, value) => sum + value, bias)),
  };
}

/** Ridge regression: least squares of `y` with a penalty of `l2` on the standardised weights, none on the bias. Source: Hoerl & Kennard (1970). */
export function fitRidge(x: Features, y: Float64Array, rows: Int32Array, width: number, l2: number): LinearModel {
  const { means, scales } = standardisation(x, rows, width);
  const mean = rows.reduce((sum, row) => sum + (y[row] as number), 0) / Math.max(1, rows.length);
  const normal = new Normal(width, l2);
  const z = new Float64Array(width);
  for (const row of rows) {
    standardise(x, row, means, scales, z);
    normal.add(z, 1, (y[row] as number) - mean);
  }
  return { means, scales, weights: normal.solve(), bias: mean };
}

/**
 * Logistic regression with a penalty of `l2 / 2` times the squared standardised weights, by Newton's method (iteratively reweighted least
 * squares). Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 4.4.1.
 */
export function fitLogistic(x: Features, y: Int8Array, rows: Int32Array, width: number, l2: number): LinearModel {
  const { means, scales } = standardisation(x, rows, width);
  const theta = new Float64Array(width + 1); // the bias last
  const z = new Float64Array(width + 1);
  z[width] = 1;
  for (let step = 0; step < MOST_STEPS; step++) {
    const normal = new Normal(width + 1, l2, width);
    for (const row of rows) {
      standardise(x, row, means, scales, z);
      const p = sigmoid(dot(theta, z));
      normal.add(z, Math.max(LEAST_WEIGHT, p * (1 - p)), (y[row] as number) - p);
    }
    normal.pull(theta);
    const change = normal.solve();
    let largest = 0;
    for (let i = 0; i < theta.length; i++) {
      theta[i] = (theta[i] as number) + (change[i] as number);
      largest = Math.max(largest, Math.abs(change[i] as number));
    }
    if (largest < SETTLED) break;
  }
  return { means, scales, weights: theta.slice(0, width), bias: theta[width] as number };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function standardisation(x: Features, rows: Int32Array, width: number): { readonly means: Float64Array; readonly scales: Float64Array } {
  const means = new Float64Array(width);
  const squares = new Float64Array(width);
  let n = 0;
  for (const row of rows) {
    n++;
    for (let i = 0; i < width; i++) {
      const value = x[row * width + i] as number;
      const before = value - (means[i] as number);
      means[i] = (means[i] as number) + before / n;
      squares[i] = (squares[i] as number) + before * (value - (means[i] as number));
    }
  }
  const scales = squares.map((sum, i) => {
    const deviation = Math.sqrt(sum / Math.max(1, n));
    return deviation > 1e-12 * Math.max(1, Math.abs(means[i] as number)) ? 1 / deviation : 0;
  });
  return { means, scales };
}

function standardise(x: Features, row: number, means: Float64Array, scales: Float64Array, into: Float64Array): void {
  const width = means.length;
  for (let i = 0; i < width; i++) into[i] = ((x[row * width + i] as number) - (means[i] as number)) * (scales[i] as number);
}

/** Weighted normal equations `(Z'WZ + l2) b = Z'r`, summed row by row in order. */
class Normal {
  readonly #size: number;
  readonly #l2: number;
  /** Index that is not penalised; -1: none. */
  readonly #free: number;
  readonly #a: Float64Array;
  readonly #b: Float64Array;

  constructor(size: number, l2: number, free = -1) {
    this.#size = size;
    this.#l2 = l2;
    this.#free = free;
    this.#a = new Float64Array(size * size);
    this.#b = new Float64Array(size);
  }

  add(z: Float64Array, weight: number, residual: number): void {
    const n = this.#size;
    for (let i = 0; i < n; i++) {
      const zi = z[i] as number;
      this.#b[i] = (this.#b[i] as number) + zi * residual;
      const w = weight * zi;
      for (let j = 0; j <= i; j++) this.#a[i * n + j] = (this.#a[i * n + j] as number) + w * (z[j] as number);
    }
  }

  /** Takes the pull of the penalty at `theta` into account. */
  pull(theta: Float64Array): void {
    for (let i = 0; i < this.#size; i++) if (i !== this.#free) this.#b[i] = (this.#b[i] as number) - this.#l2 * (theta[i] as number);
  }

  /** By Cholesky's decomposition; a coefficient that nothing determines is 0. */
  solve(): Float64Array {
    const n = this.#size;
    const a = this.#a;
    for (let i = 0; i < n; i++) if (i !== this.#free) a[i * n + i] = (a[i * n + i] as number) + this.#l2;
    const l = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = a[i * n + j] as number;
        for (let k = 0; k < j; k++) sum -= (l[i * n + k] as number) * (l[j * n + k] as number);
        if (i === j) l[i * n + i] = sum > 1e-12 ? Math.sqrt(sum) : 0;
        else l[i * n + j] = (l[j * n + j] as number) === 0 ? 0 : sum / (l[j * n + j] as number);
      }
    }
    const forth = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      let sum = this.#b[i] as number;
      for (let k = 0; k < i; k++) sum -= (l[i * n + k] as number) * (forth[k] as number);
      forth[i] = (l[i * n + i] as number) === 0 ? 0 : sum / (l[i * n + i] as number);
    }
    const solution = new Float64Array(n);
    for (let i = n - 1; i >= 0; i--) {
      let sum = forth[i] as number;
      for (let k = i + 1; k < n; k++) sum -= (l[k * n + i] as number) * (solution[k] as number);
      solution[i] = (l[i * n + i] as number) === 0 ? 0 : sum / (l[i * n + i] as number);
    }
    return solution;
  }
}
