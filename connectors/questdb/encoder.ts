import { type DataType, type RecordBatch, type Schema, Type } from 'apache-arrow';
import { columnAt } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Cells, cellPrefix } from './cells.ts';
import { escapedName } from './escape.ts';
import { Booleans, Doubles, Integers, SmallIntegers } from './number-cells.ts';
import { isSymbol } from './table.ts';
import { Symbols, Texts } from './text-cells.ts';

/** Rows that are written column by column, few enough for their lines to stay in the cache. */
const CHUNK_ROWS = 512;
const SPACE = 32;
const NEWLINE = 10;

/** Encoded rows: row r is bytes [starts[r], starts[r + 1]). */
export interface Lines {
  readonly bytes: Buffer;
  readonly starts: Int32Array;
}

/** What is written: columns by schema, which of them are symbols, and which ends the line as its time. */
export interface LineLayout {
  readonly table: string;
  readonly time: string;
  /** Utf8 columns to write as symbols; dictionary columns always are. */
  readonly symbols: readonly string[];
}

/**
 * Batches as lines of the InfluxDB line protocol, QuestDB's version 2 (binary doubles): symbols first, as the protocol wants it, then
 * the other columns, each in the order of the schema. Sizes are computed column by column, then bytes are, so that no value is boxed.
 */
export class LineEncoder {
  readonly #table: Uint8Array;
  readonly #symbols: readonly { readonly index: number; readonly cells: Cells }[];
  readonly #fields: readonly { readonly index: number; readonly cells: Cells }[];
  readonly #time: { readonly index: number; readonly cells: Cells };
  readonly #ends = new Int32Array(CHUNK_ROWS);
  readonly #fieldsAt = new Int32Array(CHUNK_ROWS);
  #buffer = Buffer.allocUnsafe(1 << 16);

  constructor(schema: Schema, layout: LineLayout) {
    const columns = schema.fields.map((field, index) => ({ field, index })).filter(({ field }) => field.name !== layout.time);
    this.#table = escapedName(layout.table);
    this.#symbols = columns
      .filter(({ field }) => isSymbol(field, layout.symbols))
      .map(({ field, index }) => ({ index, cells: symbolCells(field.name, field.type) }));
    this.#fields = columns
      .filter(({ field }) => !isSymbol(field, layout.symbols))
      .map(({ field, index }) => ({ index, cells: fieldCells(field.name, field.type) }));
    this.#time = { index: schema.fields.findIndex((field) => field.name === layout.time), cells: timeCells() };
  }

  /** The rows of the batches, in a buffer that the next call overwrites. */
  encode(batches: readonly RecordBatch[]): Lines {
    const starts = new Int32Array(batches.reduce((rows, batch) => rows + batch.numRows, 1));
    let row = 0;
    for (const batch of batches) {
      for (const { index, cells } of [...this.#symbols, ...this.#fields, this.#time]) cells.load(columnAt(batch, index));
      for (let from = 0; from < batch.numRows; from += CHUNK_ROWS) {
        const n = Math.min(CHUNK_ROWS, batch.numRows - from);
        this.#measure(starts, row, from, n);
        this.#write(starts, row, from, n);
        row += n;
      }
    }
    return { bytes: this.#buffer.subarray(0, starts[row]), starts };
  }

  /** Fills in where the lines after `row` start. */
  #measure(starts: Int32Array, row: number, from: number, n: number): void {
    const sizes = this.#ends;
    sizes.fill(this.#table.length + 1, 0, n);
    for (const { cells } of this.#symbols) cells.measure(sizes, from, n);
    for (const { cells } of this.#fields) cells.measure(sizes, from, n);
    this.#time.cells.measure(sizes, from, n);
    let end = starts[row] as number;
    for (let i = 0; i < n; i++) {
      end += sizes[i] as number;
      starts[row + i + 1] = end;
    }
    if (end > this.#buffer.length) this.#grow(end, starts[row] as number);
  }

  #write(starts: Int32Array, row: number, from: number, n: number): void {
    const [bytes, ends, fieldsAt, table] = [this.#buffer, this.#ends, this.#fieldsAt, this.#table];
    for (let i = 0; i < n; i++) {
      const at = starts[row + i] as number;
      for (let k = 0; k < table.length; k++) bytes[at + k] = table[k] as number;
      ends[i] = at + table.length;
    }
    for (const { cells } of this.#symbols) cells.write(bytes, ends, from, n);
    fieldsAt.set(ends);
    for (const { cells } of this.#fields) cells.write(bytes, ends, from, n);
    // the first field of a line follows a space, not a comma
    for (let i = 0; i < n; i++) if (ends[i] !== fieldsAt[i]) bytes[fieldsAt[i] as number] = SPACE;
    this.#time.cells.write(bytes, ends, from, n);
    for (let i = 0; i < n; i++) bytes[ends[i] as number] = NEWLINE;
  }

  #grow(needed: number, used: number): void {
    const next = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(next, 0, 0, used);
    this.#buffer = next;
  }
}

/** Cells of a column that is written as a symbol. */
function symbolCells(name: string, type: DataType): Cells {
  return type.typeId === Type.Dictionary ? new Symbols(name) : new Texts(name, 'bare');
}

/** Cells of any other column. Throws for types that lines cannot carry. */
function fieldCells(name: string, type: DataType): Cells {
  switch (type.typeId) {
    case Type.Float:
      return new Doubles(name);
    case Type.Int:
      return (type as DataType & { bitWidth: number }).bitWidth === 32 ? new SmallIntegers(name) : new Integers(cellPrefix(name), 'i');
    case Type.Timestamp:
      return new Integers(cellPrefix(name), 'n');
    case Type.Bool:
      return new Booleans(name);
    case Type.Utf8:
      return new Texts(name, 'quoted');
    default:
      throw new MillraceError(`column "${name}" is ${type}, which the line protocol cannot carry`, {
        code: 'questdb-schema',
        domain: 'user',
      });
  }
}

/** The time that ends a line. */
function timeCells(): Cells {
  return new Integers(Uint8Array.of(32), 'n');
}
