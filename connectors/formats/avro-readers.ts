import { isUtf8 } from 'node:buffer';
import type { ColumnValues } from '../../graph/contract/batch.ts';
import type { AvroColumn } from './avro-columns.ts';
import { type Cursor, damaged } from './avro-cursor.ts';
import { jsonText, notText, skip } from './avro-text.ts';
import { nearest, smallUnscaled, unscaled, writeNs } from './avro-time.ts';
import type { AvroType } from './avro-type.ts';
import { Words } from './avro-words.ts';
import { joined } from './refusals.ts';

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

/** The reader of a field, or of what is stepped over. */
export function readerOf(spec: AvroColumn): Reader {
  if (spec.column === null) return new SkipReader(spec.type);
  const value = valueReader(spec.type, spec.column.reading, spec.column.unitNs);
  return spec.union ? new UnionReader(value, spec.nullBranch) : value;
}

function valueReader(type: AvroType, reading: string, unitNs: number): Reader {
  switch (reading) {
    case 'double':
      return new FloatReader(true);
    case 'float':
      return new FloatReader(false);
    case 'int':
      return new IntReader();
    case 'boolean':
      return new BooleanReader();
    case 'text':
      return new BytesReader(null, true);
    case 'bytes':
      return new BytesReader(null, false);
    case 'fixed':
      return new BytesReader(type.kind === 'fixed' ? type.size : 0, false);
    case 'word':
      return new WordReader();
    case 'enum':
      return new EnumReader(type.kind === 'enum' ? type.symbols : []);
    case 'decimal':
    case 'exact':
      return new DecimalReader(type, reading === 'exact');
    case 'date':
      return new DateReader();
    case 'time':
      return new TimeReader(unitNs);
    case 'json':
      return new JsonReader(type);
    default:
      return new LongReader();
  }
}

class SkipReader implements Reader {
  readonly #type: AvroType;
  constructor(type: AvroType) {
    this.#type = type;
  }
  start(): void {}
  read(cursor: Cursor): void {
    skip(this.#type, cursor);
  }
  none(): void {}
  finish(): ColumnValues {
    return { values: new Uint8Array(0) };
  }
}

class UnionReader implements Reader {
  readonly #inner: Reader;
  readonly #nullBranch: 0 | 1 | null;
  #present = new Uint8Array(0);
  constructor(inner: Reader, nullBranch: 0 | 1 | null) {
    this.#inner = inner;
    this.#nullBranch = nullBranch;
  }
  start(rows: number): void {
    this.#present = new Uint8Array(rows);
    this.#inner.start(rows);
  }
  read(cursor: Cursor, row: number): void {
    if (cursor.choice(this.#nullBranch === null ? 1 : 2, 'avro-union', 'branch') === this.#nullBranch) {
      this.#present[row] = 0;
      this.#inner.none(row);
    } else {
      this.#present[row] = 1;
      this.#inner.read(cursor, row);
    }
  }
  none(): void {}
  finish(rows: number, source: Uint8Array): ColumnValues {
    const column = this.#inner.finish(rows, source);
    return this.#present.subarray(0, rows).includes(0) ? { ...column, valid: bitmap(this.#present, rows) } : column;
  }
}

class FloatReader implements Reader {
  readonly #wide: boolean;
  #values = new Float64Array(0);
  constructor(wide: boolean) {
    this.#wide = wide;
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

class IntReader implements Reader {
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
class LongReader implements Reader {
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

class TimeReader extends LongReader {
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

class DateReader extends LongReader {
  override read(cursor: Cursor, row: number): void {
    const days = cursor.int();
    if (Math.abs(days) > MAX_DAYS) throw damaged('avro-time-range', `day ${days} is beyond int64 ns`);
    writeNs(days * DAY_MS, MS_NS, () => BigInt(days * DAY_MS), this.halves, row);
  }
}

class BooleanReader implements Reader {
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

const SHORT = 24;

/** Bytes, fixed and strings: where each lies is noted, and all are copied when the batch is whole. */
class BytesReader implements Reader {
  readonly #size: number | null;
  readonly #text: boolean;
  #starts = new Int32Array(0);
  #offsets = new Int32Array(1);
  constructor(size: number | null, text: boolean) {
    this.#size = size;
    this.#text = text;
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

class WordReader implements Reader {
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

class EnumReader implements Reader {
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

/** Sizes whose unscaled value is exact as a number, and powers of ten that are. */
const SMALL_BYTES = 6;
const EXACT_POWER = 22;
const MAX_DECIMAL_BYTES = 64;

class DecimalReader implements Reader {
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

class JsonReader implements Reader {
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

function bitmap(flags: Uint8Array, rows: number): Uint8Array {
  const out = new Uint8Array((rows + 7) >> 3);
  for (let row = 0; row < rows; row++) out[row >> 3] = (out[row >> 3] as number) | ((flags[row] as number) << (row & 7));
  return out;
}
