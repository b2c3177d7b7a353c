import { Float32, Int8, type RecordBatch, Schema, Uint64, Utf8 } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import {
  batchBytes,
  column,
  columnAt,
  DictionaryTable,
  dictionaryStrings,
  gather,
  isValid,
  makeBatch,
} from '../../graph/contract/batch.ts';
import { dictionaryOf, field } from '../../graph/contract/columns.ts';
import { batchOf, cell, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { batchText, rowText } from '../../graph/test-kit/canonical.ts';
import { rowsFor } from '../../graph/test-kit/generate.ts';
import { decoded, LAYOUTS, layOut } from '../../graph/test-kit/layout.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { EVERY_TYPE } from './every-type.ts';

const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1);

/** Batches in random layouts, and the rows that went into each. */
function batches(random: Random, count: number): { batches: RecordBatch[]; rows: Row[][] } {
  const rows = Array.from({ length: count }, () => rowsFor(random, EVERY_TYPE, random.int(1, 40)));
  return { batches: rows.map((some) => layOut(random, random.pick(LAYOUTS), EVERY_TYPE, some)), rows };
}

describe('columns of a batch', () => {
  test.each(LAYOUTS)('a %s batch shows the rows it was made of', (layout) => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const rows = rowsFor(random, EVERY_TYPE, random.int(0, 40));
      const batch = layOut(random, layout, EVERY_TYPE, rows);
      expect(batchText(batch), `seed ${seed}`).toEqual(rows.map(rowText));
    }
  });

  test('bitmaps start at bit 0 and fixed-width values at row 0, however the batch was sliced', () => {
    const random = new Random(1);
    const rows = rowsFor(random, EVERY_TYPE, 40);
    for (let from = 0; from < 20; from++) {
      const sliced = batchOf(EVERY_TYPE, rows).slice(from, from + 17);
      const bools = column(sliced, 'bool');
      const nulls = column(sliced, 'float_or_null');
      const floats = column(sliced, 'float');
      for (let i = 0; i < 17; i++) {
        const row = rows[from + i] as Row;
        expect(((bools.values[i >> 3] as number) >> (i & 7)) & 1).toBe(row.bool === true ? 1 : 0);
        expect(isValid(nulls, i)).toBe(row.float_or_null !== null);
        expect(Object.is(floats.values[i], row.float)).toBe(true);
      }
    }
  });

  test('a column without nulls has no bitmap, even when the batch around it had some', () => {
    const rows = [null, 1, 2, 3, null].map((n) => ({ n }));
    const schema = new Schema([field('n', EVERY_TYPE.fields[0]?.type as never, true, 'n')]);
    expect(columnAt(batchOf(schema, rows).slice(1, 4), 0).valid).toBeNull();
    expect(columnAt(batchOf(schema, rows), 0).valid).not.toBeNull();
  });

  test('a column that is not there is named', () => {
    expect(() => column(batchOf(EVERY_TYPE, []), 'nope')).toThrow('no column "nope"');
    expect(() => makeBatch(EVERY_TYPE, 0, [])).toThrow('no values for column "float"');
  });
});

