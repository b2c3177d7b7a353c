import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { inspectInstruments } from '../instruments/table.ts';
import { referenceStress } from './kernel.ts';
import { STRESS_SCHEMA, stressSchema } from './layout.ts';
import { nativeStress } from './native.ts';
import { inspectScenarios } from './scenarios.ts';

const params = z.strictObject({
  scenarios: z.string().min(1).meta({
    description:
      'csv with the columns scenario, kind (symbol, sector, currency, all), name (empty for all), shock_pct (change of price or rate, e.g. -20)',
    unit: 'path',
  }),
  instruments: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'instrument table with a column sector, needed for shocks of sectors', unit: 'path' }),
});

/** Parameters of `stress`, after defaults. */
export type StressParams = z.output<typeof params>;

/**
 * Profit of accounts if prices and rates moved as a scenario says, in base currency.
 *
 * The price of a symbol moves by the most specific shock of the scenario: that of the symbol, else of its sector, else of all, else none.
 * A shock of a currency moves its rate, and adds to that of the price (to first order: the product of both is left out).
 * The profit is the sum of market_value x rate x shock over the positions; cash is no position. A row replaces what was known of its
 * account and symbol; a scenario has a row when its profit changes, null while the value or rate of a position that it shocks is not known.
 */
export const stress = defineOperator({
  name: 'stress',
  summary: 'Profit and loss of accounts under scenarios of price and currency shocks.',
  source: 'Basel Committee on Banking Supervision, Stress testing principles (2018); linear instruments, revalued in full',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: {
      description: 'positions as port `out` of `positions` has them: `ts_event`, `account`, `symbol`, `currency`, `market_value`, `rate`',
    },
  },
  outputs: {
    [MAIN_PORT]: { description: 'a row per scenario of an account whose profit changed' },
    [REJECTED_PORT]: { description: 'rows without an account, symbol or currency, or with a value or rate that cannot be' },
  },
  groups: () => ['account'],
  fixed: { [MAIN_PORT]: STRESS_SCHEMA },
  schema: stressSchema,
  files: (given) => [
    { path: given.scenarios, place: { path: ['scenarios'] } },
    ...(given.instruments === undefined ? [] : [{ path: given.instruments, place: { path: ['instruments'] } }]),
  ],
  inspect: (given, files) => [
    ...inspectScenarios(given.scenarios, files),
    ...(given.instruments === undefined ? [] : inspectInstruments(given.instruments, files)),
  ],
  create: nativeStress,
  reference: referenceStress,
});
