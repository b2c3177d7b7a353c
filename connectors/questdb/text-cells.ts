import type { Utf8, Vector } from 'apache-arrow';
import type { Column } from '../../graph/contract/batch.ts';
import { bit, type Cells, cellPrefix, writePrefix } from './cells.ts';
import { type Style, sizeOfEscaped, writeEscaped } from './escape.ts';

const QUOTE = 34;

/** Utf8: a string between double quotes, or a symbol. */
export class Texts implements Cells {
  readonly #prefix: Uint8Array;
  readonly #style: Style;
  #values: Uint8Array = new Uint8Array(0);
  #offsets: Int32Array = new Int32Array(0);
  #valid: Uint8Array | null = null;

  constructor(name: string, style: Style) {
    this.#prefix = cellPrefix(name, style === 'quoted' ? [QUOTE] : []);
    this.#style = style;
  }

  load(column: Column): void {
    this.#values = column.values as Uint8Array;
    this.#offsets = column.offsets as Int32Array;
    this.#valid = column.valid;
  }

  measure(sizes: Int32Array, from: number, n: number): void {
    const [values, offsets, valid, style] = [this.#values, this.#offsets, this.#valid, this.#style];
    const size = this.#prefix.length + (style === 'quoted' ? 1 : 0);
    for (let i = 0; i < n; i++) {
      const row = from + i;
      if (valid !== null && bit(valid, row) === 0) continue;
      sizes[i] = (sizes[i] as number) + size + sizeOfEscaped(values, offsets[row] as number, offsets[row + 1] as number, style);
    }
  }

  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void {
    const [values, offsets, valid, style] = [this.#values, this.#offsets, this.#valid, this.#style];
    for (let i = 0; i < n; i++) {
      const row = from + i;
      if (valid !== null && bit(valid, row) === 0) continue;
      const start = writePrefix(bytes, ends[i] as number, this.#prefix);
      let end = writeEscaped(bytes, start, values, offsets[row] as number, offsets[row + 1] as number, style);
      if (style === 'quoted') bytes[end++] = QUOTE;
      ends[i] = end;
    }
  }
}

/** Codes of a dictionary: symbols, written once a dictionary and copied. */
export class Symbols implements Cells {
  readonly #prefix: Uint8Array;
  #dictionary: Vector<Utf8> | null = null;
  /** The cell of code c is bytes [starts[c], starts[c + 1]). */
  #cells: Uint8Array = new Uint8Array(0);
  #starts: Int32Array = new Int32Array(1);
  #codes: Int32Array = new Int32Array(0);
  #valid: Uint8Array | null = null;

  constructor(name: string) {
    this.#prefix = cellPrefix(name);
  }

  load(column: Column): void {
    this.#codes = column.values as Int32Array;
    this.#valid = column.valid;
    if (column.dictionary && column.dictionary !== this.#dictionary) this.#learn(column.dictionary);
  }

  #learn(dictionary: Vector<Utf8>): void {
    this.#dictionary = dictionary;
    this.#starts = new Int32Array(dictionary.length + 1);
    let code = 0;
    for (const { values, valueOffsets, length } of dictionary.data) {
      for (let i = 0; i < length; i++, code++) {
        const size = this.#prefix.length + sizeOfEscaped(values, valueOffsets[i] as number, valueOffsets[i + 1] as number, 'bare');
        this.#starts[code + 1] = (this.#starts[code] as number) + size;
      }
    }
    this.#cells = new Uint8Array(this.#starts[code] as number);
    let at = 0;
    for (const { values, valueOffsets, length } of dictionary.data) {
      for (let i = 0; i < length; i++) {
        at = writePrefix(this.#cells, at, this.#prefix);
        at = writeEscaped(this.#cells, at, values, valueOffsets[i] as number, valueOffsets[i + 1] as number, 'bare');
      }
    }
  }

  measure(sizes: Int32Array, from: number, n: number): void {
    const [codes, starts, valid] = [this.#codes, this.#starts, this.#valid];
    for (let i = 0; i < n; i++) {
      if (valid !== null && bit(valid, from + i) === 0) continue;
      const code = codes[from + i] as number;
      sizes[i] = (sizes[i] as number) + (starts[code + 1] as number) - (starts[code] as number);
    }
  }

  write(bytes: Uint8Array, ends: Int32Array, from: number, n: number): void {
    const [codes, starts, cells, valid] = [this.#codes, this.#starts, this.#cells, this.#valid];
    for (let i = 0; i < n; i++) {
      if (valid !== null && bit(valid, from + i) === 0) continue;
      const code = codes[from + i] as number;
      let at = ends[i] as number;
      for (let k = starts[code] as number, end = starts[code + 1] as number; k < end; k++) bytes[at++] = cells[k] as number;
      ends[i] = at;
    }
  }
}
