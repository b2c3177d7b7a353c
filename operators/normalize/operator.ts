import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { duration } from '../../graph/contract/params.ts';
import { inspectInstruments } from '../instruments/table.ts';
import { IGNORED_PORT, inputLayout, normalizeSchema, ROLES, type Role } from './layout.ts';
import { nativeNormalize } from './native.ts';
import { referenceNormalize } from './reference.ts';
import { ROW_KINDS } from './venues/venue.ts';

const mapping = z.strictObject(
  Object.fromEntries(ROLES.map((role) => [role, z.string().optional()])) as Record<Role, z.ZodOptional<z.ZodString>>,
);

const params = z.strictObject({
  kind: z
    .enum(ROW_KINDS)
    .default('trades')
    .meta({ description: 'rows to read; quotes, the best bid and ask with their sizes, only of raw payloads' }),
  instruments: z.string().min(1).meta({
    description: 'instrument table: a csv with the columns venue, symbol, tick_size, lot_size, contract_size, currency, sector',
    unit: 'path',
  }),
  venue: z
    .string()
    .regex(/^[a-z0-9_]+$/, 'expected a venue such as binance_usdm')
    .optional()
    .meta({ description: 'venue whose raw payloads these are, or the venue of typed rows (in place of a column "venue")' }),
  columns: mapping
    .default({})
    .meta({ description: 'columns of a typed input by what they hold, where their names differ, e.g. { ts_event: time, size: qty }' }),
  clock_skew: duration()
    .default(0n)
    .meta({ description: 'how far the receive clock may be behind the event clock before a row is flagged', unit: 'duration' }),
  duplicate_window: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(4096)
    .meta({
      description:
        'trades of a symbol among which a trade id may not come twice; quotes in a row that may be numbered at or before the last one, ' +
        'all of them refused, before the venue is taken to number anew',
      unit: 'rows',
    }),
});

/**
 * One shape of trade, or of quote, checked against the instrument table. A quote is refused whose numbers are none or do not fit their
 * steps, whose bid is not below its ask, or whose update number is not above that of the last one (`quote-stale`). Where a venue gives
 * quotes no time (Binance spot), theirs is that of receipt, flagged 16.
 */
export const normalize = defineOperator({
  name: 'normalize',
  summary: "Reads a venue's trades or quotes into one shape, in ticks and lots, and refuses what cannot be one.",
  source: 'documentation of each venue, in operators/normalize/venues',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'raw payloads (`ts_recv`, `payload`) of one venue, or trades in typed columns' } },
  outputs: {
    [MAIN_PORT]: { description: 'trades or quotes; a jump of the trade id and a receive clock behind the event clock are flagged' },
    [IGNORED_PORT]: { description: 'rows of other kinds: when they came and what they were' },
    [REJECTED_PORT]: { description: 'rows that cannot be a trade or a quote, with the reason' },
  },
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    if (!input) return null;
    const layout = inputLayout(given, input);
    if (layout.kind === 'payload') return null;
    const names = [layout.venue === null ? layout.columns.venue : undefined, layout.columns.symbol];
    return names.filter((name) => name !== undefined && columnIndex(input, name) >= 0) as string[];
  },
  schema: normalizeSchema,
  files: (given) => [{ path: given.instruments, place: { path: ['instruments'] } }],
  inspect: (given, files) => inspectInstruments(given.instruments, files),
  create: nativeNormalize,
  reference: referenceNormalize,
});
