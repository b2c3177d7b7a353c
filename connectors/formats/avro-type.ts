import avsc from 'avsc';
import { MillraceError } from '../../graph/contract/error.ts';

/** What a value of a basic type means. Source: Apache Avro 1.12 specification, "Logical Types". */
export type Logical =
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly name: (typeof LOGICAL)[number] };

const LOGICAL = [
  'date',
  'time-millis',
  'time-micros',
  'timestamp-millis',
  'timestamp-micros',
  'timestamp-nanos',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'local-timestamp-nanos',
] as const;

const BASIC = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;
type Basic = (typeof BASIC)[number];

/** A field of a record. */
export interface AvroField {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly doc: string | null;
  readonly type: AvroType;
}

export interface AvroRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: readonly AvroField[];
}

/** A type of an Avro schema with its names looked up; a record may hold itself. */
export type AvroType =
  | { readonly kind: Basic; readonly logical: Logical | null }
  | { readonly kind: 'fixed'; readonly size: number; readonly logical: Logical | null }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | AvroRecord;

interface Attributes {
  readonly type?: unknown;
  readonly name?: string;
  readonly namespace?: string;
  readonly fields?: readonly {
    readonly name: string;
    readonly aliases?: readonly string[];
    readonly doc?: unknown;
    readonly type: unknown;
  }[];
  readonly symbols?: readonly string[];
  readonly items?: unknown;
  readonly values?: unknown;
  readonly size?: number;
  readonly logicalType?: unknown;
  readonly precision?: unknown;
  readonly scale?: unknown;
}

/** The record that the text of an Avro schema declares; throws `avro-schema` when it declares none. */
export function parseAvro(text: string): AvroRecord {
  let json: unknown;
  try {
    json = JSON.parse(text);
    avsc.Type.forSchema(JSON.parse(text)); // says what is wrong with a schema; it may write into what it is given
  } catch (error) {
    throw schemaFault(`it is no Avro schema: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const type = typeOf(json, '', new Map());
  if (type.kind !== 'record') throw schemaFault(`the schema is ${type.kind}, expected a record: its fields are the columns`);
  return type;
}

const schemaFault = (message: string, cause?: unknown) => new MillraceError(message, { code: 'avro-schema', domain: 'user', cause });

function typeOf(json: unknown, namespace: string, named: Map<string, AvroType>): AvroType {
  if (Array.isArray(json)) return { kind: 'union', branches: json.map((branch) => typeOf(branch, namespace, named)) };
  if (typeof json === 'string') return referred(json, namespace, named);
  const given = json as Attributes;
  switch (given.type) {
    case 'array':
      return { kind: 'array', items: typeOf(given.items, namespace, named) };
    case 'map':
      return { kind: 'map', values: typeOf(given.values, namespace, named) };
    case 'record':
    case 'error':
    case 'enum':
    case 'fixed':
      return declared(given, namespace, named);
    default: {
      const inner = typeOf(given.type, namespace, named);
      return isBasic(inner) ? { kind: inner.kind, logical: logicalOf(given, inner.kind, 8) } : inner;
    }
  }
}

function declared(given: Attributes, outer: string, named: Map<string, AvroType>): AvroType {
  const { name = '' } = given;
  const full = name.includes('.') ? name : qualified(name, given.namespace ?? outer);
  const namespace = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : '';
  if (given.type === 'enum') return keep({ kind: 'enum', symbols: given.symbols ?? [] });
  if (given.type === 'fixed') {
    const size = given.size ?? 0;
    return keep({ kind: 'fixed', size, logical: logicalOf(given, 'fixed', size) });
  }
  const fields: AvroField[] = [];
  const record = keep({ kind: 'record', name: full, fields });
  for (const field of given.fields ?? []) {
    const doc = typeof field.doc === 'string' && field.doc !== '' ? field.doc : null;
    fields.push({ name: field.name, aliases: field.aliases ?? [], doc, type: typeOf(field.type, namespace, named) });
  }
  return record;

  function keep(type: AvroType): AvroType {
    named.set(full, type);
    return type;
  }
}

const qualified = (name: string, namespace: string): string => (namespace === '' ? name : `${namespace}.${name}`);

function referred(name: string, namespace: string, named: ReadonlyMap<string, AvroType>): AvroType {
  const basic = BASIC.find((one) => one === name);
  if (basic) return { kind: basic, logical: null };
  const type = named.get(name.includes('.') ? name : qualified(name, namespace)) ?? named.get(name);
  if (!type) throw schemaFault(`the schema names a type "${name}" that it does not declare`);
  return type;
}

function isBasic(type: AvroType): type is Extract<AvroType, { readonly kind: Basic }> {
  return (BASIC as readonly string[]).includes(type.kind);
}

/** The logical type of an annotation; one that does not fit its type is none, as the specification asks. */
function logicalOf({ logicalType, precision, scale = 0 }: Attributes, kind: Basic | 'fixed', size: number): Logical | null {
  if (logicalType === 'decimal') {
    const fits = (kind === 'bytes' || kind === 'fixed') && isCount(precision) && isCount(scale) && precision > 0 && scale <= precision;
    return fits && (kind === 'bytes' || precision <= Math.floor(Math.log10(2) * (8 * size - 1)))
      ? { name: 'decimal', precision, scale }
      : null;
  }
  const name = LOGICAL.find((one) => one === logicalType);
  if (!name) return null;
  return kind === (name === 'date' || name === 'time-millis' ? 'int' : 'long') ? { name } : null;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
