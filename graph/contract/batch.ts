import {
  type Data,
  type DataType,
  type Dictionary,
  type Float,
  type Int,
  makeData,
  makeVector,
  Precision,
  RecordBatch,
  type Schema,
  Struct,
  Type,
  Utf8,
  type Vector,
} from 'apache-arrow';
import { MillraceError } from './error.ts';

/** Values of a fixed-width column; Bool is a bitmap in a Uint8Array. */
export type Values = Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** One column of a batch as plain arrays, row 0 at index 0 (bit 0 of bitmaps). Not to be written to. */
export interface Column {
  readonly type: DataType;
  readonly length: number;
  /** Float64Array; BigInt64Array for Int64 and Timestamp; Int32Array for Int32 and dictionary codes; bitmap for Bool; bytes for Utf8 and Binary. */
  readonly values: Values;
  /** Utf8 and Binary: n + 1 offsets into `values`, the first not necessarily 0. */
  readonly offsets: Int32Array | null;
  /** Validity bitmap, bit set = not null; null when no row is null. */
  readonly valid: Uint8Array | null;
  /** Strings behind the codes of a dictionary column. */
  readonly dictionary: Vector<Utf8> | null;
}

/** A bitmap that starts at bit 0: a view where possible, else a shifted copy. */
function alignedBits(bits: Uint8Array, offset: number, length: number): Uint8Array {
  if (offset % 8 === 0) return bits.subarray(offset >> 3, (offset + length + 7) >> 3);
  const out = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++)
    if (((bits[(offset + i) >> 3] ?? 0) >> ((offset + i) & 7)) & 1) out[i >> 3] = (out[i >> 3] ?? 0) | (1 << (i & 7));
  return out;
}

/** The column at an index, as plain arrays. */
export function columnAt(batch: RecordBatch, index: number): Column {
  const data = batch.data.children[index] as Data | undefined;
  if (!data) throw new MillraceError(`the batch has no column ${index}`, { code: 'column-absent', domain: 'internal' });
  const length = data.length;
  const valid = data.nullCount > 0 && data.nullBitmap ? alignedBits(data.nullBitmap, data.offset, length) : null;
  const values = data.typeId === Type.Bool ? alignedBits(data.values as Uint8Array, data.offset, length) : (data.values as Values);
  return {
    type: data.type,
    length,
    values,
    offsets: (data.valueOffsets as Int32Array | undefined) ?? null,
    valid,
    dictionary: (data.dictionary as Vector<Utf8> | undefined) ?? null,
  };
}

/** Index of a column by name, or -1. */
export function columnIndex(schema: Schema, name: string): number {
  return schema.fields.findIndex((field) => field.name === name);
}

/** The column of that name. */
export function column(batch: RecordBatch, name: string): Column {
  const index = columnIndex(batch.schema, name);
  if (index < 0) throw new MillraceError(`the batch has no column "${name}"`, { code: 'column-absent', domain: 'internal' });
  return columnAt(batch, index);
}

/** The int64 values of a timestamp or Int64 column. */
export function int64(batch: RecordBatch, name: string): BigInt64Array {
  return column(batch, name).values as BigInt64Array;
}

