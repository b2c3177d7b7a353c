import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { duration, interval } from '../../graph/contract/params.ts';
import { referenceLabel } from './kernel.ts';
import { IGNORED_PORT, keysOf, labelSchema, UNLABELLED_PORT } from './layout.ts';
import { nativeLabel } from './native.ts';

/** A century, in ns: the longest horizon. */
const LONGEST_NS = 36_525n * 86_400_000_000_000n;

const params = z.strictObject({
  horizon: interval()
    .refine((ns) => ns <= LONGEST_NS, 'expected a horizon of at most 36525d')
    .meta({ description: 'how long after a row its future is asked; also in the column `horizon`, as `1s`, `5m`', unit: 'duration' }),
  price: z.string().min(1).default('mid').meta({ description: 'price column, Float64, above 0' }),
  max_age: duration().default(0n).meta({
    description:
      'oldest the last price may be at the time that is asked about, less than `horizon`; 0 takes only a row exactly then, as on a grid of bars or order_flow',
    unit: 'duration',
  }),
  by: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'key columns: prices are those of the same key; default those of venue, symbol that the input has' }),
  max_keys: z.int().min(1).max(1_000_000_000).default(1_000_000).meta({
    description: 'keys that have labels; rows of one more are rejected',
    unit: 'keys',
  }),
});

/** Parameters of `label`, after defaults. */
export type LabelParams = z.output<typeof params>;

/**
 * Every row once more when its future is known: the only operator that looks ahead, and it does so by waiting. A row of time t comes back
 * with `ts_event` = t + `horizon` as soon as the watermark is past that, since all rows up to then are there. The price then is that of the
 * key's last row at or before t + `horizon`, of equal times the last to arrive; `label_return` is log(price then / price at t).
 *
 * Where that row is older than `max_age` then, the price is not known, and the row leaves on `unlabelled` as it came. That is what rows
 * are whose future the input ends before. Kept are the rows of the last `horizon` and of those that the watermark is behind.
 *
 * Predictions are labelled as they are: what their own column `horizon` says is compared as a duration, `60s` is `1m`, and stays;
 * null becomes the horizon of the label.
 */
export const label = defineOperator({
  name: 'label',
  summary: 'Each row again once its future is known: the log return of a price over a horizon, and whether it rose.',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: {
      description:
        'rows with `ts_event` and a price; of predictions, which have a column `horizon`, those that look as far ahead as the label, or do not say (null)',
    },
  },
  outputs: {
    [MAIN_PORT]: {
      description:
        'rows with a label, in order of (`ts_event`, first row of the key): all columns, `ts_event` moved by the horizon, `ts_origin`, `horizon`, `label_return`, `label_up`',
    },
    [UNLABELLED_PORT]: { description: 'rows whose price at the horizon is not known, as they came, when that is certain' },
    [IGNORED_PORT]: { description: 'predictions with another `horizon`, as they came; their prices count for nothing' },
    [REJECTED_PORT]: {
      description:
        'rows without a time or a price above 0, late ones (behind the watermark when they came), and those of a key beyond max_keys (`keys-full`)',
    },
  },
  hindsight: [UNLABELLED_PORT],
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    return input ? keysOf(given, input).filter((name) => columnIndex(input, name) >= 0) : null;
  },
  schema: labelSchema,
  create: nativeLabel,
  reference: referenceLabel,
});
