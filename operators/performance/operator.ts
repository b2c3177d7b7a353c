import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { seriesGroups } from '../statistics/columns.ts';
import { as, by, lambda, MAX_WINDOW } from '../statistics/params.ts';
import { referencePerformance } from './kernel.ts';
import { performanceSchema } from './layout.ts';
import { nativePerformance } from './native.ts';

const rate = z.number().gt(-1).lt(1).default(0);

const params = z
  .strictObject({
    by,
    column: z.string().min(1).meta({ description: 'the column of returns, or of values to take returns of, Float64' }),
    benchmark: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'the same of a benchmark; adds beta and correlation; a row without it has no return' }),
    returns: z.enum(['none', 'simple']).default('none').meta({
      description: 'what the columns are: simple returns already; or values, of which the return is value / last - 1',
    }),
    window: z.int().min(1).max(MAX_WINDOW).optional().meta({ description: 'returns that count; default all of a key', unit: 'rows' }),
    min_rows: z
      .int()
      .min(1)
      .max(MAX_WINDOW)
      .optional()
      .meta({ description: 'returns before the first result; default window, without one 2', unit: 'rows' }),
    periods_per_year: z
      .number()
      .positive()
      .max(1e9)
      .default(252)
      .meta({ description: 'rows in a year: 252 for trading days, 12 for months', unit: 'rows' }),
    risk_free: rate.meta({ description: 'risk-free return of one row, that the Sharpe ratio is measured from' }),
    minimum_acceptable_return: rate.meta({ description: 'return of one row that the Sortino ratio is measured from' }),
    ratios: z.enum(['per_period', 'annual']).default('per_period').meta({
      description:
        'Sharpe and Sortino of one row, as PerformanceAnalytics has them, or times the root of periods_per_year, as empyrical has them',
    }),
    lambda,
    as,
  })
  .refine((given) => (given.min_rows ?? 1) <= (given.window ?? MAX_WINDOW), { message: 'expected at most window', path: ['min_rows'] });

/** Parameters of `performance`, after defaults. */
export type PerformanceParams = z.output<typeof params>;

/**
 * Where a row has no return, the series goes on with the next. The level before the first return counts as a peak. A return of -1 is ruin:
 * the cumulative return stays -1 and the drawdown 1, until a window has left it behind.
 */
export const performance = defineOperator({
  name: 'performance',
  summary: 'Return and risk of a series: drawdown, volatility, Sharpe, Sortino, Calmar, and beta and correlation to a benchmark.',
  source:
    'W. F. Sharpe (1994), The Journal of Portfolio Management 21; F. A. Sortino, L. N. Price (1994), The Journal of Investing 3; T. W. Young (1991), Futures 20; RiskMetrics Technical Document (1996); as PerformanceAnalytics 2.1.0',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'returns or values with `ts_event`, of each key in the order of time' } },
  outputs: {
    [MAIN_PORT]: {
      description:
        'every row with all its columns, `return` where it was computed, then the results. Null until warm, where a ratio is by 0, and where a row has no return: a null, the first value of a key, a value after one of 0',
    },
    [REJECTED_PORT]: {
      description:
        'rows whose time goes back (`ts-backwards`) or is null (`ts-missing`), values that are not finite (`value-not-finite`) or below 0 (`value-negative`), a return below -1 (`return-below-minus-one`) or of 1e75 or more (`return-too-large`)',
    },
  },
  groups: (given, inputs) => seriesGroups(given.by, inputs[INPUT_PORT]),
  schema: performanceSchema,
  create: nativePerformance,
  reference: referencePerformance,
});