export function isValid(column: Column, row: number): boolean {
  return column.valid === null || (((column.valid[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** What `makeBatch` is told of a column; as `Column`, without what the schema says. */
export interface ColumnValues {
  readonly values: Values;
  readonly offsets?: Int32Array | null;
  readonly valid?: Uint8Array | null;
  readonly dictionary?: Vector<Utf8> | null;
}

/** One column as Arrow data over the given arrays, without a copy. */
export function makeColumn(type: DataType, rows: number, column: ColumnValues): Data {
  const nulls = column.valid ? { nullBitmap: column.valid } : { nullCount: 0 };
  const base = { type, length: rows, data: column.values, ...nulls };
  if (column.offsets) return makeData({ ...base, valueOffsets: column.offsets } as never);
  if (column.dictionary) return makeData({ ...base, dictionary: column.dictionary } as never);
  return makeData(base as never);
}

/** A batch over Arrow data, one a field of the schema. */
export function batchOfData(schema: Schema, rows: number, children: readonly Data[]): RecordBatch {
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: rows, nullCount: 0, children: children as Data[] }));
}

/** A batch over the given arrays, one a field of the schema, without a copy. */
export function makeBatch(schema: Schema, rows: number, columns: readonly ColumnValues[]): RecordBatch {
  const children = schema.fields.map((field, i) => {
    const given = columns[i];
    if (!given) throw new MillraceError(`no values for column "${field.name}"`, { code: 'column-absent', domain: 'internal' });
    return makeColumn(field.type, rows, given);
  });
  return batchOfData(schema, rows, children);
}

/** Strings as an Arrow vector, to stand behind dictionary codes. Slow (1 M/s): once per dictionary, never per batch. */
export function dictionaryVector(strings: readonly string[]): Vector<Utf8> {
  const parts = strings.map((s) => Buffer.from(s, 'utf8'));
  const offsets = new Int32Array(strings.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + part.length;
  });
  const bytes = new Uint8Array(Buffer.concat(parts));
  return makeVector(makeData({ type: new Utf8(), length: strings.length, nullCount: 0, valueOffsets: offsets, data: bytes }));
}

const decodedDictionaries = new WeakMap<Vector<Utf8>, readonly string[]>();

/** The strings of a dictionary, decoded once per vector. */
export function dictionaryStrings(vector: Vector<Utf8>): readonly string[] {
  let strings = decodedDictionaries.get(vector);
  if (!strings) {
    strings = Array.from({ length: vector.length }, (_, i) => vector.get(i) ?? '');
    decodedDictionaries.set(vector, strings);
  }
  return strings;
}

/** An append-only table of strings with its Arrow vector: the dictionary of a column that a kernel or decoder makes. */
export class DictionaryTable {
  readonly #codes = new Map<string, number>();
  readonly #strings: string[] = [];
  #vector: Vector<Utf8> | null = null;

  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#strings.length;
    this.#codes.set(text, code);
    this.#strings.push(text);
    this.#vector = null;
    return code;
  }

  get strings(): readonly string[] {
    return this.#strings;
  }

  /** The same vector until a string is added. */
  get vector(): Vector<Utf8> {
    this.#vector ??= dictionaryVector(this.#strings);
    return this.#vector;
  }
}

/** Codes of a column that holds all rows of several dictionaries, in one dictionary. */
class DictionaryUnion {
  readonly #maps = new Map<Vector<Utf8>, Int32Array>();
  readonly #table = new DictionaryTable();

