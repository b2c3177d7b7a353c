import { createHash } from 'node:crypto';
import type { Schema } from 'apache-arrow';
import { typeName } from './stream.ts';

/** A value as text that is equal exactly when the value is: keys sorted, int64 marked, no functions. */
export function canonical(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name}${canonical([...value])}`;
  if (ArrayBuffer.isView(value)) return `bytes:${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (value instanceof RegExp || value instanceof Date) return JSON.stringify(String(value));
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && typeof inner !== 'function');
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .join(',')}}`;
}

/** The first 16 hex digits of the SHA-256 of a value's canonical text. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex').slice(0, 16);
}

const facts = new WeakMap<Schema, string>();

/** What of a schema decides whether state fits: names, types and nullability, in order. Many nodes share one schema, so it is kept. */
export function schemaFacts(schema: Schema): string {
  const known = facts.get(schema) ?? canonical(schema.fields.map((field) => [field.name, typeName(field.type), field.nullable]));
  facts.set(schema, known);
  return known;
}

/** The value with its own plain objects and arrays frozen, all the way down; instances of classes are left alone. */
export function frozen<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
