import type { RecordBatch, Schema } from 'apache-arrow';
import { type Cell, type Row, rowsOf } from '../contract/rows.ts';

/** One text a value: equal texts are equal logical values (all NaNs are one, -0 is not 0, 1 and 1n differ). */
export function cellText(cell: Cell): string {
  switch (typeof cell) {
    case 'bigint':
      return `${cell}n`;
    case 'number':
      return Object.is(cell, -0) ? '-0' : String(cell);
    case 'string':
      return JSON.stringify(cell);
    case 'boolean':
      return String(cell);
    default:
      return cell === null ? 'null' : `x${Buffer.from(cell).toString('hex')}`;
  }
}

/** One text a row: equal texts are equal logical rows of one schema. */
export function rowText(row: Row): string {
  return `{${Object.entries(row)
    .map(([name, cell]) => `${name}: ${cellText(cell)}`)
    .join(', ')}}`;
}

/** The rows of a batch, one text each. */
export function batchText(batch: RecordBatch): string[] {
  return rowsOf(batch).map(rowText);
}

/** Names, types and nullability of a schema: what two batches of one edge must share. */
export function schemaText(schema: Schema): string {
  return schema.fields.map((field) => `${field.name}: ${field.type}${field.nullable ? '?' : ''}`).join(', ');
}

/** Whether two values are the same, numbers to within `tolerance` relative to the larger one. */
export function closeCells(a: Cell, b: Cell, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Object.is(a, b) || a === b) return true;
    return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
  }
  return cellText(a) === cellText(b);
}

/** Whether two lists of texts are equal. */
export function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
