import type { ColumnValues } from '../../graph/contract/batch.ts';
import { type Cursor, damaged } from './avro-cursor.ts';
import { nearest, smallUnscaled, unscaled } from './avro-numbers.ts';
import type { Reader } from './avro-reader.ts';
import type { AvroType } from './avro-type.ts';

/** Sizes whose unscaled value is exact as a number, and powers of ten that are. */
const SMALL_BYTES = 6;
const EXACT_POWER = 22;
const MAX_DECIMAL_BYTES = 64;

/** Decimals of bytes or fixed. */
export class DecimalReader implements Reader {
  readonly #size: number | null;
  readonly #scale: number;
  readonly #power: number;
  readonly #exact: boolean;
  #values = new Float64Array(0);
  #units = new BigInt64Array(0);
  constructor(type: AvroType, exact: boolean) {
    this.#size = type.kind === 'fixed' ? type.size : null;
    this.#scale = 'logical' in type && type.logical?.name === 'decimal' ? type.logical.scale : 0;
    this.#power = 10 ** this.#scale;
    this.#exact = exact;
  }
  start(rows: number): void {
    if (this.#exact) this.#units = new BigInt64Array(rows);
    else this.#values = new Float64Array(rows);
  }
  read(cursor: Cursor, row: number): void {
    const size = this.#size ?? cursor.length();
    const at = cursor.take(size);
    if (size > MAX_DECIMAL_BYTES) throw damaged('avro-decimal-range', `a decimal has ${size} bytes, more than ${MAX_DECIMAL_BYTES}`);
    if (this.#exact) {
      const value = unscaled(cursor, at, size);
      if (BigInt.asIntN(64, value) !== value) throw damaged('avro-decimal-range', `the unscaled decimal ${value} is beyond int64`);
      this.#units[row] = value;
    } else if (size <= SMALL_BYTES && this.#scale <= EXACT_POWER) this.#values[row] = smallUnscaled(cursor, at, size) / this.#power;
    else this.#values[row] = nearest(unscaled(cursor, at, size), this.#scale);
  }
  none(row: number): void {
    if (this.#exact) this.#units[row] = 0n;
    else this.#values[row] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: this.#exact ? this.#units.subarray(0, rows) : this.#values.subarray(0, rows) };
  }
}