  codesOf(dictionary: Vector<Utf8>): Int32Array {
    let map = this.#maps.get(dictionary);
    if (!map) {
      map = Int32Array.from(dictionaryStrings(dictionary), (text) => this.#table.code(text));
      this.#maps.set(dictionary, map);
    }
    return map;
  }

  get vector(): Vector<Utf8> {
    return this.#table.vector;
  }
}

/**
 * The rows `rows[i]` of `batches[source[i]]` as one batch (`source` null: all of `batches[0]`): take, concatenate and merge in one.
 * The batches have equal schemas. Cost about 5 ns a value.
 */
export function gather(schema: Schema, batches: readonly RecordBatch[], source: Int32Array | null, rows: Int32Array): RecordBatch {
  const n = rows.length;
  const children = schema.fields.map((field, index) => {
    const columns = batches.map((batch) => columnAt(batch, index));
    const of = (i: number): Column => columns[source === null ? 0 : (source[i] as number)] as Column;
    const valid = columns.some((c) => c.valid) ? new Uint8Array((n + 7) >> 3) : null;
    if (valid) {
      for (let i = 0; i < n; i++) if (isValid(of(i), rows[i] as number)) valid[i >> 3] = (valid[i >> 3] as number) | (1 << (i & 7));
    }
    return makeColumn(field.type, n, { ...gatherValues(field.type, columns, of, rows), valid });
  });
  return batchOfData(schema, n, children);
}

function gatherValues(type: DataType, columns: readonly Column[], of: (i: number) => Column, rows: Int32Array): ColumnValues {
  const n = rows.length;
  switch (type.typeId) {
    case Type.Bool: {
      const values = new Uint8Array((n + 7) >> 3);
      for (let i = 0; i < n; i++) {
        const row = rows[i] as number;
        if ((((of(i).values as Uint8Array)[row >> 3] as number) >> (row & 7)) & 1)
          values[i >> 3] = (values[i >> 3] as number) | (1 << (i & 7));
      }
      return { values };
    }
    case Type.Utf8:
    case Type.Binary: {
      const offsets = new Int32Array(n + 1);
      for (let i = 0; i < n; i++) {
        const from = of(i).offsets as Int32Array;
        const row = rows[i] as number;
        offsets[i + 1] = (offsets[i] as number) + (from[row + 1] as number) - (from[row] as number);
      }
      const values = new Uint8Array(offsets[n] as number);
      for (let i = 0; i < n; i++) {
        const c = of(i);
        const row = rows[i] as number;
        values.set((c.values as Uint8Array).subarray(c.offsets?.[row], c.offsets?.[row + 1]), offsets[i]);
      }
      return { values, offsets };
    }
    case Type.Dictionary: {
      const values = new Int32Array(n);
      const first = columns[0]?.dictionary ?? null;
      if (columns.every((c) => c.dictionary === first)) {
        for (let i = 0; i < n; i++) values[i] = (of(i).values as Int32Array)[rows[i] as number] as number;
        return { values, dictionary: first };
      }
      const union = new DictionaryUnion();
      const maps = new Map(columns.map((c) => [c, union.codesOf(c.dictionary as Vector<Utf8>)]));
      for (let i = 0; i < n; i++) {
        const c = of(i);
        values[i] = maps.get(c)?.[(c.values as Int32Array)[rows[i] as number] as number] ?? 0;
      }
      return { values, dictionary: union.vector };
    }
    case Type.Float:
      if ((type as Float).precision !== Precision.DOUBLE) throw unsupported(type);
      return gatherFixed(new Float64Array(n), of, rows);
    case Type.Int:
    case Type.Timestamp: {
      const { isSigned = true, bitWidth = 64 } = type as Partial<Int>;
      if (!isSigned || bitWidth < 32) throw unsupported(type);
      if (bitWidth === 32) return gatherFixed(new Int32Array(n), of, rows);
      // int64 in two halves: reading a BigInt64Array boxes every value
      const values = new BigInt64Array(n);
      const out = new Int32Array(values.buffer);
      const halves = new Map(columns.map((c) => [c, new Int32Array(c.values.buffer, c.values.byteOffset, c.length * 2)]));
      for (let i = 0; i < n; i++) {
        const from = halves.get(of(i)) as Int32Array;
        const row = rows[i] as number;
        out[2 * i] = from[2 * row] as number;
        out[2 * i + 1] = from[2 * row + 1] as number;
      }
      return { values };
    }
    default:
      throw unsupported(type);
  }
}

function unsupported(type: DataType): MillraceError {
  return new MillraceError(`columns of type ${type} are not supported`, { code: 'type-unsupported', domain: 'internal' });
}

function gatherFixed<A extends Float64Array | Int32Array>(values: A, of: (i: number) => Column, rows: Int32Array): ColumnValues {
  for (let i = 0; i < rows.length; i++) values[i] = (of(i).values as A)[rows[i] as number] as number;
  return { values };
}

/** Bytes of a batch's values and offsets, for its own rows only where it is a slice; bitmaps of nulls and dictionaries left out. */
export function batchBytes(batch: RecordBatch): number {
  let bytes = 0;
  for (const { typeId, length, values, valueOffsets } of batch.data.children) {
    if (typeId === Type.Bool) bytes += (length + 7) >> 3;
    else if (valueOffsets) bytes += valueOffsets[length] - valueOffsets[0] + 4 * (length + 1);
    else bytes += length * ((values as Values | undefined)?.BYTES_PER_ELEMENT ?? 0);
  }
  return bytes;
}

/** Whether a column's type is a dictionary of strings. */
export function isWord(type: DataType): type is Dictionary<Utf8> {
  return type.typeId === Type.Dictionary;
}
