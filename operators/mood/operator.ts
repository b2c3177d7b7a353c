import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { referenceMood } from './kernel.ts';
import { IGNORED_PORT, moodSchema } from './layout.ts';
import { nativeMood } from './native.ts';

const params = z.strictObject({
  every: interval()
    .default(60_000_000_000n)
    .meta({ description: 'distance of the points of the grid, multiples of it since 1970 UTC', unit: 'duration' }),
  half_life: interval().meta({ description: 'age at which a headline counts half', unit: 'duration' }),
  horizon: interval().optional().meta({
    description: 'age from which a headline has no effect at all; default ten half-lives, where it counts a thousandth',
    unit: 'duration',
  }),
  emit: z.enum(['grid', 'row', 'both']).default('grid').meta({
    description: 'a row at every point of the grid, a row at each time of a headline, or both; only while a symbol has headlines',
  }),
  prior_weight: z.number().min(0).max(1e9).default(0).meta({
    description: 'weight of a neutral opinion that is always there: few or old headlines say little',
  }),
  max_headlines: z.int().min(1).max(1_000_000).default(10_000).meta({
    description: 'headlines of one symbol within the horizon; one more is rejected',
    unit: 'headlines',
  }),
  max_keys: z.int().min(1).max(1_000_000_000).default(1_000_000).meta({
    description: 'symbols that have a mood; a headline of one more is rejected',
    unit: 'keys',
  }),
});

/** Parameters of `mood`, after defaults. */
export type MoodParams = z.output<typeof params>;

/**
 * The sentiment of a symbol as a series. At time t, over headlines of age a = t - `ts_event` with 0 <= a < horizon:
 *
 *     weight_i    = confidence_i x credibility_i x 2^(-a_i / half_life)
 *     mood        = sum(weight_i x sentiment_i) / (sum(weight_i) + prior_weight)
 *     mood_weight = sum(weight_i), headlines = how many
 *
 * `mood` lies in [-1, 1]; it is null where nothing has weight. Each point is the direct sum, so nothing drifts. It is let go when the
 * watermark has passed its time, and never changes after. A headline that comes late, as news does, counts from the watermark of its
 * partition on, at its true age; what was said before stands. A symbol without a headline within the horizon is silent.
 */
export const mood = defineOperator({
  name: 'mood',
  summary: 'Sentiment of headlines as an index per symbol that decays with their age.',
  source: 'exponential weights by half-life: J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, section 5.2, over event time',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: {
      description:
        'rows of `sentiment`: `ts_event`, `symbol`, `sentiment` (-1 to 1), `confidence` (0 to 1), optional `credibility` (0 to 1; without it or where it is null, 1)',
    },
  },
  outputs: {
    [MAIN_PORT]: { description: 'a row per symbol and time: `ts_event`, `symbol`, `mood`, `mood_weight`, `headlines`' },
    [IGNORED_PORT]: { description: 'rows without a symbol, sentiment or confidence, and headlines older than the horizon when they came' },
    [REJECTED_PORT]: { description: 'rows without a time, with a value out of its range, or one headline or symbol too many' },
  },
  groups: () => ['symbol'],
  schema: moodSchema,
  create: nativeMood,
  reference: referenceMood,
});
