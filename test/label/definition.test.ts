import { Field, Float64, Schema } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { label } from '../../operators/label/operator.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, new Field('mid', new Float64(), false)]);

interface Given {
  readonly at: number;
  readonly symbol: string;
  readonly mid: number;
}

/** What the definition says of all rows at once, in no order: `null` where there is no label. */
function defined(rows: readonly Given[], horizon: number, maxAge: number): string[] {
  return rows.map(({ at, symbol, mid }) => {
    const then = at + horizon;
    const before = rows.filter((row) => row.symbol === symbol && row.at <= then);
    const newest = Math.max(...before.map((row) => row.at));
    const last = before.filter((row) => row.at === newest).at(-1);
    const known = last && then - newest <= maxAge ? last.mid : null;
    const up = known === null || known === mid ? null : known > mid;
    return JSON.stringify([at, symbol, mid, known === null ? null : Math.log(known / mid).toFixed(12), up]);
  });
}

/** What the kernel gives of the rows, an epoch for each cut; a row may come up to `lateness` after one that is newer. */
function streamed(rows: readonly Given[], cuts: readonly boolean[], horizon: number, maxAge: number, lateness: number): string[] {
  const kernel = subjectOf(label, { horizon: `${horizon}ns`, max_age: `${maxAge}ns` }, { in: SCHEMA }).create();
  const found: string[] = [];
  let newest = 0;
  const emit = (port: string, some: readonly Row[]) => {
    expect(port).not.toBe('rejected');
    for (const row of some) {
      const at = Number(port === 'out' ? row.ts_origin : row.ts_event);
      if (port === 'out') expect(Number(row.ts_event)).toBe(at + horizon);
      const value =
        port === 'out'
          ? Number(row.label_return)
              .toFixed(12)
              .replace(/^-(0\.0+)$/, '$1')
          : null;
      found.push(JSON.stringify([at, row.symbol, row.mid, value, row.label_up ?? null]));
    }
  };
  let epoch: Row[] = [];
  rows.forEach(({ at, symbol, mid }, i) => {
    epoch.push({ ts_event: BigInt(at), symbol, mid });
    newest = Math.max(newest, at);
    if (!cuts[i] && i < rows.length - 1) return;
    kernel.push(batchOf(SCHEMA, epoch), 'in', (port, batch) => emit(port, rowsOf(batch)), MIN_NS);
    kernel.advance(BigInt(newest - lateness), 0n, (port, batch) => emit(port, rowsOf(batch)));
    epoch = [];
  });
  kernel.advance(MAX_NS, 0n, (port, batch) => emit(port, rowsOf(batch)));
  return found;
}

const rows = fc.array(
  fc.record({ step: fc.nat(4), back: fc.nat(3), symbol: fc.constantFrom('A', 'B'), mid: fc.constantFrom(1, 1.5, 2, 7) }),
  {
    minLength: 1,
    maxLength: 40,
  },
);

test('labels are those of the definition, whatever the order within lateness and the epochs', () => {
  fc.assert(
    fc.property(
      rows,
      fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat(11),
      (drafts, cuts, horizon, age) => {
        fc.pre(age < horizon);
        let now = 100;
        const given = drafts.map(({ step, back, symbol, mid }): Given => {
          now += step;
          return { at: now - back, symbol, mid };
        });
        expect(streamed(given, cuts, horizon, age, 3).sort()).toEqual(defined(given, horizon, age).sort());
      },
    ),
    { numRuns: 150 },
  );
});
