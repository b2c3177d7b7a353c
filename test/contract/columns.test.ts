import { Schema, Type } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, DESCRIPTION, dictionaryOf, FLAG, LINEAGE_FIELDS, REJECT_SCHEMA, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { batchText } from '../../graph/test-kit/canonical.ts';
import { batchFor } from '../../graph/test-kit/generate.ts';
import { decoded } from '../../graph/test-kit/layout.ts';
import { Random } from '../../graph/test-kit/random.ts';

const FIELDS = [...Object.values(COLUMNS), ...REJECT_SCHEMA.fields, ...REJECTED_SCHEMA.fields, ...LINEAGE_FIELDS];

describe('the dictionary of columns', () => {
  test('lists every column under its own name, in snake case, with a description', () => {
    for (const [name, field] of Object.entries(COLUMNS)) expect(field.name).toBe(name);
    for (const field of FIELDS) {
      expect(field.name).toMatch(/^_?[a-z]+(_[a-z]+)*$/);
      expect(field.metadata.get(DESCRIPTION)).toMatch(/^\S.*[^.]$/);
    }
  });

  test('has one type a name', () => {
    const types = new Map<string, string>();
    for (const field of FIELDS)
      expect(`${field.type}`).toBe(types.get(field.name) ?? types.set(field.name, `${field.type}`).get(field.name));
  });

  test('gives every word column a dictionary id of its own, equal for equal names', () => {
    const words = new Set(FIELDS.filter((field) => field.type.typeId === Type.Dictionary).map((field) => field.name));
    expect(new Set([...words].map((name) => dictionaryOf(name).id)).size).toBe(words.size);
    expect(dictionaryOf('symbol').id).toBe(COLUMNS.symbol.type.id);
  });

  test('survives an Arrow stream: dictionaries of two columns do not mix, descriptions stay', () => {
    const schema = new Schema(Object.values(COLUMNS));
    for (let seed = 1; seed <= 20; seed++) {
      const batch = batchFor(new Random(seed), schema, 25);
      const read = decoded(batch);
      expect(batchText(read), `seed ${seed}`).toEqual(batchText(batch));
      expect(read.schema.fields.map((field) => field.metadata.get(DESCRIPTION))).toEqual(
        schema.fields.map((field) => field.metadata.get(DESCRIPTION)),
      );
    }
  });

  test('has one bit a flag', () => {
    const bits = Object.values(FLAG);
    expect(bits.reduce((a, b) => a | b, 0)).toBe(bits.reduce((a, b) => a + b, 0));
    for (const bit of bits) expect(Math.log2(bit) % 1).toBe(0);
  });
});
