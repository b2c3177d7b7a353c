import { Int32, Int64, Schema, Utf8 } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { field, timestampNs } from '../../graph/contract/columns.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { rowText } from '../../graph/test-kit/canonical.ts';
import { rowsFor } from '../../graph/test-kit/generate.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { EVERY_TYPE } from './every-type.ts';

describe('rows', () => {
  test('come back from a batch as they went in', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const rows = rowsFor(new Random(seed), EVERY_TYPE, seed % 30);
      expect(rowsOf(batchOf(EVERY_TYPE, rows)).map(rowText), `seed ${seed}`).toEqual(rows.map(rowText));
    }
  });

  test.each([
    ['one nanosecond before 1970', -1n],
    ['the first instant of int64', -(2n ** 63n)],
    ['the last instant of int64', 2n ** 63n - 1n],
    ['an instant that a double cannot hold', 1_723_161_255_030_314_667n],
  ])('keep %s', (_, ns) => {
    const schema = new Schema([field('time', timestampNs(), false, 'time'), field('n', new Int64(), false, 'n')]);
    expect(rowsOf(batchOf(schema, [{ time: ns, n: ns }]))).toEqual([{ time: ns, n: ns }]);
  });

  test('keep empty texts apart from nulls', () => {
    const schema = new Schema([field('text', new Utf8(), true, 'text')]);
    const rows: Row[] = [{ text: '' }, { text: null }, { text: '\0' }, { text: '' }];
    expect(rowsOf(batchOf(schema, rows))).toEqual(rows);
  });

  test('have nulls where a cell is absent, also for columns named like methods of every object', () => {
    const schema = new Schema(['constructor', '__proto__', 'toString'].map((name) => field(name, new Utf8(), true, name)));
    expect(rowsOf(batchOf(schema, [{}])).map(rowText)).toEqual(['{constructor: null, __proto__: null, toString: null}']);
  });

  test.each([
    ['an Int64', new Int64(), 2n ** 63n],
    ['a timestamp', timestampNs(), -(2n ** 63n) - 1n],
    ['an Int32', new Int32(), 2 ** 31],
    ['an Int32', new Int32(), 1.5],
  ])('do not wrap around: %s that does not fit is refused', (_, type, value) => {
    expect(() => batchOf(new Schema([field('n', type, false, 'n')]), [{ n: value }])).toThrow(RangeError);
  });
});
