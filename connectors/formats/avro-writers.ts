import { type DataType, type Field, Type } from 'apache-arrow';
import { type Column, dictionaryStrings } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { SCALE, UNITS_NS } from './avro-columns.ts';
import type { Output } from './avro-output.ts';
import type { AvroType } from './avro-type.ts';

/** Writes the values of one column. */
export interface CellWriter {
  /** A new batch. */
  start(column: Column): void;
  write(output: Output, row: number): void;
}

/** Columns and fields that do not fit each other. */
export const unfit = (message: string) =>
  new MillraceError(message, {
    code: 'avro-columns',
    domain: 'user',
    remedy: 'select the columns that the Avro schema has before the sink, or write another schema',
  });

const misvalued = (message: string) => new MillraceError(message, { code: 'avro-value', domain: 'user' });

/** The writer of a column as a type; throws `avro-columns` where the type cannot hold it. */
export function writerOf(field: Field, type: AvroType): CellWriter {
  const { typeId } = field.type;
  const words = typeId === Type.Dictionary;
  const int64 = typeId === Type.Timestamp || (typeId === Type.Int && bits(field.type) === 64);
  switch (type.kind) {
    case 'boolean':
      if (typeId === Type.Bool) return cells<Uint8Array>((out, v, row) => out.byte(((v[row >> 3] as number) >> (row & 7)) & 1));
      break;
    case 'double':
      if (typeId === Type.Float) return cells<Float64Array>((out, v, row) => out.double(v[row] as number));
      break;
    case 'float':
      if (typeId === Type.Float) return cells<Float64Array>((out, v, row) => out.float(v[row] as number));
      break;
    case 'int':
      if (type.logical) {
        const unitNs = type.logical.name === 'date' ? DAY_NS : BigInt(UNITS_NS.millis);
        if (typeId === (type.logical.name === 'date' ? Type.Timestamp : Type.Int) && int64) return divided(unitNs);
      } else if (typeId === Type.Int && !int64) return cells<Int32Array>((out, v, row) => out.int(v[row] as number));
      break;
    case 'long':
      return longWriter(field, type, int64);
    case 'string':
      if (words) return wordWriter((text) => Buffer.from(text, 'utf8'));
      if (typeId === Type.Utf8) return bytesWriter((out, bytes) => out.sized(bytes));
      break;
    case 'bytes':
      if (type.logical) return decimalWriter(field, type);
      if (typeId === Type.Utf8 || typeId === Type.Binary) return bytesWriter((out, bytes) => out.sized(bytes));
      break;
    case 'fixed':
      if (type.logical) return decimalWriter(field, type);
      if (typeId === Type.Binary)
        return bytesWriter((out, bytes) => {
          if (bytes.length !== type.size) throw misvalued(`"${field.name}" has ${bytes.length} bytes, its Avro field has ${type.size}`);
          out.raw(bytes);
        });
      break;
    case 'enum':
      if (words) return enumWriter(field.name, type.symbols);
      break;
    default:
  }
  throw noRoom(field, type.kind);
}

const DAY_NS = 86_400_000_000_000n;
const bits = (type: DataType) => (type as DataType & { bitWidth: number }).bitWidth;
const noRoom = (field: Field, kind: string) => unfit(`column "${field.name}" is ${field.type}, which an Avro ${kind} does not hold`);

function cells<A extends Column['values']>(write: (output: Output, values: A, row: number) => void): CellWriter {
  let values: A;
  return {
    start(column) {
      values = column.values as A;
    },
    write: (output, row) => write(output, values, row),
  };
}

