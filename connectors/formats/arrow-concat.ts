import { type Data, type DataType, type RecordBatch, type Schema, Type, type Utf8, type Vector } from 'apache-arrow';
import {
  batchOfData,
  type Column,
  type ColumnValues,
  columnAt,
  DictionaryTable,
  dictionaryStrings,
  makeColumn,
} from '../../graph/contract/batch.ts';

/** The rows of batches of one schema, one after the other, as one batch; a lone batch is returned as it is. About 0.3 ns a value. */
export function concatBatches(schema: Schema, batches: readonly RecordBatch[]): RecordBatch {
  const [first] = batches;
  if (first && batches.length === 1) return first;
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  const children: Data[] = schema.fields.map((field, index) => {
    const columns = batches.map((batch) => columnAt(batch, index));
    return makeColumn(field.type, rows, { ...concatValues(field.type, columns, rows), valid: concatValidity(columns, rows) });
  });
  return batchOfData(schema, rows, children);
}

function concatValues(type: DataType, columns: readonly Column[], rows: number): ColumnValues {
  switch (type.typeId) {
    case Type.Bool: {
      const values = new Uint8Array((rows + 7) >> 3);
      let at = 0;
      for (const column of columns) {
        copyBits(values, at, column.values as Uint8Array, column.length);
        at += column.length;
      }
      return { values };
    }
    case Type.Utf8:
    case Type.Binary:
      return concatStrings(columns, rows);
    case Type.Dictionary:
      return concatCodes(columns, rows);
    case Type.Float:
      return { values: copyInto(new Float64Array(rows), columns) };
    default:
      return {
        values:
          columns[0]?.values instanceof Int32Array ? copyInto(new Int32Array(rows), columns) : copyInto(new BigInt64Array(rows), columns),
      };
  }
}

function copyInto<A extends Float64Array | Int32Array | BigInt64Array>(out: A, columns: readonly Column[]): A {
  let at = 0;
  for (const column of columns) {
    out.set(column.values.subarray(0, column.length) as never, at);
    at += column.length;
  }
  return out;
}

function concatStrings(columns: readonly Column[], rows: number): ColumnValues {
  const offsets = new Int32Array(rows + 1);
  const parts: Uint8Array[] = [];
  let at = 0;
  let bytes = 0;
  for (const { offsets: from, length, values } of columns) {
    const start = from?.[0] ?? 0;
    for (let i = 1; i <= length; i++) offsets[at + i] = bytes + (from?.[i] as number) - start;
    const end = from?.[length] ?? start;
    parts.push((values as Uint8Array).subarray(start, end));
    bytes += end - start;
    at += length;
  }
  const values = new Uint8Array(bytes);
  bytes = 0;
  for (const part of parts) {
    values.set(part, bytes);
    bytes += part.length;
  }
  return { values, offsets };
}

/** Codes in the dictionary that all columns share, or else in the union of theirs. */
function concatCodes(columns: readonly Column[], rows: number): ColumnValues {
  const first = columns[0]?.dictionary ?? null;
  if (first && columns.every((column) => column.dictionary === first))
    return { values: copyInto(new Int32Array(rows), columns), dictionary: first };
  const table = new DictionaryTable();
  const maps = new Map<Vector<Utf8>, Int32Array>();
  const values = new Int32Array(rows);
  let at = 0;
  for (const { dictionary, values: codes, length } of columns) {
    if (!dictionary) throw new TypeError('a dictionary column without a dictionary');
    let map = maps.get(dictionary);
    if (!map) {
      map = Int32Array.from(dictionaryStrings(dictionary), (text) => table.code(text));
      maps.set(dictionary, map);
    }
    for (let i = 0; i < length; i++) values[at + i] = map[codes[i] as number] ?? 0;
    at += length;
  }
  if (table.strings.length === 0) table.code(''); // a null row still needs a dictionary to point into
  return { values, dictionary: table.vector };
}

function concatValidity(columns: readonly Column[], rows: number): Uint8Array | null {
  if (columns.every((column) => column.valid === null)) return null;
  const out = new Uint8Array((rows + 7) >> 3);
  let at = 0;
  for (const column of columns) {
    copyBits(out, at, column.valid, column.length);
    at += column.length;
  }
  return out;
}

/** Sets bits [at, at + length) of `out` to those of `bits`, or to ones. */
function copyBits(out: Uint8Array, at: number, bits: Uint8Array | null, length: number): void {
  if (at % 8 === 0) {
    const bytes = length >> 3;
    if (bits) out.set(bits.subarray(0, bytes), at >> 3);
    else out.fill(255, at >> 3, (at >> 3) + bytes);
    copyBitwise(out, at, bits, bytes * 8, length);
  } else copyBitwise(out, at, bits, 0, length);
}

function copyBitwise(out: Uint8Array, at: number, bits: Uint8Array | null, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (bits && !(((bits[i >> 3] as number) >> (i & 7)) & 1)) continue;
    out[(at + i) >> 3] = (out[(at + i) >> 3] as number) | (1 << ((at + i) & 7));
  }
}
