import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { seriesGroups } from '../statistics/columns.ts';
import { as, by, confidence, MAX_WINDOW } from '../statistics/params.ts';
import { referenceVarBacktest } from './kernel.ts';
import { varBacktestSchema } from './layout.ts';
import { nativeVarBacktest } from './native.ts';

const params = z
  .strictObject({
    by,
    var: z.string().min(1).meta({ description: 'column of the forecast, a return below 0 for a loss, as `var` makes it, Float64' }),
    realised: z.string().min(1).default('return').meta({ description: 'column of the realised return, Float64' }),
    confidence: confidence
      .default(0.99)
      .meta({ description: 'confidence level of the forecast: a breach is promised in 1 - confidence of the rows' }),
    lag: z.int().min(0).max(1000).default(1).meta({
      description:
        "rows of the key between a forecast and the return that it is held against: 1 for the row before, 0 for the return's own row",
      unit: 'rows',
    }),
    window: z.int().min(1).max(MAX_WINDOW).default(250).meta({ description: 'observations that count', unit: 'rows' }),
    min_rows: z
      .int()
      .min(1)
      .max(MAX_WINDOW)
      .optional()
      .meta({ description: 'observations before the first test; default window', unit: 'rows' }),
    as,
  })
  .refine((given) => (given.min_rows ?? 1) <= given.window, { message: 'expected at most window', path: ['min_rows'] });

/** Parameters of `var_backtest`, after defaults. */
export type VarBacktestParams = z.output<typeof params>;

/**
 * An observation is a return with a forecast made `lag` rows before; a breach is a return below its forecast. A row without one of the two
 * is no observation: its results are null. Its forecast counts all the same, `lag` rows later. `0 ln 0` is 0, so no breaches and nothing
 * but breaches have likelihood ratios too.
 */
export const varBacktest = defineOperator({
  name: 'var_backtest',
  summary: 'Holds VaR forecasts against returns: breaches, Kupiec and Christoffersen tests, Basel traffic light.',
  source:
    'P. Kupiec (1995), The Journal of Derivatives 3; P. Christoffersen (1998), International Economic Review 39; Basel Committee on Banking Supervision (1996), Supervisory framework for the use of "backtesting"',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'forecasts and returns with `ts_event`, of each key in the order of time' } },
  outputs: {
    [MAIN_PORT]: { description: 'every row with all its columns, then the results; null where there is no observation, tests until warm' },
    [REJECTED_PORT]: {
      description:
        'rows whose time goes back (`ts-backwards`) or is null (`ts-missing`), forecasts or returns that are not finite (`value-not-finite`)',
    },
  },
  groups: (given, inputs) => seriesGroups(given.by, inputs[INPUT_PORT]),
  schema: varBacktestSchema,
  create: nativeVarBacktest,
  reference: referenceVarBacktest,
});
