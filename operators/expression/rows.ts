import { type RecordBatch, Type } from 'apache-arrow';
import { column } from '../../graph/contract/batch.ts';
import { cell } from '../../graph/contract/rows.ts';
import { evaluate, type Value } from './evaluate.ts';
import type { Checked } from './typed.ts';

/** Values of an expression for every row of a batch, one row after another. */
export function evaluateRows({ typed, columns }: Checked, batch: RecordBatch): Value[] {
  const used = columns.map((name) => column(batch, name));
  return Array.from({ length: batch.numRows }, (_, row) => {
    const values = used.map((c): Value => {
      const value = cell(c, row);
      if (value instanceof Uint8Array) return null;
      return c.type.typeId === Type.Int && typeof value === 'number' ? BigInt(value) : value;
    });
    return evaluate(typed, values);
  });
}
