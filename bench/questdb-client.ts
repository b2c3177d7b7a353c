import type { Sender } from '@questdb/nodejs-client';
import { type RecordBatch, Type } from 'apache-arrow';
import { type Column, columnAt, isValid } from '../graph/contract/batch.ts';
import { type Cell, cell } from '../graph/contract/rows.ts';

/** Rows of one request of the client: its own default. */
const STOCK_ROWS = 75_000;

/** What the client is given of a row: its words, its other values, its time. */
export interface PlainRow {
  readonly symbols: readonly (readonly [string, string])[];
  readonly doubles: readonly (readonly [string, number])[];
  readonly integers: readonly (readonly [string, number])[];
  readonly times: readonly (readonly [string, bigint])[];
  readonly time: bigint;
}

/** Rows taken apart beforehand, so that the client pays for lines alone. */
export function plainRows(batches: readonly RecordBatch[], timeColumn: string): PlainRow[] {
  return batches.flatMap((batch) => {
    const columns = batch.schema.fields.map(({ name }, i) => ({ name, column: columnAt(batch, i) }));
    const some = <T>(row: number, kind: (column: Column) => boolean, value: (raw: Cell) => T): (readonly [string, T])[] =>
      columns
        .filter(({ name, column }) => name !== timeColumn && kind(column) && isValid(column, row))
        .map(({ name, column }) => [name, value(cell(column, row))] as const);
    const is =
      (type: Type) =>
      (column: Column): boolean =>
        column.type.typeId === type;
    const time = columns.find(({ name }) => name === timeColumn)?.column as Column;
    return Array.from({ length: batch.numRows }, (_, row) => ({
      symbols: some(row, is(Type.Dictionary), String),
      doubles: some(row, is(Type.Float), Number),
      integers: some(row, is(Type.Int), Number),
      times: some(row, is(Type.Timestamp), (raw) => raw as bigint),
      time: cell(time, row) as bigint,
    }));
  });
}

/** The rows by the client's own calls; sent, or thrown away. */
export async function throughClient(sender: Sender, table: string, rows: readonly PlainRow[], send: boolean): Promise<void> {
  for (const [i, row] of rows.entries()) {
    sender.table(table);
    for (const [name, value] of row.symbols) sender.symbol(name, value);
    for (const [name, value] of row.doubles) sender.floatColumn(name, value);
    for (const [name, value] of row.integers) sender.intColumn(name, value);
    for (const [name, value] of row.times) sender.timestampColumn(name, value, 'ns');
    const added = sender.at(row.time, 'ns'); // nothing to wait for: it never sends by itself here
    if ((i + 1) % STOCK_ROWS === 0 || i + 1 === rows.length) {
      await added;
      if (send) await sender.flush();
      else sender.reset();
    }
  }
}
