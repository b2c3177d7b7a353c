import { isUtf8 } from 'node:buffer';
import { type Cursor, damaged } from './avro-cursor.ts';
import type { AvroType } from './avro-type.ts';

const MAX_DEPTH = 64;

/** Steps over a value of any type. */
export function skip(type: AvroType, cursor: Cursor, depth = 0): void {
  if (depth > MAX_DEPTH) throw tooDeep();
  switch (type.kind) {
    case 'null':
      return;
    case 'boolean':
      cursor.boolean();
      return;
    case 'int':
      cursor.int();
      return;
    case 'long':
      cursor.long();
      return;
    case 'float':
      cursor.take(4);
      return;
    case 'double':
      cursor.take(8);
      return;
    case 'string':
      text(cursor);
      return;
    case 'bytes':
      cursor.take(cursor.length());
      return;
    case 'fixed':
      cursor.take(type.size);
      return;
    case 'enum':
      cursor.choice(type.symbols.length, 'avro-enum', 'symbol');
      return;
    case 'union':
      skip(branch(type.branches, cursor), cursor, depth + 1);
      return;
    case 'record':
      for (const field of type.fields) skip(field.type, cursor, depth + 1);
      return;
    case 'array':
    case 'map':
      for (let count = cursor.block(); count > 0; count = cursor.block()) {
        for (let i = 0; i < count; i++) {
          if (type.kind === 'map') text(cursor);
          skip(type.kind === 'map' ? type.values : type.items, cursor, depth + 1);
        }
      }
  }
}

/**
 * A value of any type as JSON: int64 as exact digits, bytes as text of code points 0 to 255, a union as the value alone, NaN and the
 * infinities as text.
 */
export function jsonText(type: AvroType, cursor: Cursor, depth = 0): string {
  if (depth > MAX_DEPTH) throw tooDeep();
  switch (type.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(cursor.boolean());
    case 'int':
      return String(cursor.int());
    case 'long':
      cursor.long();
      return String(Number.isSafeInteger(cursor.number) ? cursor.number : cursor.bigint);
    case 'float':
      return numeral(cursor.view.getFloat32(cursor.take(4), true));
    case 'double':
      return numeral(cursor.view.getFloat64(cursor.take(8), true));
    case 'string':
      return JSON.stringify(Buffer.from(text(cursor)).toString('utf8'));
    case 'bytes':
      return latin1(cursor, cursor.length());
    case 'fixed':
      return latin1(cursor, type.size);
    case 'enum':
      return JSON.stringify(type.symbols[cursor.choice(type.symbols.length, 'avro-enum', 'symbol')]);
    case 'union':
      return jsonText(branch(type.branches, cursor), cursor, depth + 1);
    case 'record':
      return `{${type.fields.map((field) => `${JSON.stringify(field.name)}:${jsonText(field.type, cursor, depth + 1)}`).join(',')}}`;
    case 'array':
    case 'map': {
      const parts: string[] = [];
      for (let count = cursor.block(); count > 0; count = cursor.block()) {
        for (let i = 0; i < count; i++) {
          const key = type.kind === 'map' ? `${JSON.stringify(Buffer.from(text(cursor)).toString('utf8'))}:` : '';
          parts.push(key + jsonText(type.kind === 'map' ? type.values : type.items, cursor, depth + 1));
        }
      }
      return type.kind === 'map' ? `{${parts.join(',')}}` : `[${parts.join(',')}]`;
    }
  }
}

function branch(branches: readonly AvroType[], cursor: Cursor): AvroType {
  return branches[cursor.choice(branches.length, 'avro-union', 'branch')] as AvroType;
}

function text(cursor: Cursor): Uint8Array {
  const length = cursor.length();
  const at = cursor.take(length);
  const bytes = cursor.bytes.subarray(at, at + length);
  if (!isUtf8(bytes)) throw notText();
  return bytes;
}

/** A string that is not UTF-8. */
export const notText = () => damaged('text-encoding', 'a string is not UTF-8');

const tooDeep = () => damaged('avro-depth', `values lie in each other more than ${MAX_DEPTH} deep`);

function latin1(cursor: Cursor, length: number): string {
  const at = cursor.take(length);
  return JSON.stringify(Buffer.from(cursor.bytes.subarray(at, at + length)).toString('latin1'));
}

function numeral(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0.0' : String(value);
  return JSON.stringify(String(value));
}
