import { type DataType, type Field, type RecordBatch, type Schema, Type } from 'apache-arrow';
import { batchOf, type Cell, type Row } from '../contract/rows.ts';
import type { Random } from './random.ts';

/** What the values of a column look like where "anything of its type" is not what the operator is for. */
export type ValueRange =
  | { readonly from: number; readonly to: number /** Values are multiples of it. */; readonly step?: number }
  | { readonly values: readonly Cell[] }
  /** Of a time: so many ns after the row's own, both included. */
  | { readonly after: readonly [from: bigint, to: bigint] };

/** By column. A column that is not named takes hostile values of its type. */
export type ValueRanges = Readonly<Record<string, ValueRange>>;

/** By input port: kinds of rows whose values belong together. A column of a shape takes only what the shape says. */
export type RowShapes = Readonly<Record<string, readonly ValueRanges[]>>;

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

const HOSTILE_FLOATS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MIN_VALUE,
  2 ** 53,
  0.1 + 0.2,
];
const HOSTILE_INT64 = [MAX_INT64, MIN_INT64, 0n, -1n, 2n ** 53n + 1n, 1n];
const HOSTILE_INT32 = [2 ** 31 - 1, -(2 ** 31), 0, -1, 1];
const HOSTILE_TEXTS = [
  '',
  ' ',
  '\0',
  'null',
  'NaN',
  '-0',
  '"quoted", comma',
  'line\nline\r\n',
  '\\u0000',
  '__proto__',
  'constructor',
  'ß→漢字🜁',
  '1e999',
];
const WORDS = ['BTCUSDT', 'ETHUSDT', 'AAPL', 'buy', 'sell', 'Ω', '', '__proto__', 'constructor', 'a b', 'x'.repeat(200)];

/** A value of the type, hostile about one time in four; null only where the field may be. */
export function cellOf(random: Random, field: Field, ranges: ValueRanges = {}, now = 0n): Cell {
  if (field.nullable && random.chance(0.2)) return null;
  const range = ranges[field.name];
  return range ? rangedCell(random, field.type, range, now) : anyCell(random, field.type);
}

/** A value of a range, of a row whose time is `now`. */
export function rangedCell(random: Random, type: DataType, range: ValueRange, now: bigint): Cell {
  if ('values' in range) return typed(type, random.pick(range.values));
  if ('after' in range) return now + random.bigint(...range.after);
  const { from, to, step } = range;
  const value =
    step === undefined
      ? from + random.next() * (to - from)
      : (Math.round(from / step) + random.int(0, Math.round((to - from) / step))) * step;
  return typed(type, type.typeId === Type.Float ? value : Math.round(value));
}

/** A number as the file gives it, as the cell its column holds. */
function typed(type: DataType, cell: Cell): Cell {
  return typeof cell === 'number' && isInt64(type) ? BigInt(cell) : cell;
}

function isInt64(type: DataType): boolean {
  return type.typeId === Type.Timestamp || (type.typeId === Type.Int && (type as DataType & { bitWidth: number }).bitWidth === 64);
}

function anyCell(random: Random, type: DataType): Cell {
  const hostile = random.chance(0.25);
  switch (type.typeId) {
    case Type.Bool:
      return random.chance(0.5);
    case Type.Float:
      return hostile ? random.pick(HOSTILE_FLOATS) : random.int(-1_000_000, 1_000_000) / random.pick([1, 8, 10, 1e4]);
    case Type.Timestamp:
      return hostile ? random.pick(HOSTILE_INT64) : random.bigint(-2_000_000_000_000_000_000n, 2_000_000_000_000_000_000n);
    case Type.Int:
      if (isInt64(type)) return hostile ? random.pick(HOSTILE_INT64) : random.bigint(-1000n, 1000n);
      return hostile ? random.pick(HOSTILE_INT32) : random.int(-1000, 1000);
    case Type.Dictionary:
      return random.pick(WORDS);
    case Type.Utf8:
      return hostile ? random.pick(HOSTILE_TEXTS) : random.chance(0.02) ? 'long '.repeat(3000) : `text ${random.int(0, 999)}`;
    case Type.Binary:
      return Uint8Array.from({ length: random.int(0, 12) }, () => random.int(0, 255));
    default:
      throw new TypeError(`columns of type ${type} are not supported`);
  }
}

/** Rows of a schema. */
export function rowsFor(random: Random, schema: Schema, count: number, ranges: ValueRanges = {}): Row[] {
  return Array.from({ length: count }, () => Object.fromEntries(schema.fields.map((field) => [field.name, cellOf(random, field, ranges)])));
}

/** A batch of any schema of our types. */
export function batchFor(random: Random, schema: Schema, rows: number, ranges: ValueRanges = {}): RecordBatch {
  return batchOf(schema, rowsFor(random, schema, rows, ranges));
}
