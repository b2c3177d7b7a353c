import { Binary, Bool, Field, Float64, Int32, Int64, type RecordBatch, Schema, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dictionaryOf, timestampNs } from '../../graph/contract/columns.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { logicalHash } from '../../native/hash.ts';

const SCHEMA = new Schema([
  new Field('ts', timestampNs(), false),
  new Field('symbol', dictionaryOf('symbol'), true),
  new Field('price', new Float64(), true),
  new Field('id', new Int64(), true),
  new Field('flags', new Int32(), true),
  new Field('final', new Bool(), true),
  new Field('note', new Utf8(), true),
  new Field('raw', new Binary(), true),
]);

const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  ts: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  symbol: fc.option(fc.constantFrom('', 'BTCUSDT', 'ETHUSDT', 'ü')),
  price: fc.option(fc.double()),
  id: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  flags: fc.option(fc.integer()),
  final: fc.option(fc.boolean()),
  note: fc.option(fc.string()),
  raw: fc.option(fc.uint8Array({ maxLength: 9 })),
});

function hashOf(batches: readonly RecordBatch[], schema: Schema = SCHEMA): string {
  const hash = logicalHash(schema);
  for (const batch of batches) hash.update(batch);
  return hash.digest();
}

function cut(rows: readonly Row[], cuts: readonly number[]): RecordBatch[] {
  const at = [0, ...cuts.map((c) => c % (rows.length + 1)).sort((a, b) => a - b), rows.length];
  return at.slice(1).map((to, i) => batchOf(SCHEMA, rows.slice(at[i], to)));
}

describe('logicalHash', () => {
  it('does not depend on the cut into batches, nor on dictionaries or slices', () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 5 }), (rows, cuts) => {
        const whole = batchOf(SCHEMA, rows);
        const half = rows.length >> 1;
        expect(hashOf(cut(rows, cuts))).toBe(hashOf([whole]));
        expect(hashOf([whole.slice(0, half), whole.slice(half)])).toBe(hashOf([whole]));
      }),
    );
  });

  it('changes with any one value, and with the order of rows', () => {
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { minLength: 1, maxLength: 20 }),
        fc.nat(),
        fc.constantFrom(...SCHEMA.fields),
        (rows, at, field) => {
          const index = at % rows.length;
          const row = rows[index] as Row;
          const changed = {
            ...row,
            [field.name]: row[field.name] === null ? other(field.name) : field.nullable ? null : (row.ts as bigint) ^ 1n,
          };
          expect(hashOf([batchOf(SCHEMA, rows.with(index, changed))])).not.toBe(hashOf([batchOf(SCHEMA, rows)]));
        },
      ),
    );
  });

  it('knows one NaN, one zero and one null, and tells null from zero', () => {
    const schema = new Schema([new Field('price', new Float64(), true)]);
    const of = (price: number | null) => hashOf([batchOf(schema, [{ price }])], schema);
    const bits = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0] as number;
    expect(of(-0)).toBe(of(0));
    expect(of(bits)).toBe(of(Number.NaN));
    expect(new Set([of(0), of(null), of(Number.NaN), of(1)]).size).toBe(4);
  });

  it('counts a word as its text, and the name of a column', () => {
    const rows: Row[] = [{ side: 'buy' }, { side: null }, { side: 'sell' }];
    const words = new Schema([new Field('side', dictionaryOf('side'), true)]);
    const texts = new Schema([new Field('side', new Utf8(), true)]);
    const renamed = new Schema([new Field('aggressor_side', new Utf8(), true)]);
    expect(hashOf([batchOf(words, rows)], words)).toBe(hashOf([batchOf(texts, rows)], texts));
    const other = rows.map((row) => ({ aggressor_side: row.side ?? null }));
    expect(hashOf([batchOf(renamed, other)], renamed)).not.toBe(hashOf([batchOf(texts, rows)], texts));
  });

  it('can be asked for a digest in between', () => {
    const hash = logicalHash(SCHEMA);
    const empty = hash.digest();
    expect(empty).toMatch(/^[0-9a-f]{32}$/);
    expect(hash.digest()).toBe(empty);
  });
});

function other(name: string): Row[string] {
  const values: Row = { symbol: 'SOLUSDT', price: 1, id: 1n, flags: 1, final: true, note: 'x', raw: new Uint8Array([1]) };
  return values[name] ?? null;
}
