import type { RecordBatch, Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { createNative, nativeError } from '../../native/index.ts';
import { columnSpecs, InputBinder } from '../../native/input.ts';
import { readBlocks } from '../../native/output.ts';

/** Rows of numbers as a model takes them. */
export interface FloatRows {
  /** rows x features, by row; what is null or NaN is NaN. */
  readonly matrix: Float32Array;
  /** Features that each row lacks. */
  readonly missing: Int32Array;
}

/** Lays columns of a batch out as float32 rows, in Rust: Float64, Int64, Int32 and Bool columns, in the order of `features`. */
export function floatRows(schema: Schema, features: readonly string[]): (batch: RecordBatch) => FloatRows {
  const specs = columnSpecs(schema, features);
  const int = (name: string) => ({ name, type: 'i32' });
  const config = {
    params: {},
    inputs: [{ name: 'in', columns: specs }],
    outputs: [
      { name: 'matrix', columns: [int('value')] },
      { name: 'missing', columns: [int('features')] },
    ],
  };
  const native = createNative('float_rows', JSON.stringify(config));
  const binder = new InputBinder(native, 0, schema, specs);
  return (batch) => {
    let ints: BigUint64Array | null;
    try {
      ints = binder.push(batch, MIN_NS);
    } catch (cause) {
      throw nativeError(cause, 'float_rows');
    }
    const blocks: Int32Array[] = [];
    if (ints) readBlocks(ints, (block) => blocks.push(block.int32()));
    const [matrix, missing] = blocks;
    if (!matrix || !missing) throw new MillraceError('no rows came back', { code: 'kernel-output', domain: 'internal' });
    return { matrix: new Float32Array(matrix.buffer, matrix.byteOffset, matrix.length), missing };
  };
}
