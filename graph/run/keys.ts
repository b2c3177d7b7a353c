import { type RecordBatch, Type } from 'apache-arrow';
import { type Column, column, dictionaryStrings } from '../contract/batch.ts';
import { partitionOf } from '../contract/partition.ts';
import { cell } from '../contract/rows.ts';

/** Separates the parts of a key of several columns. */
const SEPARATOR = '\u001f';

/** The key of a row: its string for one column; several joined by U+001F. */
export function keyText(batch: RecordBatch, key: readonly string[], row: number): string {
  return key.map((name) => String(cell(column(batch, name), row) ?? '')).join(SEPARATOR);
}

/** The key of a row as a message key. */
export function keyBytes(batch: RecordBatch, key: readonly string[], row: number): Uint8Array {
  return Buffer.from(keyText(batch, key, row), 'utf8');
}

/** Rows of a batch by partition: murmur2(key) modulo `partitions`. One look-up a row for dictionary columns, one hash a distinct key. */
export function rowsByPartition(batch: RecordBatch, key: readonly string[], partitions: number): Int32Array[] {
  const n = batch.numRows;
  const target = new Int32Array(n);
  const columns = key.map((name) => column(batch, name));
  const only = columns.length === 1 ? (columns[0] as Column) : null;
  if (only && only.type.typeId === Type.Dictionary && only.dictionary && !only.valid) {
    const ofCode = Int32Array.from(dictionaryStrings(only.dictionary), (text) => partitionOf(Buffer.from(text, 'utf8'), partitions));
    const codes = only.values as Int32Array;
    for (let i = 0; i < n; i++) target[i] = ofCode[codes[i] as number] as number;
  } else {
    const known = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      const text = columns.map((c) => String(cell(c, i) ?? '')).join(SEPARATOR);
      let partition = known.get(text);
      if (partition === undefined) {
        partition = partitionOf(Buffer.from(text, 'utf8'), partitions);
        known.set(text, partition);
      }
      target[i] = partition;
    }
  }
  const counts = new Int32Array(partitions);
  for (let i = 0; i < n; i++) counts[target[i] as number] = (counts[target[i] as number] as number) + 1;
  const rows = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const p = target[i] as number;
    (rows[p] as Int32Array)[counts[p] as number] = i;
    counts[p] = (counts[p] as number) + 1;
  }
  return rows;
}
