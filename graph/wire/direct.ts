import type { RecordBatch, Schema } from 'apache-arrow';
import { gather } from '../contract/batch.ts';
import { MIN_NS } from '../contract/frame.ts';
import type { Kernel } from '../contract/kernel.ts';
import type { Operator } from '../contract/operator.ts';
import { paramsOf, schemasOf } from './standalone.ts';

/**
 * A kernel of an operator, called in this program: a batch into a port, what comes of it out, no frames and no topics. For operators
 * whose output does not wait for a watermark. Throws `param-invalid` and `columns-unfit`.
 */
export class Direct<P> {
  readonly #kernel: Kernel;

  constructor(
    operator: Operator<P>,
    given: unknown,
    /** Schemas by input port; an optional port that is left out is not connected. */
    inputs: Readonly<Record<string, Schema>>,
    files: ReadonlyMap<string, string> = new Map(),
  ) {
    const params = paramsOf(operator, given);
    this.#kernel = operator.create({ params, inputs, outputs: schemasOf(operator, params, inputs), files });
  }

  /** What the batch causes, at most one batch an output port. */
  push(port: string, batch: RecordBatch): Readonly<Record<string, RecordBatch>> {
    const out: Record<string, RecordBatch> = {};
    const emit = (to: string, some: RecordBatch): void => {
      if (some.numRows > 0) out[to] = out[to] ? joined(out[to], some) : some;
    };
    this.#kernel.push(batch, port, emit, MIN_NS);
    return out;
  }

  /** The whole state, to be kept and restored into a fresh one. */
  snapshot(): Uint8Array[] {
    return this.#kernel.snapshot();
  }

  restore(chunks: readonly Uint8Array[]): void {
    this.#kernel.restore(chunks);
  }
}

function joined(a: RecordBatch, b: RecordBatch): RecordBatch {
  const rows = Int32Array.from({ length: a.numRows + b.numRows }, (_, i) => (i < a.numRows ? i : i - a.numRows));
  return gather(a.schema, [a, b], rows.map((_, i) => Number(i >= a.numRows)), rows); // biome-ignore format: one step
}
