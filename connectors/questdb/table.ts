import { type DataType, type Field, type Float, Precision, Schema, type Timestamp, TimeUnit, Type } from 'apache-arrow';
import { LINEAGE_FIELDS } from '../../graph/contract/columns.ts';
import type { QuestdbParams } from './params.ts';

/** Columns that tell a row from every other, besides its time. Source: `PROTOCOL.md` H14. */
const IDENTITY = ['_src', '_seq'] as const;

const NAME_BYTES = 127;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const REFUSED = /[?.,'"\\/:)(+\-*%~\u0000-\u001f\u007f\ufeff]/;

export const quoteName = (name: string): string => `"${name}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The schema as it is written: identity and lineage at the end. */
export function withLineage(schema: Schema): Schema {
  return schema.fields.some((field) => field.name === '_src') ? schema : new Schema([...schema.fields, ...LINEAGE_FIELDS]);
}

/** Whether a column is written as a symbol. */
export function isSymbol(field: Field, symbols: readonly string[]): boolean {
  return field.type.typeId === Type.Dictionary || symbols.includes(field.name);
}

/** The column type that holds a type's values exactly, or null when there is none. */
export function questdbType(field: Field, symbols: readonly string[]): string | null {
  if (isSymbol(field, symbols)) return 'SYMBOL';
  switch (field.type.typeId) {
    case Type.Bool:
      return field.nullable ? null : 'BOOLEAN'; // it knows no null of its own
    case Type.Int:
      return intType(field.type);
    case Type.Float:
      return (field.type as Float).precision === Precision.DOUBLE ? 'DOUBLE' : null;
    case Type.Utf8:
      return 'VARCHAR';
    case Type.Timestamp:
      return (field.type as Timestamp).unit === TimeUnit.NANOSECOND ? 'TIMESTAMP_NS' : null;
    default:
      return null;
  }
}

function intType(type: DataType): string | null {
  const { bitWidth } = type as DataType & { bitWidth: number };
  return bitWidth === 64 ? 'LONG' : bitWidth === 32 ? 'INT' : null;
}

/** The designated timestamp: as declared, else `ts_event`, else the first stamp that is never null. */
export function timeColumn(schema: Schema, params: QuestdbParams): string | null {
  if (params.time !== undefined) return params.time;
  const stamps = schema.fields.filter((field) => field.type.typeId === Type.Timestamp && !field.nullable).map((field) => field.name);
  return stamps.includes('ts_event') ? 'ts_event' : (stamps[0] ?? null);
}

/** Columns of `DEDUP UPSERT KEYS`. */
export function upsertKeys(schema: Schema, params: QuestdbParams): readonly string[] {
  return [timeColumn(schema, params) ?? '', ...IDENTITY];
}

/** A message when rows of the schema cannot be written as the parameters say, else null. */
export function unacceptable(schema: Schema, params: QuestdbParams): string | null {
  const written = withLineage(schema);
  const seen = new Map<string, string>();
  for (const field of written.fields) {
    const { name, type } = field;
    if (REFUSED.test(name) || name === '' || Buffer.byteLength(name) > NAME_BYTES)
      return `column "${name}" has a name that QuestDB does not take`;
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) return `columns "${twin}" and "${name}" are one column to QuestDB, which does not tell case`;
    seen.set(name.toLowerCase(), name);
    if (questdbType(field, params.symbols) !== null) continue;
    const nullable = type.typeId === Type.Bool ? ' that may be null' : '';
    return `column "${name}" is ${type}${nullable}, which QuestDB cannot hold exactly`;
  }
  for (const name of params.symbols) {
    const field = schema.fields.find((candidate) => candidate.name === name);
    if (!field) return `symbols names "${name}", which is no column; there are ${columnNames(schema)}`;
    if (field.type.typeId !== Type.Utf8 && field.type.typeId !== Type.Dictionary)
      return `symbols names "${name}", which is ${field.type}, not text`;
  }
  const time = timeColumn(schema, params);
  if (time === null) return 'QuestDB needs a time column that is never null, and there is none';
  const field = schema.fields.find((candidate) => candidate.name === time);
  if (!field) return `time names "${time}", which is no column; there are ${columnNames(schema)}`;
  if (field.type.typeId !== Type.Timestamp || field.nullable) return `time names "${time}", which is no time that is never null`;
  return null;
}

const columnNames = (schema: Schema): string => schema.fields.map((field) => field.name).join(', ');

/** `CREATE TABLE` for the sink: written ahead, partitioned, and without a second copy of any row. */
export function createTable(schema: Schema, params: QuestdbParams): string {
  const columns = withLineage(schema).fields.map((field) => `${quoteName(field.name)} ${questdbType(field, params.symbols)}`);
  return (
    `CREATE TABLE IF NOT EXISTS ${quoteName(params.table)} (${columns.join(', ')}) TIMESTAMP(${quoteName(timeColumn(schema, params) ?? '')}) ` +
    `PARTITION BY ${params.partition_by.toUpperCase()} WAL DEDUP UPSERT KEYS(${upsertKeys(schema, params).map(quoteName).join(', ')})`
  );
}
