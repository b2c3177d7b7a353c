import { type DataType, type Schema, Type } from 'apache-arrow';
import { refused, type Table } from './arrow-metadata.ts';

/** Fields of `Schema`, `Field` and the types that the product's columns have. Source: Apache Arrow `format/Schema.fbs`. */
const SCHEMA_FIELDS = 1;
const FIELD = { name: 0, typeKind: 2, type: 3, dictionary: 4 } as const;
const ENCODING = { id: 0, indexType: 1 } as const;
const KIND_NAMES = [
  'None',
  'Null',
  'Int',
  'Float',
  'Binary',
  'Utf8',
  'Bool',
  'Decimal',
  'Date',
  'Time',
  'Timestamp',
  'Interval',
  'List',
  'Struct',
  'Union',
];
const KIND = { int: 2, float: 3, timestamp: 10 } as const;
const UNITS = ['SECOND', 'MILLISECOND', 'MICROSECOND', 'NANOSECOND'];

/** The schema of a stream, matched with the expected one. */
export interface WireSchema {
  /** Columns by dictionary id. */
  readonly dictionaries: ReadonlyMap<number, readonly number[]>;
}

/** Reads the header of a schema message; throws when its columns are not those expected, in names, order and types. */
export function matchSchema(header: Table, expected: Schema): WireSchema {
  const fields = header.tables(SCHEMA_FIELDS);
  const names = fields.map((field) => field.string(FIELD.name));
  const wanted = expected.fields.map((field) => field.name);
  const missing = wanted.filter((name) => !names.includes(name));
  const foreign = names.filter((name) => !wanted.includes(name));
  if (missing.length > 0 || foreign.length > 0) {
    const lacks = missing.length > 0 ? `lacks ${list(missing)}` : '';
    const adds = foreign.length > 0 ? `has ${list(foreign)} besides` : '';
    throw refused('arrow-schema', `the message ${[lacks, adds].filter(Boolean).join(' and ')}`);
  }
  if (names.join('\0') !== wanted.join('\0'))
    throw refused('arrow-schema', `the columns of the message are in another order: ${list(names)}`);
  const dictionaries = new Map<number, number[]>();
  fields.forEach((field, i) => {
    const ours = expectedType(expected.fields[i]?.type as DataType);
    const theirs = wireType(field);
    if (ours !== theirs) throw refused('arrow-schema', `column "${names[i]}" of the message is ${theirs}, not ${ours}`);
    const encoding = field.table(FIELD.dictionary);
    if (encoding) {
      const id = encoding.int64(ENCODING.id);
      dictionaries.set(id, [...(dictionaries.get(id) ?? []), i]);
    }
  });
  return { dictionaries };
}

const list = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

function expectedType(type: DataType): string {
  return type.typeId === Type.Dictionary ? 'Dictionary<Int32, Utf8>' : String(type);
}

function wireType(field: Table): string {
  const value = scalarType(field.int8(FIELD.typeKind), field.table(FIELD.type));
  const encoding = field.table(FIELD.dictionary);
  if (!encoding) return value;
  const index = encoding.table(ENCODING.indexType);
  return `Dictionary<${index ? scalarType(KIND.int, index) : 'Int32'}, ${value}>`;
}

function scalarType(kind: number, type: Table | null): string {
  switch (kind) {
    case KIND.int:
      return `${type?.int8(1) ? 'Int' : 'Uint'}${type?.int32(0) ?? 0}`;
    case KIND.float:
      return `Float${[16, 32, 64][type?.int16(0) ?? 0] ?? '?'}`;
    case KIND.timestamp: {
      const zone = type?.field(1) ? `, ${type.string(1)}` : '';
      return `Timestamp<${UNITS[type?.int16(0) ?? 0] ?? '?'}${zone}>`;
    }
    default:
      return KIND_NAMES[kind] ?? `type ${kind}`;
  }
}
