import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { LABELLED_PORT, sharedKeys } from '../learning/columns.ts';
import { by } from '../statistics/params.ts';
import { referenceLearn } from './kernel.ts';
import { learnSchema, SCORES_PORT } from './layout.ts';
import { nativeLearn } from './native.ts';

const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;

const params = z
  .strictObject({
    features: z
      .array(z.string().min(1))
      .min(1)
      .max(256)
      .refine(distinct, 'expected each feature once')
      .meta({ description: 'columns that the model sees, Float64, on both ports' }),
    model: z.enum(['logistic', 'linear']).meta({
      description:
        'logistic: p_up, learnt from label_up by FTRL-Proximal, a learning rate a coefficient; linear: expected_return, learnt from label_return by recursive least squares: after each row the ridge solution of all rows, with no rate to choose',
    }),
    by: by.meta({
      description: 'key columns: a model a key; [] is one model of all; default those of account, venue, symbol that both ports have',
    }),
    label: z.string().min(1).optional().meta({ description: 'column of the label; default label_up (Bool) or label_return (Float64)' }),
    horizon: interval().optional().meta({
      description:
        'horizon of the labels, e.g. 1s: shown beside predictions; labels of others are passed over; without it all count, and are to be of one horizon',
      unit: 'duration',
    }),
    rate: z.number().gt(0).max(1000).optional().meta({ description: 'logistic: learning rate, alpha of the paper; default 0.1' }),
    beta: z.number().min(0).max(1e9).optional().meta({ description: 'logistic: damps the first steps, beta of the paper; default 1' }),
    l1: z
      .number()
      .min(0)
      .max(1e9)
      .optional()
      .meta({ description: 'logistic: strength of the L1 penalty, which makes coefficients 0; default 0' }),
    l2: z
      .number()
      .min(0)
      .max(1e9)
      .default(1)
      .meta({ description: 'strength of the L2 penalty of all coefficients, the constant included; at least 1e-6 for linear' }),
    forgetting: z
      .number()
      .min(0.5)
      .max(1)
      .optional()
      .meta({ description: 'linear: the weight of a row against that of the next; default 1, nothing is forgotten' }),
    scale: z.boolean().default(true).meta({
      description: 'features count in standard deviations from their mean, both running over the rows learnt from (Welford)',
    }),
    missing: z.enum(['skip', 'zero']).default('skip').meta({
      description:
        'a feature that is null, NaN, infinite or of 1e75 or more: the row has null predictions and is not learnt from; or the feature counts as 0, its mean where scaled',
    }),
    warm_up: z.int().min(0).max(1e9).default(100).meta({ description: 'rows a key learns from before it predicts', unit: 'rows' }),
    score_window: z.int().min(1).max(1e9).default(1000).meta({
      description: 'running losses are means of the first so many scored rows, then exponential with 1 / score_window',
      unit: 'rows',
    }),
    pending: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(10_000)
      .meta({ description: 'predictions a key remembers until their labels come; the oldest are forgotten', unit: 'rows' }),
    max_keys: z.int().min(1).max(1_000_000_000).default(1_000_000).meta({
      description: 'keys that have a model; rows of one more are rejected',
      unit: 'keys',
    }),
    name: z.string().min(1).optional().meta({ description: 'what column `model` says; default logistic or linear' }),
  })
  .refine((given) => given.model === 'logistic' || (given.rate ?? given.beta ?? given.l1) === undefined, {
    message: 'rate, beta and l1 are of the logistic model',
    path: ['model'],
  })
  .refine((given) => given.model === 'linear' || given.forgetting === undefined, {
    message: 'expected forgetting with the linear model only',
    path: ['forgetting'],
  })
  .refine((given) => given.model === 'logistic' || given.l2 >= 1e-6, { message: 'expected at least 1e-6 for linear', path: ['l2'] });

/** Parameters of `learn`, after defaults. */
export type LearnParams = z.output<typeof params>;

/**
 * A labelled row is scored before it is learnt from: by what `out` said of the row of its `ts_origin`, so that nothing counts that was learnt
 * between the two (labels of overlapping rows come in that time); where that row is not remembered, by the model as it is. `ts_predicted` tells.
 * The plain guess beside it: the share of ups so far by the rule of succession, `(ups + 1) / (rows + 2)`, or the mean of the labels so far.
 *
 * A model changes by labelled rows alone; its hash is that of its parameters. Log-odds count from -35 to 35.
 */
export const learn = defineOperator({
  name: 'learn',
  summary:
    'Online logistic and linear models: predicts every row, learns from rows once their label is known, scores itself before it learns.',
  source:
    'H. B. McMahan et al. (2013), Ad Click Prediction: a View from the Trenches, KDD; S. Haykin, Adaptive Filter Theory (RLS); A. P. Dawid (1984), Journal of the Royal Statistical Society A 147 (prequential); B. P. Welford (1962), Technometrics 4',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: { description: 'rows to predict: `ts_event`, key columns and features' },
    [LABELLED_PORT]: {
      description: 'the same rows once their future is known, as `label` makes them: `ts_event` is then, `ts_origin` the time of the row',
    },
  },
  outputs: {
    [MAIN_PORT]: {
      description: 'every row with all its columns and the prediction; null until warm, and where features are missing that may not be',
    },
    [SCORES_PORT]: {
      description:
        'a row per labelled row: the prediction from before it was learnt from, its loss, that of the plain guess, and running means',
    },
    [REJECTED_PORT]: {
      description:
        'rows of a key beyond max_keys (`keys-full`) or without a time (`ts-missing`), and labels that are not finite or of 1e75 or more (`value-not-finite`)',
    },
  },
  groups: (given, inputs) => sharedKeys(given.by, inputs, [INPUT_PORT, LABELLED_PORT]),
  schema: learnSchema,
  create: nativeLearn,
  reference: referenceLearn,
});
