import { type RecordBatch, Type } from 'apache-arrow';
import { type Column, column, int64, isValid } from '../graph/contract/batch.ts';
import { cell } from '../graph/contract/rows.ts';

/** Rows to learn from, in order of the time at which they were known. */
export interface Matrix {
  readonly features: readonly string[];
  /** rows x features, by row. */
  readonly x: Float64Array;
  /** Logarithmic return over the horizon. */
  readonly returns: Float64Array;
  /** 1 up, 0 down, -1 unchanged. */
  readonly up: Int8Array;
  /** When the features were known, ns. */
  readonly originNs: BigInt64Array;
  /** When the return was. */
  readonly knownNs: BigInt64Array;
  /** Rows left out: a feature or the return was null, NaN or infinite. */
  readonly leftOut: number;
}

/** Columns of rows that operator `label` gave, gathered batch by batch. */
export class MatrixBuilder {
  readonly #features: readonly string[];
  readonly #rows: {
    readonly x: readonly number[];
    readonly ret: number;
    readonly up: number;
    readonly originNs: bigint;
    readonly knownNs: bigint;
  }[] = [];
  #leftOut = 0;

  constructor(features: readonly string[]) {
    this.#features = features;
  }

  add(batch: RecordBatch): void {
    const columns = this.#features.map((name) => column(batch, name));
    const returns = column(batch, 'label_return');
    const ups = column(batch, 'label_up');
    const [origin, known] = [int64(batch, 'ts_origin'), int64(batch, 'ts_event')];
    for (let row = 0; row < batch.numRows; row++) {
      const x = columns.map((values) => numberAt(values, row));
      const ret = numberAt(returns, row);
      if (!Number.isFinite(ret) || !x.every(Number.isFinite)) {
        this.#leftOut++;
        continue;
      }
      const up = cell(ups, row);
      this.#rows.push({
        x,
        ret,
        up: up === null ? -1 : up === true ? 1 : 0,
        originNs: origin[row] as bigint,
        knownNs: known[row] as bigint,
      });
    }
  }

  build(): Matrix {
    const rows = [...this.#rows].sort((a, b) => (a.originNs < b.originNs ? -1 : a.originNs > b.originNs ? 1 : 0));
    const width = this.#features.length;
    const x = new Float64Array(rows.length * width);
    rows.forEach((row, i) => {
      x.set(row.x, i * width);
    });
    return {
      features: this.#features,
      x,
      returns: Float64Array.from(rows, ({ ret }) => ret),
      up: Int8Array.from(rows, ({ up }) => up),
      originNs: BigInt64Array.from(rows, ({ originNs }) => originNs),
      knownNs: BigInt64Array.from(rows, ({ knownNs }) => knownNs),
      leftOut: this.#leftOut,
    };
  }
}

function numberAt(values: Column, row: number): number {
  if (!isValid(values, row)) return Number.NaN;
  if (values.type.typeId === Type.Bool) return cell(values, row) === true ? 1 : 0;
  return Number(values.values[row]);
}
