import { readFileSync } from 'node:fs';
import { Field, Float64, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { mood } from '../../operators/mood/operator.ts';

interface Point {
  readonly ts_event: string;
  readonly symbol: string;
  readonly mood: number;
  readonly mood_weight: number;
  readonly headlines: number;
}

const given = JSON.parse(readFileSync(new URL('vectors/synthetic.json', import.meta.url), 'utf8')) as {
  readonly params: Readonly<Record<string, unknown>>;
  readonly headlines: readonly (Row & { readonly ts_event: string })[];
  readonly grid: readonly Point[];
  readonly row: readonly Point[];
};

const number = (name: string) => new Field(name, new Float64(), false);
const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, ...['sentiment', 'confidence', 'credibility'].map(number)]);

const byTime = (rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => Number((a.ts_event as bigint) - (b.ts_event as bigint)) || (String(a.symbol) < String(b.symbol) ? -1 : 1));

describe('mood', () => {
  it.each(['grid', 'row'] as const)('by %s is what NumPy sums by the definition', (emit) => {
    const subject = subjectOf(mood, { ...given.params, emit }, { in: SCHEMA });
    for (const kernel of [subject.create(), subject.reference?.() ?? subject.create()]) {
      const found: Row[] = [];
      const take = (port: string, batch: Parameters<typeof rowsOf>[0]) => void (port === 'out' && found.push(...rowsOf(batch)));
      const rows = given.headlines.map((row): Row => ({ ...row, ts_event: BigInt(row.ts_event) }));
      rows.forEach((row) => {
        kernel.push(batchOf(SCHEMA, [row]), 'in', take, MIN_NS);
        kernel.advance(row.ts_event as bigint, 0n, take);
      });
      kernel.advance(MAX_NS, 0n, take);
      const shown = byTime(found);
      expect(shown.map((row) => [String(row.ts_event), row.symbol, Number(row.headlines)])).toEqual(
        given[emit].map((row) => [row.ts_event, row.symbol, row.headlines]),
      );
      shown.forEach((row, i) => {
        expect(row.mood).toBeCloseTo(given[emit][i]?.mood ?? Number.NaN, 12);
        expect(row.mood_weight).toBeCloseTo(given[emit][i]?.mood_weight ?? Number.NaN, 12);
      });
    }
  });

  it('is the same on two machines: the weight of an age is that of the crate libm, to the bit', () => {
    const subject = subjectOf(mood, { half_life: '3ns', emit: 'row', horizon: '1s' }, { in: SCHEMA });
    const kernel = subject.create();
    const rows = [0n, 1n].map((ts_event): Row => ({ ts_event, symbol: 'A', sentiment: 0, confidence: 1, credibility: 1 }));
    const found: Row[] = [];
    kernel.push(batchOf(SCHEMA, rows), 'in', () => undefined, MIN_NS);
    kernel.advance(MAX_NS, 0n, (_port, batch) => found.push(...rowsOf(batch)));
    expect(found.at(-1)?.mood_weight).toBe(1.7937005259840997); // 1 + 2^(-1/3) = 1.79370052598409973737585281963615...
  });
});
