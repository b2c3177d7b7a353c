import { Field, Int64, Schema, Utf8 } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { aggregate } from '../../operators/aggregate/operator.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, new Field('id', new Int64(), false), new Field('name', new Utf8(), true)]);
const PARAMS = { every: '10ns', size: '20ns', by: ['id', 'name'], columns: { rows: 'count', first: { first: 'ts_event' } } };

describe('what aggregate keeps', () => {
  it('is its open windows, however many keys there were, and a key that was forgotten begins anew', () => {
    const subject = subjectOf(aggregate, PARAMS, { in: SCHEMA });
    let kernel = subject.create();
    const rows: Row[] = [];
    const emit = (_port: string, batch: Parameters<typeof rowsOf>[0]) => void rows.push(...rowsOf(batch));
    const bytes = () => kernel.snapshot().reduce((sum, chunk) => sum + chunk.length, 0);
    const key = (i: number): Row => ({ ts_event: BigInt(i), id: BigInt(i % 7000), name: i % 3 === 0 ? null : `n${i % 7000}` });
    let most = 0;
    for (let from = 0; from < 21_000; from += 500) {
      kernel.push(
        batchOf(
          SCHEMA,
          Array.from({ length: 500 }, (_, i) => key(from + i)),
        ),
        'in',
        emit,
        MIN_NS,
      );
      kernel.advance(BigInt(from + 499), 0n, emit);
      most = Math.max(most, bytes());
      if (from % 3_000 !== 0) continue;
      const chunks = kernel.snapshot();
      kernel = subject.create();
      kernel.restore(chunks);
    }
    kernel.advance(MAX_NS, 0n, emit);
    expect(rows.length).toBe(42_000); // each row lies in two windows
    expect(rows.every((row) => row.rows === 1n)).toBe(true);
    const found = new Set(rows.map((row) => `${row.first} ${row.id} ${row.name}`));
    expect(found).toEqual(new Set(Array.from({ length: 21_000 }, (_, i) => key(i)).map((row) => `${row.ts_event} ${row.id} ${row.name}`)));
    expect(most).toBeLessThan(200_000); // 1,524 keys at most are known, of 7,000
  });
});
