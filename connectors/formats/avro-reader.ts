import type { ColumnValues } from '../../graph/contract/batch.ts';
import type { Cursor } from './avro-cursor.ts';

/** Reads one field of every payload of a batch into a column. A row that is refused is read over by the next. */
export interface Reader {
  /** A new batch of at most so many rows. */
  start(rows: number): void;
  read(cursor: Cursor, row: number): void;
  /** A row without a value. */
  none(row: number): void;
  /** The column of the rows read. */
  finish(rows: number, source: Uint8Array): ColumnValues;
}

/** Flags of one byte a row as a bitmap. */
export function bitmap(flags: Uint8Array, rows: number): Uint8Array {
  const out = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) out[row >> 3] = (out[row >> 3] as number) | ((flags[row] as number) << (row & 7));
  return out;
}
