import { type Data, type RecordBatch, type Schema, Utf8 } from 'apache-arrow';
import { createNative, nativeError } from './index.ts';
import { columnSpecs, InputBinder } from './input.ts';
import { readBlocks, WordVector } from './output.ts';

/** A running hash of rows. */
export interface LogicalHash {
  update(batch: RecordBatch): void;
  /** Of all rows so far, 32 hexadecimal digits. */
  digest(): string;
}

/**
 * Hash of logical values (XXH3, 128 bits) over the rows of batches of one schema: equal for equal values in equal order, whatever
 * the cut into batches and the dictionaries. Null, -0 and NaN have one form each; names and types of the columns count.
 */
export function logicalHash(schema: Schema): LogicalHash {
  const columns = columnSpecs(schema);
  const outputs = [{ name: 'out', columns: [{ name: 'digest', type: 'bytes' }] }];
  const native = createNative('hash', JSON.stringify({ params: {}, inputs: [{ name: 'in', columns }], outputs }));
  const binder = new InputBinder(native, 0, schema, columns);
  const guarded = <T>(call: () => T): T => {
    try {
      return call();
    } catch (cause) {
      throw nativeError(cause, 'hash');
    }
  };
  return {
    update(batch) {
      guarded(() => binder.push(batch, 0n));
    },
    digest() {
      let text = '';
      const output = guarded(() => native.advance(0n, 0n));
      if (output) {
        readBlocks(output, (block) => {
          const data: Data = block.column(new Utf8(), new WordVector());
          text = Buffer.from(data.values as Uint8Array).toString('latin1');
        });
      }
      return text;
    },
  };
}
