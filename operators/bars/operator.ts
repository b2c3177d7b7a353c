import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { referenceBars } from './kernel.ts';
import { barsSchema, keysOf, LATE_PORT } from './layout.ts';
import { nativeBars } from './native.ts';

/** A century, in ns: the longest interval. */
const LONGEST_NS = 36_525n * 86_400_000_000_000n;

const params = z.strictObject({
  every: interval()
    .refine((ns) => ns <= LONGEST_NS, 'expected an interval of at most 36525d')
    .meta({
      description: 'length of the intervals; they begin at multiples of it since 1970 UTC and leave out their end',
      unit: 'duration',
    }),
  by: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'key columns: a bar per key; default those of venue, symbol that the input has' }),
  empty: z
    .enum(['skip', 'carry', 'null'])
    .default('skip')
    .meta({ description: 'an interval without trades: no bar; or a bar with the last close as its prices; or one with null prices' }),
  max_empty: z.int().min(1).max(100_000).default(60).meta({
    description:
      'bars without trades that follow the last trade of a key, also at the end of the input; then it is silent until its next trade',
    unit: 'intervals',
  }),
  price: z.string().min(1).default('price').meta({ description: 'price column, Float64' }),
  size: z.string().min(1).default('size').meta({ description: 'size column, Float64' }),
  side: z.string().min(1).optional().meta({
    description: "column of the aggressor's side: buy, sell; default aggressor_side where the input has it, else no signed_volume",
  }),
});

/** Parameters of `bars`, after defaults. */
export type BarsParams = z.output<typeof params>;

/**
 * OHLCV bars in event time. Open and close go by `ts_event`: of equal times the first row to arrive opens, the last one closes; sums
 * are in order of arrival. An interval is let go when the watermark reaches its end, in order of (end, first row of the key), and never
 * changes after. A row is late when its interval's end is at or before the watermark of its partition; it leaves on `late` as it came.
 * A row without a time, price or size, or with a size below 0, leaves on `rejected`. Any other side counts 0 in `signed_volume`.
 */
export const bars = defineOperator({
  name: 'bars',
  summary: 'Trades as bars of a fixed interval: open, high, low, close, volume, notional, VWAP, count, signed volume.',
  source:
    'VWAP: S. Berkowitz, D. Logue, E. Noser (1988), The Journal of Finance 43; windows: T. Akidau et al. (2015), The Dataflow Model, VLDB 8',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'trades: `ts_event`, price, size, and where there is one the side of the aggressor' } },
  outputs: {
    [MAIN_PORT]: { description: 'bars: key columns, then those of the dictionary of columns; `ts_event` is the end of the interval' },
    [LATE_PORT]: { description: 'rows whose interval was over when they came, as they came' },
    [REJECTED_PORT]: { description: 'rows without a time, a finite price or a size of at least 0' },
  },
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    return input ? keysOf(given, input).filter((name) => columnIndex(input, name) >= 0) : null;
  },
  schema: barsSchema,
  create: nativeBars,
  reference: referenceBars,
});
