import { Field, Int64, type RecordBatch, Schema, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnAt, dictionaryVector, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { durationNs } from '../../graph/contract/units.ts';
import { type Subject, SubjectFault, subjectOf } from '../../graph/test-kit/subject.ts';
import { bars } from '../../operators/bars/operator.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.venue, COLUMNS.symbol, COLUMNS.price, COLUMNS.size, COLUMNS.aggressor_side]);

interface Step {
  readonly rows: readonly Row[];
  readonly floor: bigint;
  readonly watermark: bigint;
}

/** What leaves a kernel, port by port, when the input ends after the steps. */
function outcome(kernel: Kernel, schema: Schema, steps: readonly Step[]): Record<string, Row[]> {
  const out: Record<string, Row[]> = {};
  const emit = (port: string, batch: RecordBatch) => {
    out[port] = [...(out[port] ?? []), ...rowsOf(batch)];
  };
  for (const { rows, floor, watermark } of steps) {
    kernel.push(batchOf(schema, rows), 'in', emit, floor);
    kernel.advance(watermark, 0n, emit);
  }
  kernel.advance(MAX_NS, 0n, emit);
  return out;
}

const trade = (ns: bigint, rest: Row = {}): Row => ({
  ts_event: ns,
  venue: 'sim',
  symbol: 'A',
  price: 10,
  size: 1,
  aggressor_side: 'buy',
  ...rest,
});

const both = (subject: Subject, steps: readonly Step[], schema = SCHEMA) => {
  const reference = subject.reference?.();
  if (!reference) throw new Error('bars has no reference kernel');
  return [outcome(subject.create(), schema, steps), outcome(reference, schema, steps)] as const;
};

describe('bars', () => {
  it('are those of the reference, for all intervals, policies, floors and watermarks', () => {
    const every = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constantFrom('ns', 'us', 'ms', 's', 'm', 'h', 'd'));
    const cell = <T>(value: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 12, arbitrary: value }, { weight: 1, arbitrary: odd });
    const step = fc.record({
      rows: fc.array(
        fc.record({
          at: fc.integer({ min: -40, max: 40 }),
          symbol: fc.constantFrom('A', 'B', 'C'),
          venue: fc.constantFrom('x', 'y'),
          price: cell(
            fc.integer({ min: 900, max: 1100 }).map((p) => p / 8),
            fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY),
          ),
          size: cell(
            fc.integer({ min: 0, max: 64 }).map((s) => s / 8),
            fc.constantFrom(-1, Number.NEGATIVE_INFINITY),
          ),
          aggressor_side: fc.constantFrom('buy', 'sell', '?'),
        }),
        { maxLength: 12 },
      ),
      floor: fc.option(fc.integer({ min: -50, max: 30 })),
      ahead: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(
        every,
        fc.constantFrom('skip', 'carry', 'null'),
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 6 }),
        ([count, unit], empty, max_empty, script) => {
          const length = durationNs(`${count}${unit}`) as bigint;
          const at = (quarters: number) => (BigInt(quarters) * length) / 4n;
          let reached = -60;
          const steps = script.map(({ rows, floor, ahead }) => {
            reached += ahead;
            return {
              rows: rows.map(({ at: quarters, ...row }) => ({ ...row, ts_event: at(quarters) })),
              floor: floor === null ? MIN_NS : at(floor),
              watermark: at(reached),
            };
          });
          const [native, reference] = both(subjectOf(bars, { every: `${count}${unit}`, empty, max_empty }, { in: SCHEMA }), steps);
          expect(native).toEqual(reference);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('stay within int64 at both ends of time', () => {
    const times = [MIN_NS, MIN_NS + 1n, -1n, 0n, MAX_NS - 1n, MAX_NS];
    for (const every of ['1ns', '7ns', '1s', '36525d']) {
      const steps = [{ rows: times.map((ns) => trade(ns)), floor: MIN_NS, watermark: MIN_NS }];
      const [native, reference] = both(subjectOf(bars, { every }, { in: SCHEMA }), steps);
      expect(native).toEqual(reference);
      expect((native.out?.length ?? 0) + (native.rejected?.length ?? 0)).toBeGreaterThanOrEqual(4);
    }
  });

  it('fill a jump of a thousand years with max_empty bars, not with millions', () => {
    const year = 365n * 86_400_000_000_000n;
    const subject = subjectOf(bars, { every: '1s', empty: 'carry' }, { in: SCHEMA });
    const out = outcome(subject.create(), SCHEMA, [
      { rows: [trade(0n)], floor: MIN_NS, watermark: 200n * year },
      { rows: [trade(200n * year + 1n, { price: 11 })], floor: MIN_NS, watermark: 201n * year },
    ]);
    expect(out.out).toHaveLength(122);
    expect(out.out?.filter((row) => row.close === 11)).toHaveLength(61);
  });

  it('hand out many rows in batches of at most 32,768', () => {
    const kernel = subjectOf(bars, { every: '1ns' }, { in: SCHEMA }).create();
    const sizes: number[] = [];
    const n = 70_000;
    const rows = makeBatch(SCHEMA, n, [
      { values: BigInt64Array.from({ length: n }, (_, i) => BigInt(i)) },
      { values: new Int32Array(n), dictionary: dictionaryVector(['sim']) },
      { values: new Int32Array(n), dictionary: dictionaryVector(['A']) },
      { values: new Float64Array(n).fill(1) },
      { values: new Float64Array(n).fill(1) },
      { values: new Int32Array(n), dictionary: dictionaryVector(['buy']) },
    ]);
    kernel.push(rows, 'in', () => undefined, MIN_NS);
    kernel.advance(MAX_NS, 0n, (_port, batch) => sizes.push(batch.numRows));
    expect(sizes).toEqual([32_768, 32_768, 4_464]);
  });

  it('keep one dictionary vector until a key is new, also when the input has another in each batch', () => {
    const kernel = subjectOf(bars, { every: '1s' }, { in: SCHEMA }).create();
    const vectors: unknown[] = [];
    const symbols: unknown[] = [];
    const emit = (_port: string, batch: RecordBatch) => {
      vectors.push(columnAt(batch, 1).dictionary);
      symbols.push(...rowsOf(batch).map((row) => row.symbol));
    };
    for (const [i, some] of [['A'], ['B', 'A'], ['A', 'B'], ['C']].entries()) {
      const second = BigInt(i) * 1_000_000_000n;
      kernel.push(batchOf(SCHEMA, some.map((symbol) => trade(second, { symbol }))), 'in', emit, MIN_NS); // biome-ignore format: one step
      kernel.advance(second + 1_000_000_000n, 0n, emit);
    }
    expect(symbols).toEqual(['A', 'A', 'B', 'A', 'B', 'C']);
    expect(vectors.map((vector) => vectors.indexOf(vector))).toEqual([0, 1, 1, 3]);
  });

  it('have integer and text keys, null among them', () => {
    const schema = new Schema([
      COLUMNS.ts_event,
      new Field('account', new Int64(), true),
      new Field('desk', new Utf8(), true),
      new Field('book', dictionaryOf('book'), true),
      COLUMNS.price,
      COLUMNS.size,
    ]);
    const keys = [null, 1n, -(2n ** 63n)].flatMap((account) =>
      [null, '', 'x'].flatMap((desk) => [null, 'b'].map((book) => ({ account, desk, book }))),
    );
    const rows = [...keys, ...keys].map((key, i) => ({ ...key, ts_event: BigInt(i), price: i, size: 1 }));
    const subject = subjectOf(bars, { every: '1s', by: ['account', 'desk', 'book'] }, { in: schema });
    const [native, reference] = both(subject, [{ rows, floor: MIN_NS, watermark: MIN_NS }], schema);
    expect(native).toEqual(reference);
    expect(native.out?.map(({ account, desk, book }) => ({ account, desk, book }))).toEqual(keys);
    expect(native.out?.[0]).not.toHaveProperty('signed_volume');
  });

  it('are refused with the fault where columns do not fit', () => {
    const faults = (params: unknown, schema = SCHEMA): readonly string[] => {
      try {
        subjectOf(bars, params, { in: schema });
        return [];
      } catch (error) {
        return error instanceof SubjectFault ? error.faults : [String(error)];
      }
    };
    expect(faults({ every: '1s', price: 'prise', by: ['price', 'nobody'] })).toEqual([
      'there is no column "prise"',
      'column "price" is Float64, wanted Dictionary, Utf8, Int64 or Int32',
      'there is no column "nobody"',
    ]);
    expect(faults({ every: '1s', by: ['symbol', 'symbol'] })).toEqual(['column-duplicate: bars would have two columns "symbol"']);
    expect(faults({ every: '0s' })[0]).toMatch(/every: expected a positive duration/);
    expect(faults({ every: '99999d' })[0]).toMatch(/every: expected an interval of at most 36525d/);
    expect(faults({ every: '1s', everyy: 1 })[0]).toMatch(/everyy/);
  });
});
