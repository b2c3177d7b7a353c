import { type RecordBatch, Type } from 'apache-arrow';
import { type Column, column, int64, isValid } from '../graph/contract/batch.ts';
import { cell } from '../graph/contract/rows.ts';

/** Rows to learn from, in order of the time at which they were known. */
export interface Matrix {
  readonly features: readonly string[];
  /** rows x features, by row: as models take them, in float32. */
  readonly x: Float32Array;
  /** Features of which float32 keeps little: they stray from their mean by less than `COARSE` of its steps there. */
  readonly coarse: readonly string[];
  /** Number of the key whose price the row is of, e.g. its symbol: prices of different keys have nothing to do with each other. */
  readonly key: Int32Array;
  /** Logarithmic return over the horizon. */
  readonly returns: Float64Array;
  /** 1 up, 0 down, -1 unchanged. */
  readonly up: Int8Array;
  /** When the features were known, ns. */
  readonly originNs: BigInt64Array;
  /** When the return was. */
  readonly knownNs: BigInt64Array;
  /** Rows left out: a feature or the return was null, NaN, infinite or beyond float32. */
  readonly leftOut: number;
}

/** Steps of float32 in a standard deviation below which a feature is told of: what is rounded away then is more than 0.1 % of what it says. */
const COARSE = 256;
/** Relative distance of neighbours in float32. */
const STEP = 2 ** -23;

/** Columns of rows that operator `label` gave, gathered batch by batch. */
export class MatrixBuilder {
  readonly #features: readonly string[];
  readonly #by: readonly string[];
  readonly #keys = new Map<string, number>();
  readonly #rows: {
    readonly x: readonly number[];
    readonly key: number;
    readonly ret: number;
    readonly up: number;
    readonly originNs: bigint;
    readonly knownNs: bigint;
  }[] = [];
  #leftOut = 0;

  /** `by`: the key columns. */
  constructor(features: readonly string[], by: readonly string[]) {
    this.#features = features;
    this.#by = by;
  }

  add(batch: RecordBatch): void {
    const columns = this.#features.map((name) => column(batch, name));
    const by = this.#by.map((name) => column(batch, name));
    const returns = column(batch, 'label_return');
    const ups = column(batch, 'label_up');
    const [origin, known] = [int64(batch, 'ts_origin'), int64(batch, 'ts_event')];
    for (let row = 0; row < batch.numRows; row++) {
      const x = columns.map((values) => numberAt(values, row));
      const ret = numberAt(returns, row);
      if (!Number.isFinite(ret) || !x.every((value) => Number.isFinite(Math.fround(value)))) {
        this.#leftOut++;
        continue;
      }
      const up = cell(ups, row);
      this.#rows.push({
        x,
        key: this.#keyAt(by, row),
        ret,
        up: up === null ? -1 : up === true ? 1 : 0,
        originNs: origin[row] as bigint,
        knownNs: known[row] as bigint,
      });
    }
  }

  #keyAt(by: readonly Column[], row: number): number {
    const text = JSON.stringify(by.map((values) => cell(values, row)?.toString() ?? null));
    const known = this.#keys.get(text) ?? this.#keys.size;
    this.#keys.set(text, known);
    return known;
  }

  build(): Matrix {
    const rows = [...this.#rows].sort((a, b) => (a.originNs < b.originNs ? -1 : a.originNs > b.originNs ? 1 : 0));
    const width = this.#features.length;
    const x = new Float32Array(rows.length * width);
    rows.forEach((row, i) => {
      x.set(row.x, i * width);
    });
    return {
      features: this.#features,
      x,
      coarse: this.#features.filter((_, i) => isCoarse(rows.map((row) => row.x[i] as number))),
      key: Int32Array.from(rows, ({ key }) => key),
      returns: Float64Array.from(rows, ({ ret }) => ret),
      up: Int8Array.from(rows, ({ up }) => up),
      originNs: BigInt64Array.from(rows, ({ originNs }) => originNs),
      knownNs: BigInt64Array.from(rows, ({ knownNs }) => knownNs),
      leftOut: this.#leftOut,
    };
  }
}

function isCoarse(values: readonly number[]): boolean {
  const mean = values.reduce((sum, value, i) => sum + (value - sum) / (i + 1), 0);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const noise = 1e-12 * Math.abs(mean); // of the sums, where all values are equal
  return deviation > noise && deviation < COARSE * STEP * Math.abs(mean);
}

function numberAt(values: Column, row: number): number {
  if (!isValid(values, row)) return Number.NaN;
  if (values.type.typeId === Type.Bool) return cell(values, row) === true ? 1 : 0;
  return Number(values.values[row]);
}
