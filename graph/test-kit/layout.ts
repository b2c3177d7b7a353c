import { type RecordBatch, RecordBatchReader, RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import { batchOf, type Row } from '../contract/rows.ts';
import type { Random } from './random.ts';

/** The same rows, held in memory in another way. */
export type Layout = 'plain' | 'sliced' | 'decoded' | 'decoded-slice';

export const LAYOUTS: readonly Layout[] = ['plain', 'sliced', 'decoded', 'decoded-slice'];

/** A batch of the rows: as built, as a slice that starts inside a byte of its bitmaps, or as read from an Arrow IPC stream. */
export function layOut(random: Random, layout: Layout, schema: Schema, rows: readonly Row[]): RecordBatch {
  switch (layout) {
    case 'plain':
      return batchOf(schema, rows);
    case 'sliced':
      return sliceOf(random, (padded) => batchOf(schema, padded), rows);
    case 'decoded':
      return decoded(batchOf(schema, rows));
    case 'decoded-slice':
      return sliceOf(random, (padded) => decoded(batchOf(schema, padded)), rows);
  }
}

function sliceOf(random: Random, build: (rows: readonly Row[]) => RecordBatch, rows: readonly Row[]): RecordBatch {
  if (rows.length === 0) return build(rows);
  const before = Array.from({ length: random.int(1, 17) }, () => random.pick(rows));
  const after = Array.from({ length: random.int(0, 3) }, () => random.pick(rows));
  return build([...before, ...rows, ...after]).slice(before.length, before.length + rows.length);
}

/** The batch after a trip through an Arrow IPC stream. */
export function decoded(batch: RecordBatch): RecordBatch {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  writer.finish();
  const [read] = [...RecordBatchReader.from(writer.toUint8Array(true))];
  if (!read) throw new RangeError('the stream holds no batch');
  return read;
}
