import { Float64, type RecordBatch, Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { derive } from '../../operators/derive/operator.ts';

const INPUT = new Schema([COLUMNS.symbol, field('x', new Float64(), false, 'x')]);

/** The rows before that a kernel finds, pushed in batches of some size, restored after each. */
function before(create: () => Kernel, rows: readonly Row[], size: number): unknown[] {
  const found: unknown[] = [];
  const emit = (_port: string, batch: RecordBatch) => found.push(...rowsOf(batch).map(({ last, first }) => [last, first]));
  let kernel = create();
  for (let from = 0; from < rows.length; from += size) {
    kernel.push(batchOf(INPUT, rows.slice(from, from + size)), 'in', emit, MIN_NS);
    const chunks = kernel.snapshot();
    kernel = create();
    kernel.restore(chunks);
  }
  return found;
}

const subject = (max_keys: number) => subjectOf(derive, { columns: { last: 'x[1]', first: 'x[2]' }, max_keys }, { in: INPUT });

test('of a key too many the one whose last row came longest ago is forgotten, and begins anew', () => {
  const rows = [...'ABACBAA'].map((symbol, x): Row => ({ symbol, x }));
  const { create, reference } = subject(2);
  for (const make of [create, reference as () => Kernel])
    expect(before(make, rows, 3)).toEqual([
      [null, null], // A
      [null, null], // B
      [0, null], // A
      [null, null], // C takes the place of B
      [null, null], // B takes the place of A
      [null, null], // A takes the place of C
      [5, null],
    ]);
});

test.each([1, 5])('whatever the batches, of %i keys', (most) => {
  let state = 11;
  const draw = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 16) % n;
  };
  const rows = Array.from({ length: 200 }, (_, x): Row => ({ symbol: `S${draw(4) === 0 ? draw(40) : draw(7)}`, x }));
  const { create, reference } = subject(most);
  const wanted = before(reference as () => Kernel, rows, 200);
  for (const size of [3, 50, 200]) expect(before(create, rows, size)).toEqual(wanted);
});