function longWriter(field: Field, type: Extract<AvroType, { readonly logical: unknown }>, int64: boolean): CellWriter {
  if (!int64 && field.type.typeId === Type.Int && !type.logical) return cells<Int32Array>((out, v, row) => out.int(v[row] as number));
  if (!int64) throw noRoom(field, 'long');
  const name = type.logical?.name ?? '';
  const time = name.startsWith('timestamp-') || name.startsWith('local-');
  const stamp = field.type.typeId === Type.Timestamp;
  if ((time && !stamp) || (name.startsWith('time-') && stamp)) throw noRoom(field, name);
  const unitNs = name.endsWith('millis') ? UNITS_NS.millis : name.endsWith('micros') ? UNITS_NS.micros : 1;
  if (unitNs !== 1) return divided(BigInt(unitNs));
  let halves: Int32Array = new Int32Array(0);
  return {
    start({ values, length }) {
      halves = new Int32Array(values.buffer, values.byteOffset, 2 * length);
    },
    write: (output, row) => output.long(halves[2 * row] as number, halves[2 * row + 1] as number),
  };
}

/** ns in whole units, rounded down. */
const divided = (unitNs: bigint): CellWriter =>
  cells<BigInt64Array>((out, v, row) => {
    const ns = v[row] as bigint;
    const units = ns / unitNs;
    out.bigint(ns % unitNs < 0n ? units - 1n : units);
  });

function bytesWriter(write: (output: Output, bytes: Uint8Array) => void): CellWriter {
  let column: Column;
  return {
    start(given) {
      column = given;
    },
    write: (output, row) => write(output, (column.values as Uint8Array).subarray(column.offsets?.[row], column.offsets?.[row + 1])),
  };
}

function wordWriter(encode: (text: string) => Uint8Array): CellWriter {
  let codes: Int32Array = new Int32Array(0);
  let words: readonly string[] = [];
  let encoded: (Uint8Array | undefined)[] = [];
  return {
    start({ values, dictionary }) {
      codes = values as Int32Array;
      const strings = dictionary ? dictionaryStrings(dictionary) : [];
      if (strings !== words) encoded = [];
      words = strings;
    },
    write(output, row) {
      const code = codes[row] as number;
      encoded[code] ??= encode(words[code] ?? '');
      output.sized(encoded[code] as Uint8Array);
    },
  };
}

function enumWriter(name: string, symbols: readonly string[]): CellWriter {
  let codes: Int32Array = new Int32Array(0);
  let words: readonly string[] = [];
  return {
    start({ values, dictionary }) {
      codes = values as Int32Array;
      words = dictionary ? dictionaryStrings(dictionary) : [];
    },
    write(output, row) {
      const word = words[codes[row] as number] ?? '';
      const symbol = symbols.indexOf(word);
      if (symbol < 0) throw misvalued(`"${name}" is "${word}", its Avro field is one of ${symbols.join(', ')}`);
      output.int(symbol);
    },
  };
}

/** Exact integers of 10^-scale as decimals of that scale. */
function decimalWriter(field: Field, type: Extract<AvroType, { readonly kind: string; readonly logical: unknown }>): CellWriter {
  const scale = type.logical?.name === 'decimal' ? String(type.logical.scale) : '';
  if (field.type.typeId !== Type.Int || bits(field.type) !== 64 || field.metadata.get(SCALE) !== scale)
    throw unfit(`column "${field.name}" is no exact decimal of scale ${scale}`);
  const size = type.kind === 'fixed' ? type.size : null;
  return cells<BigInt64Array>((out, v, row) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(v[row] as bigint);
    if (size === null) return out.sized(shortest(bytes));
    const sign = (bytes[0] as number) >> 7;
    if (size >= 8) return out.raw(Buffer.concat([Buffer.alloc(size - 8, sign === 1 ? 0xff : 0), bytes]));
    const cut = bytes.subarray(8 - size);
    if (BigInt.asIntN(8 * size, v[row] as bigint) !== v[row]) throw misvalued(`"${field.name}" does not fit ${size} bytes: ${v[row]}`);
    return out.raw(cut);
  });
}

/** Big-endian two's complement without bytes that say nothing. */
function shortest(bytes: Uint8Array): Uint8Array {
  let from = 0;
  while (from + 1 < bytes.length && bytes[from] === ((bytes[from + 1] as number) & 0x80 ? 0xff : 0)) from++;
  return bytes.subarray(from);
}
