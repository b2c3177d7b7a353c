import type { ColumnValues } from '../../graph/contract/batch.ts';
import { type Cursor, damaged } from './avro-cursor.ts';
import { writeNs } from './avro-numbers.ts';
import { bitmap, type Reader } from './avro-reader.ts';

/** float and double. */
export class FloatReader implements Reader {
  readonly #wide: boolean;
  #values = new Float64Array(0);
  constructor(kind: 'float' | 'double') {
    this.#wide = kind === 'double';
  }
  start(rows: number): void {
    this.#values = new Float64Array(rows);
  }
  read(cursor: Cursor, row: number): void {
    this.#values[row] = this.#wide ? cursor.view.getFloat64(cursor.take(8), true) : cursor.view.getFloat32(cursor.take(4), true);
  }
  none(row: number): void {
    this.#values[row] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: this.#values.subarray(0, rows) };
  }
}

/** int. */
export class IntReader implements Reader {
  #values = new Int32Array(0);
  start(rows: number): void {
    this.#values = new Int32Array(rows);
  }
  read(cursor: Cursor, row: number): void {
    this.#values[row] = cursor.int();
  }
  none(row: number): void {
    this.#values[row] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: this.#values.subarray(0, rows) };
  }
}

/** int64 written in two halves, since a BigInt costs an allocation. */
export class LongReader implements Reader {
  protected halves = new Int32Array(0);
  start(rows: number): void {
    this.halves = new Int32Array(2 * rows);
  }
  read(cursor: Cursor, row: number): void {
    cursor.long();
    this.halves[2 * row] = cursor.lo;
    this.halves[2 * row + 1] = cursor.hi;
  }
  none(row: number): void {
    this.halves[2 * row] = 0;
    this.halves[2 * row + 1] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: new BigInt64Array(this.halves.buffer, 0, rows) };
  }
}

/** Times of any unit as ns. */
export class TimeReader extends LongReader {
  readonly #unitNs: number;
  constructor(unitNs: number) {
    super();
    this.#unitNs = unitNs;
  }
  override read(cursor: Cursor, row: number): void {
    cursor.long();
    writeNs(cursor.number, this.#unitNs, () => cursor.bigint, this.halves, row);
  }
}

const DAY_MS = 86_400_000;
const MS_NS = 1_000_000;
const MAX_DAYS = 106_751;

/** Days as ns at midnight UTC. */
export class DateReader extends LongReader {
  override read(cursor: Cursor, row: number): void {
    const days = cursor.int();
    if (Math.abs(days) > MAX_DAYS) throw damaged('avro-time-range', `day ${days} is beyond int64 ns`);
    writeNs(days * DAY_MS, MS_NS, () => BigInt(days * DAY_MS), this.halves, row);
  }
}

/** boolean. */
export class BooleanReader implements Reader {
  #values = new Uint8Array(0);
  start(rows: number): void {
    this.#values = new Uint8Array(rows);
  }
  read(cursor: Cursor, row: number): void {
    this.#values[row] = cursor.boolean() ? 1 : 0;
  }
  none(row: number): void {
    this.#values[row] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: bitmap(this.#values, rows) };
  }
}
