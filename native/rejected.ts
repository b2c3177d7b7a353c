import type { RecordBatch } from 'apache-arrow';
import { batchOfData, makeColumn } from '../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../graph/contract/columns.ts';
import { rowText } from '../graph/contract/rows.ts';
import type { Block, WordVector } from './output.ts';

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
