import { Int64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { checkLaws } from '../../graph/test-kit/check.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { nativeAggregate } from '../../operators/aggregate/native.ts';
import { aggregate } from '../../operators/aggregate/operator.ts';
import { operatorFolders } from '../laws/registered.ts';

/** Keys without a window are forgotten beyond two. */
const forgetful: typeof aggregate = { ...aggregate, create: (context) => nativeAggregate(context, 2) };

const SCHEMA = new Schema([COLUMNS.ts_event, field('k', new Int64(), false, 'key')]);
const PARAMS = { every: '10ns', size: '20ns', by: ['k'], columns: { n: 'count' } };
const batch = (ns: bigint, keys: readonly bigint[]) => batchOf(SCHEMA, keys.map((k) => ({ ts_event: ns, k }))); // biome-ignore format: one step

describe('keys that are forgotten', () => {
  test.each(['native', 'reference'] as const)('leave the order of rows as it is, wherever epochs are cut (%s)', (which) => {
    const subject = subjectOf(forgetful, PARAMS, { in: SCHEMA });
    const orders = [true, false].map((together) => {
      let kernel = (which === 'native' ? subject.create() : subject.reference?.()) as Kernel;
      const found: string[] = [];
      const emit = (_port: string, rows: Parameters<typeof rowsOf>[0]) =>
        void found.push(...rowsOf(rows).map((row) => `${row.ts_open} ${row.k}`));
      kernel.push(batch(1n, [7n, 1n, 2n, 3n, 4n, 5n]), 'in', emit, MIN_NS);
      if (!together) kernel.advance(40n, 0n, emit);
      kernel.push(batch(101n, [5n]), 'in', emit, MIN_NS);
      kernel.push(batch(111n, [7n, 5n]), 'in', emit, MIN_NS);
      const chunks = kernel.snapshot();
      kernel = (which === 'native' ? subject.create() : subject.reference?.()) as Kernel;
      kernel.restore(chunks);
      kernel.push(batch(121n, [3n, 5n, 7n]), 'in', emit, MIN_NS);
      kernel.advance(200n, 0n, emit);
      return found.slice(12);
    });
    expect(orders[0]).toEqual(orders[1]);
    // of the window from 100 the row of 5 at 101 came first, of that from 110 the row of 7 at 111, of that from 120 the row of 3
    expect(orders[0]).toEqual(['90 5', '100 5', '100 7', '110 7', '110 5', '110 3', '120 3', '120 5', '120 7']);
  });

  test('are no breach of any law', async () => {
    const cases = (await operatorFolders()).find(({ name }) => name === 'aggregate')?.cases;
    if (!cases) throw new Error('aggregate has no cases');
    for (const { params, inputs } of cases.lawInputs) {
      const violations = checkLaws(subjectOf(forgetful, params, inputs), { ...cases, seed: 1, tapes: 1 });
      expect(violations.map(({ message }) => message)).toEqual([]);
    }
  });
});
