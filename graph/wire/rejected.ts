import type { RecordBatch } from 'apache-arrow';
import { column, DictionaryTable, dictionaryStrings, makeBatch } from '../contract/batch.ts';
import { REJECTED_SCHEMA } from '../contract/columns.ts';
import type { Origin } from '../contract/frame.ts';

/** What a rejected row is told of the run it happened in. */
export interface RejectContext {
  readonly pipeline: string;
  readonly node: string;
  readonly clockNs: bigint;
}

/** Rows of `REJECT_SCHEMA`, which name rows of the pushed batch, as `REJECTED_SCHEMA`, which say where those came from. */
export function rejectedRows(batch: RecordBatch, origin: Origin | null, context: RejectContext): RecordBatch {
  const n = batch.numRows;
  const row = column(batch, 'row').values as Int32Array;
  const pipelines = new DictionaryTable();
  const nodes = new DictionaryTable();
  const sources = new DictionaryTable();
  pipelines.code(context.pipeline);
  nodes.code(context.node);
  const known = new Uint8Array((n + 7) >> 3);
  const source = new Int32Array(n);
  const partition = new Int32Array(n);
  const offset = new BigInt64Array(n);
  const position = new Int32Array(n);
  sources.code('');
  for (let i = 0; i < n; i++) {
    const from = origin?.(row[i] ?? 0) ?? null;
    if (!from) continue;
    known[i >> 3] = (known[i >> 3] ?? 0) | (1 << (i & 7));
    source[i] = sources.code(from.source);
    partition[i] = from.partition;
    offset[i] = BigInt(from.offset);
    position[i] = from.row;
  }
  return makeBatch(REJECTED_SCHEMA, n, [
    { values: new BigInt64Array(n).fill(context.clockNs) },
    { values: new Int32Array(n), dictionary: pipelines.vector },
    { values: new Int32Array(n), dictionary: nodes.vector },
    column(batch, 'code'),
    column(batch, 'reason'),
    column(batch, 'raw'),
    { values: source, dictionary: sources.vector, valid: known },
    { values: partition, valid: known },
    { values: offset, valid: known },
    { values: position, valid: known },
  ]);
}

/** Rows by reason code. */
export function countByCode(batch: RecordBatch): ReadonlyMap<string, number> {
  const code = column(batch, 'code');
  const strings = code.dictionary ? dictionaryStrings(code.dictionary) : [];
  const counts = new Map<string, number>();
  for (let i = 0; i < batch.numRows; i++) {
    const name = strings[(code.values as Int32Array)[i] ?? 0] ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
