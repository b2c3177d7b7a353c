import { Binary, Bool, type DataType, Field, Float64, Int32, Int64, Type, Utf8 } from 'apache-arrow';
import { COLUMNS, DESCRIPTION, dictionaryOf, timestampNs } from '../../graph/contract/columns.ts';
import type { AvroRecord, AvroType, Logical } from './avro-type.ts';
import { UNIT } from './schema.ts';

/** How the fields of an Avro record become columns. */
export interface AvroOptions {
  /** Fields taken, in the order of the schema; null: all. */
  readonly only: readonly string[] | null;
  /** Strings kept as a dictionary, besides those that the column dictionary has so. */
  readonly words: readonly string[];
  /** What becomes of records, arrays, maps and unions of several types. */
  readonly nested: 'refuse' | 'json';
  /** A decimal is the nearest float64, or its exact integer of 10^-scale. */
  readonly decimals: 'float64' | 'exact';
  /** A local time is taken as UTC. */
  readonly utc: boolean;
}

export const PLAIN: AvroOptions = { only: null, words: [], nested: 'refuse', decimals: 'float64', utc: false };

/** Key of a field's metadata: digits behind the point of a decimal that is kept as an exact integer. */
export const SCALE = 'scale';

/** How the values of a column are read. */
export type Reading =
  | 'double'
  | 'float'
  | 'int'
  | 'long'
  | 'boolean'
  | 'text'
  | 'word'
  | 'enum'
  | 'bytes'
  | 'fixed'
  | 'decimal'
  | 'exact'
  | 'date'
  | 'time'
  | 'json';

/** A field of the record, in the order of the wire. */
export interface AvroColumn {
  /** Type of the value, without the null of a union. */
  readonly type: AvroType;
  /** Branch of null, where the field is a union with it. */
  readonly nullBranch: 0 | 1 | null;
  /** Whether a union's branch number stands before the value. */
  readonly union: boolean;
  /** Null: stepped over. */
  readonly column: { readonly field: Field; readonly reading: Reading; readonly unitNs: number } | null;
}

/** The columns of a record; `fault` is told of every field that cannot be one. */
export function columnsOf(
  record: AvroRecord,
  options: AvroOptions,
  fault: (message: string, key: 'only' | 'words' | null, hint?: string) => void,
): AvroColumn[] {
  for (const key of ['only', 'words'] as const) {
    for (const name of options[key] ?? []) {
      if (!record.fields.some((field) => field.name === name))
        fault(
          `the Avro record "${record.name}" has no field "${name}"`,
          key,
          `Its fields: ${record.fields.map((f) => f.name).join(', ')}.`,
        );
    }
  }
  return record.fields.map((field): AvroColumn => {
    const opened = openUnion(field.type);
    const taken = options.only === null || options.only.includes(field.name);
    if (!taken) return { type: field.type, nullBranch: null, union: false, column: null };
    const found = columnType(field.name, opened.type, options);
    if (!('why' in found)) {
      const metadata = new Map<string, string>();
      const known: Field | undefined = field.name in COLUMNS ? COLUMNS[field.name as keyof typeof COLUMNS] : undefined;
      const description = field.doc ?? known?.metadata.get(DESCRIPTION);
      if (description !== undefined) metadata.set(DESCRIPTION, description);
      for (const [key, value] of Object.entries(found.metadata ?? {})) metadata.set(key, value);
      const { type, reading, unitNs = 1 } = found;
      return { ...opened, column: { field: new Field(field.name, type, opened.nullBranch !== null, metadata), reading, unitNs } };
    }
    if (options.nested === 'json' && found.nested) {
      const column = { field: new Field(field.name, new Utf8(), false), reading: 'json', unitNs: 1 } as const;
      return { type: field.type, nullBranch: null, union: false, column };
    }
    fault(`field "${field.name}" of the Avro record "${record.name}" ${found.why}`, null, found.hint);
    return { type: field.type, nullBranch: null, union: false, column: null };
  });
}

/** The value of a union with null, or of one type alone; any other type as it is. */
function openUnion(type: AvroType): Pick<AvroColumn, 'type' | 'nullBranch' | 'union'> {
  if (type.kind !== 'union') return { type, nullBranch: null, union: false };
  const [first, second, third] = type.branches;
  if (first && !second) return { type: first, nullBranch: null, union: true };
  if (first && second && !third) {
    if (first.kind === 'null') return { type: second, nullBranch: 0, union: true };
    if (second.kind === 'null') return { type: first, nullBranch: 1, union: true };
  }
  return { type, nullBranch: null, union: false };
}

type Found =
  | { readonly type: DataType; readonly reading: Reading; readonly unitNs?: number; readonly metadata?: Readonly<Record<string, string>> }
  | { readonly why: string; readonly nested: boolean; readonly hint: string };

const LEAVE_OUT = 'name the fields to take under "only"';

function columnType(name: string, type: AvroType, options: AvroOptions): Found {
  switch (type.kind) {
    case 'boolean':
      return { type: new Bool(), reading: 'boolean' };
    case 'float':
    case 'double':
      return { type: new Float64(), reading: type.kind };
    case 'int':
    case 'long':
      return type.logical ? timeType(name, type.logical, options) : integer(type.kind);
    case 'enum':
      return { type: dictionaryOf(name), reading: 'enum' };
    case 'string': {
      const known = name in COLUMNS && COLUMNS[name as keyof typeof COLUMNS].type.typeId === Type.Dictionary;
      return known || options.words.includes(name) ? { type: dictionaryOf(name), reading: 'word' } : { type: new Utf8(), reading: 'text' };
    }
    case 'bytes':
    case 'fixed':
      if (type.logical?.name !== 'decimal') return { type: new Binary(), reading: type.kind };
      if (options.decimals === 'float64') return { type: new Float64(), reading: 'decimal' };
      return { type: new Int64(), reading: 'exact', metadata: { [SCALE]: String(type.logical.scale) } };
    case 'null':
      return { why: 'is always null', nested: true, hint: `Leave it out: ${LEAVE_OUT}.` };
    default: {
      const what = type.kind === 'union' ? 'is a union of several types' : `holds ${type.kind === 'array' ? 'an' : 'a'} ${type.kind}`;
      return {
        why: `${what}, which is no column`,
        nested: true,
        hint: `Take it as JSON text: "nested: json"; or leave it out: ${LEAVE_OUT}.`,
      };
    }
  }
}

const integer = (kind: 'int' | 'long'): Found =>
  kind === 'int' ? { type: new Int32(), reading: 'int' } : { type: new Int64(), reading: 'long' };

/** ns of one unit of a logical time. */
export const UNITS_NS = { millis: 1_000_000, micros: 1_000, nanos: 1 } as const;
const UNIT_KEYS = { millis: 'ms', micros: 'us', nanos: 'ns' } as const;

function timeType(name: string, logical: Logical, { utc }: AvroOptions): Found {
  if (logical.name === 'date') return { type: timestampNs(), reading: 'date' };
  const unit = logical.name.slice(logical.name.lastIndexOf('-') + 1) as keyof typeof UNITS_NS;
  const unitNs = UNITS_NS[unit];
  if (logical.name.startsWith('time-')) return { type: new Int64(), reading: 'time', unitNs };
  if (logical.name.startsWith('local-') && !utc)
    return {
      why: 'is a local time without a zone',
      nested: false,
      hint: `Take it as UTC: "zone: utc"; or leave "${name}" out: ${LEAVE_OUT}.`,
    };
  return { type: timestampNs(), reading: unitNs === 1 ? 'long' : 'time', unitNs, metadata: { [UNIT]: UNIT_KEYS[unit] } };
}
