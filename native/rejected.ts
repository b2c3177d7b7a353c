import type { RecordBatch } from 'apache-arrow';
import { batchOfData, columnAt, makeColumn } from '../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../graph/contract/columns.ts';
import { cell } from '../graph/contract/rows.ts';
import type { Block, WordVector } from './output.ts';

/** One row of a batch as JSON text, int64 and bytes as strings, so that no digit is lost. */
export function rowText(batch: RecordBatch, row: number): string {
  const entries = batch.schema.fields.map((field, i) => {
    const value = cell(columnAt(batch, i), row);
    if (typeof value === 'bigint') return [field.name, value.toString()];
    if (value instanceof Uint8Array) return [field.name, Buffer.from(value).toString('utf8')];
    if (typeof value === 'number' && !Number.isFinite(value)) return [field.name, String(value)];
    return [field.name, value];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** A batch of `REJECT_SCHEMA` from a block with row, code and reason: `raw` is the row as JSON text. */
export function rejectedBatch(block: Block, batch: RecordBatch, words: readonly WordVector[]): RecordBatch {
  const types = REJECT_SCHEMA.fields.map((field) => field.type);
  const children = [0, 1, 2].map((i) => block.column(types[i] as (typeof types)[number], words[i] as WordVector));
  const rows = children[0]?.values as Int32Array;
  const texts = Array.from(rows, (row) => Buffer.from(rowText(batch, row), 'utf8'));
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + text.length;
  });
  const raw = makeColumn(types[3] as (typeof types)[number], block.rows, { values: new Uint8Array(Buffer.concat(texts)), offsets });
  return batchOfData(REJECT_SCHEMA, block.rows, [...children, raw]);
}
