import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { seriesGroups } from '../statistics/columns.ts';
import { as, by, confidence, lambda, MAX_WINDOW } from '../statistics/params.ts';
import { referenceVar } from './kernel.ts';
import { varSchema } from './layout.ts';
import { nativeVar } from './native.ts';

const METHODS = ['historical', 'gaussian', 'cornish_fisher', 'ewma'] as const;
const CONTRIBUTIONS = ['component', 'marginal'] as const;

const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;

const params = z
  .strictObject({
    by,
    column: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'the column of returns, or of values to take returns of, Float64; default return' }),
    columns: z
      .array(z.string().min(1))
      .min(1)
      .max(256)
      .refine(distinct, 'expected each column once')
      .optional()
      .meta({ description: 'in place of column: the assets of a portfolio, Float64; adds what each contributes' }),
    weights: z
      .record(z.string(), z.number().min(-1e9).max(1e9))
      .optional()
      .meta({ description: 'weight of each of columns in the return of the portfolio, e.g. { a: 0.6, b: 0.4 }; default equal parts of 1' }),
    returns: z.enum(['none', 'simple', 'log', 'difference']).default('none').meta({
      description:
        'what the columns are: returns already; or values, of which the return is value / last - 1, its logarithm, or the difference, then VaR is in units of the column. Deposits move an equity too: take them out first, with select',
    }),
    window: z.int().min(1).max(MAX_WINDOW).default(250).meta({ description: 'returns that count; ewma counts all', unit: 'rows' }),
    min_rows: z
      .int()
      .min(1)
      .max(MAX_WINDOW)
      .optional()
      .meta({ description: 'returns before the first result; default window', unit: 'rows' }),
    confidences: z
      .array(confidence)
      .min(1)
      .refine(distinct, 'expected each confidence once')
      .default([0.99])
      .meta({ description: 'confidence levels, 0.5 or more and below 1: 0.99 is the loss that one row in a hundred passes' }),
    methods: z
      .array(z.enum(METHODS))
      .min(1)
      .refine(distinct, 'expected each method once')
      .default([...METHODS])
      .meta({
        description:
          'historical: sample quantile and tail mean; gaussian: mean and population deviation; cornish_fisher: modified by skewness and kurtosis; ewma: RiskMetrics, mean 0',
      }),
    quantile: z.enum(['linear', 'inverted_cdf']).default('linear').meta({
      description:
        'historical quantile, by the names of NumPy: linear is type 7 of Hyndman and Fan, ES the mean below it; inverted_cdf is type 1, the order statistic, ES the mean of the worst part of the distribution',
    }),
    lambda,
    contributions: z.array(z.enum(CONTRIBUTIONS)).refine(distinct, 'expected each contribution once').optional().meta({
      description:
        'with columns: component, weight x marginal, which add up to the total; marginal, the derivative by the weight; default both',
    }),
    as,
  })
  .refine((given) => given.column === undefined || given.columns === undefined, {
    message: 'expected either column or columns',
    path: ['column'],
  })
  .refine((given) => given.columns !== undefined || given.weights === undefined, {
    message: 'expected columns beside weights',
    path: ['weights'],
  })
  .refine((given) => given.columns !== undefined || given.contributions === undefined, {
    message: 'expected columns beside contributions',
    path: ['contributions'],
  })
  .refine((given) => given.weights === undefined || sameNames(Object.keys(given.weights), given.columns ?? []), {
    message: 'expected a weight for each of columns',
    path: ['weights'],
  })
  .refine((given) => (given.min_rows ?? 1) <= given.window, { message: 'expected at most window', path: ['min_rows'] });

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}

/** Parameters of `var`, after defaults. */
export type VarParams = z.output<typeof params>;
export type Method = (typeof METHODS)[number];
export type Contribution = (typeof CONTRIBUTIONS)[number];

/**
 * VaR and ES are returns, with the sign of PerformanceAnalytics. Where a row has no return, the window goes on with the next. A window
 * whose variance is below 1e-150 is flat: its Gaussian and Cornish-Fisher VaR and ES are its mean.
 */
export const varOperator = defineOperator({
  name: 'var',
  summary: 'Value at risk and expected shortfall over a sliding window: historical, Gaussian, Cornish-Fisher, EWMA; with contributions.',
  source:
    'R. J. Hyndman, Y. Fan (1996), The American Statistician 50; K. Boudt, B. Peterson, C. Croux (2008), Journal of Risk 11; C. Acerbi, D. Tasche (2002), Journal of Banking & Finance 26; RiskMetrics Technical Document (1996); as PerformanceAnalytics 2.1.0',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'returns or values with `ts_event`, of each key in the order of time' } },
  outputs: {
    [MAIN_PORT]: {
      description:
        'every row with all its columns, `return` where it was computed, then `var_` and `es_` by method and confidence: returns, below 0 is a loss. Null until warm, and where a row has no return: a null, the first value of a key, a simple return from a value at or below 0',
    },
    [REJECTED_PORT]: {
      description:
        'rows whose time goes back (`ts-backwards`) or is null (`ts-missing`), values that are not finite (`value-not-finite`), have no logarithm (`value-not-positive`) or give a return of 1e75 or more (`return-too-large`)',
    },
  },
  groups: (given, inputs) => seriesGroups(given.by, inputs[INPUT_PORT]),
  schema: varSchema,
  create: nativeVar,
  reference: referenceVar,
});
