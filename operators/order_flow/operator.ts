import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { referenceOrderFlow } from './kernel.ts';
import { keysOf, orderFlowSchema, QUOTES_PORT, TRADES_PORT } from './layout.ts';
import { nativeOrderFlow } from './native.ts';

/** A century, in ns: the longest interval. */
const LONGEST_NS = 36_525n * 86_400_000_000_000n;

const params = z.strictObject({
  every: interval()
    .refine((ns) => ns <= LONGEST_NS, 'expected an interval of at most 36525d')
    .default(1_000_000_000n)
    .meta({
      description: 'length of the intervals; they begin at multiples of it since 1970 UTC and leave out their end',
      unit: 'duration',
    }),
  by: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'key columns: a row per key, columns of both inputs; default those of venue, symbol that the quotes have' }),
  empty: z.enum(['skip', 'carry']).default('carry').meta({
    description:
      'an interval in which nothing came, no quote and no trade: no row; or one with the last quote, until it is older than `stale_after`',
  }),
  stale_after: interval()
    .refine((ns) => ns <= LONGEST_NS, 'expected at most 36525d')
    .default(60_000_000_000n)
    .meta({
      description:
        'age from which a quote says nothing any more: it is carried on no further, no return reaches back to it, and the next quote begins anew',
      unit: 'duration',
    }),
  returns: z
    .array(z.int().min(1).max(10_000))
    .max(100)
    .refine((lengths) => new Set(lengths).size === lengths.length, 'expected each length once')
    .default([2, 5, 10])
    .meta({ description: 'lengths of returns besides `mid_return`, a column `return_<length>` each', unit: 'intervals' }),
});

/** Parameters of `order_flow`, after defaults. */
export type OrderFlowParams = z.output<typeof params>;

/**
 * Features of the best bid and ask, and of the prints, on a fixed grid. A row is let go when the watermark reaches the end of its
 * interval, its `ts_event`, and holds nothing that happened at or after it. Within an interval rows count in order of `ts_event`, of equal
 * times in order of arrival; a row whose interval was over when it came is refused as `late`.
 *
 * State, of the last quote before the end, with bid b of size p and ask a of size q: `mid` m = (b + a) / 2,
 * `microprice` (b q + a p) / (p + q), `spread` a - b, `spread_bps` 10,000 (a - b) / m, `imbalance` (p - q) / (p + q); those that divide by
 * p + q are null where it is 0. Flow, summed over the interval's quotes, each against the quote before it, whichever interval that was in:
 * `order_flow_imbalance` of e = [b >= b'] p - [b <= b'] p' - [a <= a'] q + [a >= a'] q' (base units), and `realised_variance` of
 * log(m / m')^2. A quote whose predecessor is older than `stale_after` adds to neither. `mid_return` is log(m / mid one interval before),
 * `return_k` the same over k intervals; null where no quote was known then, or only one older than `stale_after`. Prints:
 * `volume`, `signed_volume` (bought minus sold, by aggressor; any other side counts 0), `trades`. An interval with trades always has a row, so
 * that no volume is lost: without a quote, or with one that was carried on until it was too old, the state of the book and the returns are null.
 */
export const orderFlow = defineOperator({
  name: 'order_flow',
  summary: 'Features of quotes and trades on a fixed grid: mid, microprice, spread, imbalances, order flow, variance, returns.',
  source:
    'order flow imbalance: R. Cont, A. Kukanov, S. Stoikov (2014), The Price Impact of Order Book Events, Journal of Financial Econometrics 12; ' +
    'realised variance: T. Andersen, T. Bollerslev, F. Diebold, P. Labys (2003), Econometrica 71',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [QUOTES_PORT]: { description: 'quotes: `ts_event`, `bid`, `bid_size`, `ask`, `ask_size`' },
    [TRADES_PORT]: {
      description: 'trades: `ts_event`, `size`, `aggressor_side`; without them there are no columns of volume',
      optional: true,
    },
  },
  outputs: {
    [MAIN_PORT]: {
      description:
        'a row per key and interval, in order of (`ts_event`, first row of the key). Of the last quote (bid b of size p, ask a of size q): `mid` m = (b + a) / 2, ' +
        '`microprice` (b q + a p) / (p + q), `spread` a - b, `spread_bps` 10,000 (a - b) / m, `imbalance` (p - q) / (p + q). Summed over the quotes of the interval, ' +
        "each against the one before it (b', p', a', q', m'): `order_flow_imbalance` [b >= b'] p - [b <= b'] p' - [a <= a'] q + [a >= a'] q', `realised_variance` log(m / m')^2. " +
        '`mid_return`, `return_k`: log(m / mid one, k intervals before), null until known. With trades: `volume`, `signed_volume` (bought - sold), `trades`; where they come before any quote, or after it is stale, state and returns are null',
    },
    [REJECTED_PORT]: { description: 'rows without a time, with a price or size that is none, with bid >= ask, or late' },
  },
  groups(given, inputs) {
    const quotes = inputs[QUOTES_PORT];
    return quotes ? keysOf(given, quotes).filter((name) => columnIndex(quotes, name) >= 0) : null;
  },
  schema: orderFlowSchema,
  create: nativeOrderFlow,
  reference: referenceOrderFlow,
});
