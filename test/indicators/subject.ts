import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { column, isValid, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type Subject, subjectOf } from '../../graph/test-kit/subject.ts';
import { indicators } from '../../operators/indicators/operator.ts';

/** Every indicator with the parameters of the vectors. */
export const ALL = [
  { sma: { period: 20 } },
  { ema: { period: 20 } },
  { rsi: { period: 14 } },
  { macd: { fast: 12, slow: 26, signal: 9 } },
  { bbands: { period: 20, deviations: 2 } },
  { atr: { period: 14 } },
  { stoch: { fast_k: 5, slow_k: 3, slow_d: 3 } },
  { adx: { period: 14 } },
  { obv: {} },
  { stddev: { period: 20, deviations: 1 } },
];

const NAMES = ['high', 'low', 'close', 'volume'] as const;
const SCHEMA = new Schema([COLUMNS.ts_event, ...NAMES.map((name) => new Field(name, new Float64(), false))]);

/** Bars of one key as columns. */
export type Bars = Readonly<Record<(typeof NAMES)[number], Float64Array>>;
export type Results = Readonly<Record<string, (number | null)[]>>;

/** `indicators` over bars of one key with all ten series. */
export function subject(series: readonly unknown[] = ALL): Subject {
  return subjectOf(indicators, { series }, { in: SCHEMA });
}

/** Rows `from` to `to` as a batch. */
export function batchOfBars(bars: Bars, from = 0, to = bars.close.length): RecordBatch {
  const times = BigInt64Array.from({ length: to - from }, (_, i) => BigInt(from + i));
  return makeBatch(SCHEMA, to - from, [{ values: times }, ...NAMES.map((name) => ({ values: bars[name].subarray(from, to) }))]);
}

/** What the kernel adds to the bars, pushed in batches of `rows`; of rows in `only`, when given. */
export function run(kernel: Kernel, bars: Bars, rows = 512, only?: readonly number[]): Results {
  const results: Record<string, (number | null)[]> = {};
  const wanted = only && new Set(only);
  for (let from = 0; from < bars.close.length; from += rows) {
    const batch = batchOfBars(bars, from, Math.min(from + rows, bars.close.length));
    kernel.push(
      batch,
      'in',
      (_port, out) => {
        for (const { name } of out.schema.fields.slice(SCHEMA.fields.length)) {
          const values = column(out, name);
          results[name] ??= [];
          for (let row = 0; row < out.numRows; row++) {
            if (wanted && !wanted.has(from + row)) continue;
            results[name].push(isValid(values, row) ? ((values.values as Float64Array)[row] as number) : null);
          }
        }
      },
      MIN_NS,
    );
  }
  return results;
}

/** Largest absolute value of what an output is a difference of: its rounding is the floor below which no digits agree. */
function magnitude(name: string, bars: Bars): number {
  if (/^(rsi|stoch|adx)/.test(name)) return 100;
  const values = name === 'obv' ? bars.volume : bars.close;
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Where the results are not the expected ones within 1e-9 relative, or 1e-14 of the numbers they are differences of. */
export function misses(actual: Results, expected: Results, bars: Bars): string[] {
  return Object.entries(expected).flatMap(([name, values]) => {
    const floor = 1e-14 * magnitude(name, bars);
    return values.flatMap((value, row) => {
      const got = actual[name]?.[row];
      const same =
        typeof got === 'number' && value !== null
          ? Math.abs(got - value) <= 1e-9 * Math.max(Math.abs(got), Math.abs(value)) + floor
          : got === value;
      return same ? [] : [`${name} of row ${row} is ${got}, expected ${value}`];
    });
  });
}
