import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnAt } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { closeCells } from '../../graph/test-kit/canonical.ts';
import { SubjectFault, subjectOf } from '../../graph/test-kit/subject.ts';
import { indicators } from '../../operators/indicators/operator.ts';

const nullable = (name: string) => new Field(name, new Float64(), true);
const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, ...['high', 'low', 'close', 'volume'].map(nullable)]);

const period = fc.integer({ min: 2, max: 7 });
const count = fc.integer({ min: 1, max: 4 });
const deviations = fc.constantFrom(0.5, 1, 2.5);
const entry = fc.oneof(
  period.map((p) => ({ sma: { period: p } })),
  period.map((p) => ({ ema: { period: p } })),
  period.map((p) => ({ rsi: { period: p } })),
  fc.tuple(period, count, count).map(([fast, more, signal]) => ({ macd: { fast, slow: fast + more, signal } })),
  fc.tuple(period, deviations).map(([p, d]) => ({ bbands: { period: p, deviations: d } })),
  fc.tuple(period, deviations).map(([p, d]) => ({ stddev: { period: p, deviations: d } })),
  count.map((p) => ({ atr: { period: p } })),
  fc.tuple(count, count, count).map(([fast_k, slow_k, slow_d]) => ({ stoch: { fast_k, slow_k, slow_d } })),
  period.map((p) => ({ adx: { period: p } })),
  fc.constant({ obv: {} }),
);

/** Multiples of 1/8, so that flat windows and equal prices are frequent; now and then no number. */
const price = fc.oneof(
  { weight: 15, arbitrary: fc.integer({ min: 796, max: 804 }).map((p) => p / 8) },
  { weight: 1, arbitrary: fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY) },
);
const row = fc.record({ symbol: fc.constantFrom('A', 'B'), close: price, high: price, low: price, volume: price });

describe('indicators', () => {
  it('are those of their definitions, on hostile rows, cut anyhow, restarted anywhere', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(entry, { minLength: 1, maxLength: 4, selector: (e) => JSON.stringify(e) }),
        fc.array(fc.array(row, { maxLength: 25 }), { maxLength: 4 }),
        (series, batches) => {
          const subject = subjectOf(indicators, { series }, { in: SCHEMA });
          let native = subject.create();
          const reference = subject.reference?.();
          for (const rows of batches) {
            const batch = batchOf(SCHEMA, rows.map((cells, i) => ({ ...cells, ts_event: BigInt(i) }))); // biome-ignore format: one step
            const [got, wanted]: [Row[], Row[]] = [[], []];
            native.push(batch, 'in', (_port, out) => got.push(...rowsOf(out)), MIN_NS);
            reference?.push(batch, 'in', (_port, out) => wanted.push(...rowsOf(out)), MIN_NS);
            expect(got).toHaveLength(wanted.length);
            const far = got.flatMap((cells, i) =>
              Object.entries(cells).flatMap(([name, cell]) =>
                near(cell, wanted[i]?.[name] ?? null) ? [] : [`${name} of row ${i}: ${cell}, not ${wanted[i]?.[name]}`],
              ),
            );
            expect(far).toEqual([]);
            const state = native.snapshot();
            native = subject.create();
            native.restore(state);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('pass the columns of the input on without a copy', () => {
    const batch = batchOf(SCHEMA, [{ ts_event: 1n, symbol: 'A', high: 1, low: 1, close: 1, volume: 1 }]);
    const emitted: RecordBatch[] = [];
    subjectOf(indicators, { series: [{ obv: {} }] }, { in: SCHEMA })
      .create()
      .push(batch, 'in', (_port, out) => emitted.push(out), MIN_NS);
    for (const i of SCHEMA.fields.keys()) expect(columnAt(emitted[0] as RecordBatch, i).values).toBe(columnAt(batch, i).values);
  });

  it('have the names of the contract', () => {
    const series = [
      { ema: { period: 20 } },
      { rsi: { period: 14 } },
      { macd: { fast: 12, slow: 26, signal: 9 } },
      { bbands: { period: 20, deviations: 2 } },
      { bbands: { period: 20, deviations: 2.5, as: 'wide' } },
      { stoch: { fast_k: 5, slow_k: 3, slow_d: 3 } },
      { sma: { period: 5, column: 'volume', as: 'mean_volume' } },
    ];
    const out = subjectOf(indicators, { series }, { in: SCHEMA }).outputs.out;
    expect(out?.fields.slice(SCHEMA.fields.length).map(({ name }) => name)).toEqual([
      ...['ema_20', 'rsi_14', 'macd_12_26_9', 'macd_12_26_9_signal', 'macd_12_26_9_hist'],
      ...['bbands_20_2_lower', 'bbands_20_2_middle', 'bbands_20_2_upper', 'wide_lower', 'wide_middle', 'wide_upper'],
      ...['stoch_5_3_3_k', 'stoch_5_3_3_d', 'mean_volume'],
    ]);
  });

  it.each([
    [
      [{ ema: { period: 20 } }, { ema: { period: 20, column: 'volume' } }],
      'column-duplicate: ema makes column "ema_20", which series 1 has already',
    ],
    [[{ obv: { as: 'close' } }], 'column-duplicate: obv makes column "close", which the input has already'],
    [[{ ema: { period: 20, column: 'clse' } }], 'there is no column "clse"'],
    [[{ atr: { period: 3, high: 'symbol' } }], 'column "symbol" is Dictionary<Int32, Utf8>, wanted Float64'],
    [[{ macd: { fast: 26, slow: 12, signal: 9 } }], 'series.0.macd.fast: expected fast to be less than slow'],
    [[{ rsi: {} }], 'series.0.rsi.period: Invalid input: expected number, received undefined'],
    [[{ rsi: { period: 14 }, ema: { period: 3 } }], 'series.0: expected exactly one series an entry, e.g. { ema: { period: 20 } }'],
    [[], 'series: Too small: expected array to have >=1 items'],
  ])('refuse %j', (series, fault) => {
    let faults: readonly string[] = [];
    try {
      subjectOf(indicators, { series }, { in: SCHEMA });
    } catch (error) {
      if (!(error instanceof SubjectFault)) throw error;
      faults = error.faults;
    }
    expect(faults).toEqual([fault]);
  });
});

/** Within 1e-9 relative, or within the rounding of prices of 100 that cancel. */
function near(a: Row[string] | undefined, b: Row[string]): boolean {
  if (typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= 1e-11) return true;
  return closeCells(a ?? null, b, 1e-9);
}