describe('gather', () => {
  test('takes, concatenates and merges like picking row objects', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const { batches: all, rows } = batches(random, random.int(1, 4));
      const n = random.int(0, 60);
      const source = Int32Array.from({ length: n }, () => random.int(0, all.length - 1));
      const taken = source.map((s) => random.int(0, (rows[s] as Row[]).length - 1));
      const expected = Array.from(source, (s, i) => rowText(rows[s]?.[taken[i] as number] as Row));
      const gathered = gather(EVERY_TYPE, all, source, taken);
      expect(batchText(gathered), `seed ${seed}`).toEqual(expected);
      expect(batchText(decoded(gathered)), `seed ${seed}, through Arrow IPC`).toEqual(expected);
    }
  });

  test('takes from one batch without a source', () => {
    for (const seed of SEEDS) {
      const random = new Random(seed);
      const { batches: all, rows } = batches(random, 1);
      const taken = Int32Array.from({ length: random.int(0, 50) }, () => random.int(0, (rows[0] as Row[]).length - 1));
      expect(batchText(gather(EVERY_TYPE, all, null, taken)), `seed ${seed}`).toEqual(
        Array.from(taken, (row) => rowText(rows[0]?.[row] as Row)),
      );
    }
  });

  test('does not change the batches it takes from', () => {
    const random = new Random(7);
    const { batches: all, rows } = batches(random, 3);
    gather(EVERY_TYPE, all, Int32Array.of(0, 1, 2), Int32Array.of(0, 0, 0));
    expect(all.map(batchText)).toEqual(rows.map((some) => some.map(rowText)));
  });

  test('keeps one dictionary where all batches share it, and joins them where not', () => {
    const schema = new Schema([field('word', dictionaryOf('word'), false, 'word')]);
    const shared = new DictionaryTable();
    for (const word of ['a', 'b', 'c']) shared.code(word);
    const one = makeBatch(schema, 2, [{ values: Int32Array.of(2, 0), dictionary: shared.vector }]);
    const two = makeBatch(schema, 1, [{ values: Int32Array.of(1), dictionary: shared.vector }]);
    const same = gather(schema, [one, two], Int32Array.of(1, 0), Int32Array.of(0, 0));
    expect(columnAt(same, 0).dictionary).toBe(shared.vector);
    expect(rowsOf(same)).toEqual([{ word: 'b' }, { word: 'c' }]);
    const other = batchOf(schema, [{ word: 'z' }, { word: 'a' }]);
    const joined = gather(schema, [one, other], Int32Array.of(1, 0, 1), Int32Array.of(0, 1, 1));
    expect(rowsOf(joined)).toEqual([{ word: 'z' }, { word: 'a' }, { word: 'a' }]);
    const strings = dictionaryStrings(columnAt(joined, 0).dictionary as never);
    expect(new Set(strings).size).toBe(strings.length);
  });

  test('of no batch at all is an empty batch of the schema', () => {
    const empty = gather(EVERY_TYPE, [], null, new Int32Array(0));
    expect(empty.numRows).toBe(0);
    expect(rowsOf(decoded(empty))).toEqual([]);
  });

  test.each([new Float32(), new Int8(), new Uint64()])('refuses %s, which no kernel is told how to read', (type) => {
    const schema = new Schema([field('n', type, false, 'n')]);
    const batch = makeBatch(schema, 1, [{ values: new Uint8Array(8) }]);
    expect(() => gather(schema, [batch], null, Int32Array.of(0))).toThrow(expect.objectContaining({ code: 'type-unsupported' }));
  });
});

test('a dictionary table gives the same code to the same text and the same vector until a text is added', () => {
  const table = new DictionaryTable();
  expect([table.code('a'), table.code('b'), table.code('a'), table.code('__proto__')]).toEqual([0, 1, 0, 2]);
  const vector = table.vector;
  expect(table.vector).toBe(vector);
  table.code('c');
  expect(table.vector).not.toBe(vector);
  expect([dictionaryStrings(vector), dictionaryStrings(table.vector)]).toEqual([
    ['a', 'b', '__proto__'],
    ['a', 'b', '__proto__', 'c'],
  ]);
});

test('the bytes of a slice are those of its rows', () => {
  const schema = new Schema([field('text', new Utf8(), false, 'text')]);
  const batch = batchOf(schema, [{ text: 'x'.repeat(10_000) }, { text: 'ab' }]);
  expect(batchBytes(batch)).toBe(10_002 + 3 * 4);
  expect(batchBytes(batch.slice(1, 2))).toBe(2 + 2 * 4);
});

test('a null in a dictionary column is null, whatever its code', () => {
  const schema = new Schema([field('word', dictionaryOf('word'), true, 'word')]);
  const batch = makeBatch(schema, 2, [
    { values: Int32Array.of(99, 0), valid: Uint8Array.of(0b10), dictionary: new DictionaryTable().vector },
  ]);
  expect(cell(columnAt(batch, 0), 0)).toBeNull();
});
