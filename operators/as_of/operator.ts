import { z } from 'zod';
import { defineOperator, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { duration } from '../../graph/contract/params.ts';
import { referenceAsOf } from './kernel.ts';
import { asOfSchema, keysOf, LEFT_PORT, RIGHT_PORT, UNMATCHED_PORT } from './layout.ts';
import { nativeAsOf } from './native.ts';

const params = z.strictObject({
  by: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'key columns, of one type on both sides; default symbol where both have it, else none: one row for all' }),
  tolerance: duration()
    .optional()
    .meta({ description: 'greatest age of a right row; an older one counts as none. Default: any age', unit: 'duration' }),
  columns: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'columns of the right side to take; default all but the key columns and `ts_event`' }),
  prefix: z.string().default('right_').meta({
    description: 'put before the name of a column where the left side has one of that name, as `staleness_ns` behind another as_of',
  }),
  ties: z.enum(['include', 'exclude']).default('include').meta({
    description: 'whether a right row at exactly the time of the left row is its partner; `exclude`: only one strictly before',
  }),
  unmatched: z.enum(['keep', 'port']).default('keep').meta({
    description: 'a left row without a partner stays on `out` with null columns, or leaves on `unmatched`',
  }),
  max_keys: z.int().min(1).max(1_000_000_000).default(1_000_000).meta({
    description: 'keys whose last right row is kept; a right row of one more is rejected, until `tolerance` makes room',
    unit: 'keys',
  }),
});

/** Parameters of `as_of`, after defaults. */
export type AsOfParams = z.output<typeof params>;

/**
 * Each left row with the last right row of its key at or before it, and how old that one was (`staleness_ns`): a backward as-of join.
 *
 * The sides are merged by event time: a left row waits until the watermark of the right side has passed it, so that it sees every right
 * row up to its time and none after, however the rows were read. At one time right rows come first, and the last of several counts.
 * Nothing more is needed to warm up; where the right side begins after the left, rows before it have no partner, and `unmatched: port`
 * keeps them away from `out` until it has spoken of their key.
 *
 * One after another, the second has its own age beside that of the first, as `<prefix>staleness_ns`: give each a `prefix` that says what
 * it looks up. With `order: arrival` what had not arrived is not seen. Kept is the last right row a key (with `ties: exclude` also the one before):
 * a left row behind it, which is late, leaves on `unmatched` whatever the parameter says, since its partner is forgotten; a right row
 * behind it is passed over. A left row whose key is null has no partner, as in SQL.
 */
export const asOf = defineOperator({
  name: 'as_of',
  summary: 'Each left row with the last right row of its key at or before it, and its age: a backward as-of join.',
  source: 'pandas, merge_asof(direction="backward", allow_exact_matches); kdb+, aj',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [RIGHT_PORT]: { description: 'rows that are looked up, e.g. quotes: `ts_event`, key columns, what is to be taken' },
    [LEFT_PORT]: { description: 'rows that get columns, e.g. trades: `ts_event`, key columns' },
  },
  outputs: {
    [MAIN_PORT]: {
      description: 'left rows with the columns of their partner and `staleness_ns`, its age; null without a partner',
    },
    [UNMATCHED_PORT]: { description: 'left rows without a partner, as they came: all with `unmatched: port`, else only late ones' },
    [REJECTED_PORT]: { description: 'right rows without a time or key, or of one key too many' },
  },
  groups(given, inputs) {
    const [left, right] = [inputs[LEFT_PORT], inputs[RIGHT_PORT]];
    return left && right ? keysOf(given, left, right) : null;
  },
  schema: asOfSchema,
  create: nativeAsOf,
  reference: referenceAsOf,
});
