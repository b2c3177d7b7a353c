import { type DataType, Schema, type Timestamp, TimeUnit, Type } from 'apache-arrow';
import { columnIndex } from '../contract/batch.ts';
import { DESCRIPTION } from '../contract/columns.ts';

/** What is known of the rows that leave a port, before anything runs. */
export interface Stream {
  readonly schema: Schema;
  /** Column that holds their event time; null when none does. */
  readonly time: string | null;
  /** Rows that are equal in these columns are in one task; `[]` when nothing is known. */
  readonly key: readonly string[];
  readonly placement: Placement;
}

/**
 * What put rows into tasks. `single`: all are in one task. `hashed`: murmur2 of the key, so equal keys of other hashed streams are there too.
 * `scattered`: by a rule of its own. `everywhere`: every task has all of them.
 */
export type Placement = 'single' | 'hashed' | 'scattered' | 'everywhere';

/** Whether rows that are equal in `groups` are sure to meet in one task. */
export function meets(stream: Stream, groups: readonly string[]): boolean {
  if (stream.placement === 'single' || stream.placement === 'everywhere') return true;
  return stream.key.length > 0 && stream.key.every((column) => groups.includes(column));
}

/** Whether a schema has a column of that name. */
export function has(schema: Schema, name: string): boolean {
  return columnIndex(schema, name) >= 0;
}

/** Whether a schema has a column of that name with Timestamp(ns). */
export function hasTime(schema: Schema, name: string): boolean {
  return schema.fields.some((field) => field.name === name && isTimestampNs(field.type));
}

export function isTimestampNs(type: DataType): boolean {
  return type.typeId === Type.Timestamp && (type as Timestamp).unit === TimeUnit.NANOSECOND;
}

/** Whether a column passes from one schema to another as it is: there in both, of one type and meaning. */
export function passes(before: Schema, after: Schema, name: string): boolean {
  const old = before.fields.find((field) => field.name === name);
  const now = after.fields.find((field) => field.name === name);
  if (!old || !now) return true; // not there, it cannot be grouped by
  return typeName(old.type) === typeName(now.type) && old.metadata.get(DESCRIPTION) === now.metadata.get(DESCRIPTION);
}

/** An Arrow type for people: `Float64`, `Timestamp(ns)`, `Dictionary(Utf8)`. */
export function typeName(type: DataType): string {
  switch (type.typeId) {
    case Type.Timestamp:
      return `Timestamp(${['s', 'ms', 'us', 'ns'][(type as Timestamp).unit] ?? '?'})`;
    case Type.Dictionary:
      return `Dictionary(${(type as DataType & { dictionary: DataType }).dictionary})`;
    default:
      return String(type);
  }
}

/** The columns with their types, for hints: `price Float64, side Dictionary(Utf8)?`; `?` marks nullable ones. */
export function showSchema(schema: Schema): string {
  return schema.fields.map((field) => `${field.name} ${typeName(field.type)}${field.nullable ? '?' : ''}`).join(', ');
}

/** The schema of equal schemas: what their columns say of themselves where all say it, and the descriptions of the first. */
export function united(schemas: readonly Schema[]): Schema {
  const [first = new Schema([]), ...others] = schemas;
  if (others.length === 0) return first;
  const agreed = first.fields.map((field, i) => {
    const same = [...field.metadata].filter(
      ([key, value]) => key === DESCRIPTION || others.every((one) => one.fields[i]?.metadata.get(key) === value),
    );
    return same.length === field.metadata.size ? field : field.clone({ metadata: new Map(same) });
  });
  return new Schema(agreed);
}

/** Why the schemas of two named things are not equal, in words; null when they are. Descriptions do not count. */
export function unequal(a: Schema, b: Schema, nameA: string, nameB: string): string | null {
  for (const field of a.fields) {
    const other = b.fields.find((candidate) => candidate.name === field.name);
    if (!other) return `only "${nameA}" has column "${field.name}"`;
    if (typeName(other.type) !== typeName(field.type))
      return `column "${field.name}" is ${typeName(field.type)} and ${typeName(other.type)}`;
    if (other.nullable !== field.nullable) return `column "${field.name}" may be null only in "${field.nullable ? nameA : nameB}"`;
  }
  const extra = b.fields.find((field) => !has(a, field.name));
  if (extra) return `only "${nameB}" has column "${extra.name}"`;
  const moved = a.fields.find((field, i) => b.fields[i]?.name !== field.name);
  return moved ? `column "${moved.name}" stands in another place` : null;
}
