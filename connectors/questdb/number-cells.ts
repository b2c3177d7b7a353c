import type { Column } from '../../graph/contract/batch.ts';
import { bit, type Cells, cellPrefix, writePrefix } from './cells.ts';
import { sizeOfInteger, writeInteger } from './digits.ts';

/** Marks a binary double. Source: ILP version 2, "double column values". */
const DOUBLE = 16;

/** Float64: eight bytes, little-endian. */
export class Doubles implements Cells {
  readonly #prefix: Uint8Array;
  #values: Float64Array = new Float64Array(0);
  #valid: Uint8Array | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(name: string) {
    this.#prefix = cellPrefix(name, [61, DOUBLE]);
  }

  load(column: Column): void {
    this.#values = column.values as Float64Array;
    this.#valid = column.valid;
  }

  measure(sizes: Int32Array, from: number, n: number): void {
    const valid = this.#valid;
    const size = this.#prefix.length + 8;
    for (let i = 0; i < n; i++) if (valid === null || bit(valid, from + i) === 1) sizes[i] = (sizes[i] as number) + size;
  }

  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void {
    const [values, valid, prefix] = [this.#values, this.#valid, this.#prefix];
    if (this.#view.buffer !== bytes.buffer) this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const view = this.#view;
    for (let i = 0; i < n; i++) {
      if (valid !== null && bit(valid, from + i) === 0) continue;
      const at = writePrefix(bytes, ends[i] as number, prefix);
      view.setFloat64(at, values[from + i] as number, true);
      ends[i] = at + 8;
    }
  }
}

/** Int64 with the suffix `i`, times in ns with `n`; read as halves, since a `BigInt64Array` boxes every value. */
export class Integers implements Cells {
  readonly #prefix: Uint8Array;
  readonly #suffix: number;
  #halves: Int32Array = new Int32Array(0);
  #valid: Uint8Array | null = null;

  constructor(prefix: Uint8Array, suffix: 'i' | 'n') {
    this.#prefix = prefix;
    this.#suffix = suffix.charCodeAt(0);
  }

  load(column: Column): void {
    const { buffer, byteOffset, length } = column.values as BigInt64Array;
    this.#halves = new Int32Array(buffer, byteOffset, length * 2);
    this.#valid = column.valid;
  }

  measure(sizes: Int32Array, from: number, n: number): void {
    const [halves, valid] = [this.#halves, this.#valid];
    const size = this.#prefix.length + 1;
    for (let i = 0; i < n; i++) {
      const row = from + i;
      if (valid !== null && bit(valid, row) === 0) continue;
      sizes[i] = (sizes[i] as number) + size + sizeOfInteger(halves[2 * row + 1] as number, halves[2 * row] as number);
    }
  }

  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void {
    const [halves, valid, prefix, suffix] = [this.#halves, this.#valid, this.#prefix, this.#suffix];
    for (let i = 0; i < n; i++) {
      const row = from + i;
      if (valid !== null && bit(valid, row) === 0) continue;
      const [high, low] = [halves[2 * row + 1] as number, halves[2 * row] as number];
      const end = writePrefix(bytes, ends[i] as number, prefix) + sizeOfInteger(high, low);
      writeInteger(bytes, end, high, low);
      bytes[end] = suffix;
      ends[i] = end + 1;
    }
  }
}

/** Int32 with the suffix `i`. */
export class SmallIntegers implements Cells {
  readonly #prefix: Uint8Array;
  #values: Int32Array = new Int32Array(0);
  #valid: Uint8Array | null = null;

  constructor(name: string) {
    this.#prefix = cellPrefix(name);
  }

  load(column: Column): void {
    this.#values = column.values as Int32Array;
    this.#valid = column.valid;
  }

  measure(sizes: Int32Array, from: number, n: number): void {
    const [values, valid] = [this.#values, this.#valid];
    const size = this.#prefix.length + 1;
    for (let i = 0; i < n; i++) {
      if (valid !== null && bit(valid, from + i) === 0) continue;
      const value = values[from + i] as number;
      sizes[i] = (sizes[i] as number) + size + sizeOfInteger(value >> 31, value);
    }
  }

  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void {
    const [values, valid, prefix] = [this.#values, this.#valid, this.#prefix];
    for (let i = 0; i < n; i++) {
      if (valid !== null && bit(valid, from + i) === 0) continue;
      const value = values[from + i] as number;
      const end = writePrefix(bytes, ends[i] as number, prefix) + sizeOfInteger(value >> 31, value);
      writeInteger(bytes, end, value >> 31, value);
      bytes[end] = 105;
      ends[i] = end + 1;
    }
  }
}

/** Bool: `t` or `f`. */
export class Booleans implements Cells {
  readonly #prefix: Uint8Array;
  #values: Uint8Array = new Uint8Array(0);
  #valid: Uint8Array | null = null;

  constructor(name: string) {
    this.#prefix = cellPrefix(name);
  }

  load(column: Column): void {
    this.#values = column.values as Uint8Array;
    this.#valid = column.valid;
  }

  measure(sizes: Int32Array, from: number, n: number): void {
    const valid = this.#valid;
    const size = this.#prefix.length + 1;
    for (let i = 0; i < n; i++) if (valid === null || bit(valid, from + i) === 1) sizes[i] = (sizes[i] as number) + size;
  }

  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void {
    const [values, valid, prefix] = [this.#values, this.#valid, this.#prefix];
    for (let i = 0; i < n; i++) {
      if (valid !== null && bit(valid, from + i) === 0) continue;
      const at = writePrefix(bytes, ends[i] as number, prefix);
      bytes[at] = bit(values, from + i) === 1 ? 116 : 102;
      ends[i] = at + 1;
    }
  }
}
