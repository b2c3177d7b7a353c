import { isUtf8 } from 'node:buffer';
import type { ColumnValues } from '../../graph/contract/batch.ts';
import type { Cursor } from './avro-cursor.ts';
import type { Reader } from './avro-reader.ts';
import { jsonText, notText } from './avro-text.ts';
import type { AvroType } from './avro-type.ts';
import { Words } from './avro-words.ts';
import { joined } from './refusals.ts';

const SHORT = 24;

/** Bytes, fixed and strings: where each lies is noted, and all are copied when the batch is whole. */
export class BytesReader implements Reader {
  readonly #size: number | null;
  readonly #text: boolean;
  #starts = new Int32Array(0);
  #offsets = new Int32Array(1);
  constructor(size: number | null, content: 'utf8' | 'any') {
    this.#size = size;
    this.#text = content === 'utf8';
  }
  start(rows: number): void {
    this.#starts = new Int32Array(rows);
    this.#offsets = new Int32Array(rows + 1);
  }
  read(cursor: Cursor, row: number): void {
    const size = this.#size ?? cursor.length();
    const at = cursor.take(size);
    if (this.#text && !isText(cursor.bytes, at, at + size)) throw notText();
    this.#starts[row] = at;
    this.#offsets[row + 1] = (this.#offsets[row] as number) + size;
  }
  none(row: number): void {
    this.#starts[row] = 0;
    this.#offsets[row + 1] = this.#offsets[row] as number;
  }
  finish(rows: number, source: Uint8Array): ColumnValues {
    const offsets = this.#offsets.subarray(0, rows + 1);
    const values = new Uint8Array(offsets[rows] as number);
    for (let row = 0; row < rows; row++) {
      const from = this.#starts[row] as number;
      const to = offsets[row] as number;
      const size = (offsets[row + 1] as number) - to;
      if (size > SHORT) values.set(source.subarray(from, from + size), to);
      else for (let i = 0; i < size; i++) values[to + i] = source[from + i] as number;
    }
    return { values, offsets };
  }
}

/** Strings as a dictionary. */
export class WordReader implements Reader {
  readonly #words = new Words();
  #codes = new Int32Array(0);
  start(rows: number): void {
    this.#words.trim();
    this.#codes = new Int32Array(rows);
  }
  read(cursor: Cursor, row: number): void {
    const size = cursor.length();
    const at = cursor.take(size);
    let code = this.#words.find(cursor.bytes, at, at + size);
    if (code < 0) {
      if (!isText(cursor.bytes, at, at + size)) throw notText();
      code = this.#words.add(cursor.bytes.subarray(at, at + size));
    }
    this.#codes[row] = code;
  }
  none(row: number): void {
    this.#codes[row] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: this.#codes.subarray(0, rows), dictionary: this.#words.vector };
  }
}

/** Enums as a dictionary of their symbols. */
export class EnumReader implements Reader {
  readonly #count: number;
  readonly #words = new Words();
  #codes = new Int32Array(0);
  constructor(symbols: readonly string[]) {
    this.#count = symbols.length;
    for (const symbol of symbols) this.#words.add(Buffer.from(symbol, 'utf8'));
  }
  start(rows: number): void {
    this.#codes = new Int32Array(rows);
  }
  read(cursor: Cursor, row: number): void {
    this.#codes[row] = cursor.choice(this.#count, 'avro-enum', 'symbol');
  }
  none(row: number): void {
    this.#codes[row] = 0;
  }
  finish(rows: number): ColumnValues {
    return { values: this.#codes.subarray(0, rows), dictionary: this.#words.vector };
  }
}

/** Values of any type as JSON text. */
export class JsonReader implements Reader {
  readonly #type: AvroType;
  #texts: Uint8Array[] = [];
  constructor(type: AvroType) {
    this.#type = type;
  }
  start(): void {
    this.#texts = [];
  }
  read(cursor: Cursor, row: number): void {
    this.#texts[row] = Buffer.from(jsonText(this.#type, cursor), 'utf8');
  }
  none(): void {}
  finish(rows: number): ColumnValues {
    return joined(this.#texts.slice(0, rows));
  }
}

function isText(bytes: Uint8Array, from: number, to: number): boolean {
  let bits = 0;
  for (let i = from; i < to; i++) bits |= bytes[i] as number;
  return bits < 0x80 || isUtf8(bytes.subarray(from, to));
}
