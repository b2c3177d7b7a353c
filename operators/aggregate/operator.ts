import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { referenceAggregate } from './kernel.ts';
import { aggregateSchema, FUNCTIONS, type FunctionName, LATE_PORT } from './layout.ts';
import { nativeAggregate } from './native.ts';

const DESCRIPTIONS: Readonly<Record<FunctionName, string>> = {
  count: 'rows where the column is not null',
  sum: 'sum; of whole numbers Int64',
  mean: 'arithmetic mean, Float64',
  var: 'sample variance (n - 1), Float64; null below two values',
  min: 'least value',
  max: 'greatest value',
  first: 'first value in event time; of equal times the first to arrive',
  last: 'last value in event time; of equal times the last to arrive',
};

const column = (name: FunctionName) => z.string().min(1).optional().meta({ description: DESCRIPTIONS[name] });
const functions = z
  .strictObject({
    count: column('count'),
    sum: column('sum'),
    mean: column('mean'),
    var: column('var'),
    min: column('min'),
    max: column('max'),
    first: column('first'),
    last: column('last'),
  })
  .refine((given) => Object.values(given).filter((name) => name !== undefined).length === 1, `expected one of ${FUNCTIONS.join(', ')}`);

const params = z.strictObject({
  every: interval().meta({
    description: 'how often a window ends; windows begin at multiples of it since 1970 UTC and leave out their end',
    unit: 'duration',
  }),
  size: interval().optional().meta({
    description: 'length of a window, a multiple of `every`, at most 10,000 times; default `every`: windows that do not overlap',
    unit: 'duration',
  }),
  by: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'key columns: a window per key, null being a key as in GROUP BY; none: one window for all rows, in one task' }),
  columns: z
    .record(z.string().min(1), z.union([z.literal('count'), functions]))
    .refine((given) => Object.keys(given).length > 0, 'expected at least one column')
    .meta({ description: 'by name, `count` (rows) or a function of a column, such as { sum: size }' }),
});

/** Parameters of `aggregate`, after defaults. */
export type AggregateParams = z.output<typeof params>;

/**
 * Aggregates over event-time windows that do not overlap, or slide by `every`.
 *
 * A window that has rows is let go when the watermark reaches its end, in order of (end, first row to come of those in it), and never changes
 * after.
 * Rows are collected in intervals of length `every`, and a window puts those that it consists of together: nothing is ever subtracted, so
 * that a sliding window does not drift. Each window costs as many steps as it has intervals with rows. A row is late when its interval's
 * end is at or before the watermark of its partition: it counts in all of its windows or, leaving on `late`, in none.
 *
 * Null values are skipped, as in SQL; what has no values is null, and so is a result beyond Float64 or Int64. Sums are compensated
 * (Neumaier), variances put together from parts (Welford, Chan). A row with NaN or an infinity in a column of sum, mean, var, min or max
 * leaves on `rejected`, whole.
 */
export const aggregate = defineOperator({
  name: 'aggregate',
  summary: 'Count, sum, mean, variance, least, greatest, first and last over tumbling or sliding event-time windows by any keys.',
  source:
    'windows: T. Akidau et al. (2015), The Dataflow Model, VLDB 8; of intervals: J. Li et al. (2005), No Pane, No Gain, SIGMOD Record 34; variance: T. Chan, G. Golub, R. LeVeque (1979), STAN-CS-79-773',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'rows with `ts_event`, the key columns and those that are aggregated' } },
  outputs: {
    [MAIN_PORT]: { description: 'a row per window and key: key columns, `ts_open`, `ts_event` (its end, when it is known), the columns' },
    [LATE_PORT]: { description: 'rows whose interval was over when they came, as they came' },
    [REJECTED_PORT]: { description: 'rows without a time, or with a value that is not finite' },
  },
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    return input ? given.by.filter((name) => columnIndex(input, name) >= 0) : null;
  },
  schema: aggregateSchema,
  create: (context) => nativeAggregate(context),
  reference: referenceAggregate,
});
