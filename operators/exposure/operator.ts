import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { inspectInstruments } from '../instruments/table.ts';
import { referenceExposure } from './kernel.ts';
import { EXPOSURE_SCHEMA, exposureSchema } from './layout.ts';
import { nativeExposure } from './native.ts';

const params = z.strictObject({
  by: z
    .array(z.enum(['account', 'symbol', 'sector', 'currency']))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'expected each group once')
    .default(['account'])
    .meta({ description: 'what exposures are summed by, within each account; `account` is all of it' }),
  instruments: z.string().min(1).optional().meta({
    description: 'instrument table with a column sector, needed to sum by sector; a symbol that it does not list has none',
    unit: 'path',
  }),
});

/** Parameters of `exposure`, after defaults. */
export type ExposureParams = z.output<typeof params>;

/**
 * Exposure of accounts in base currency: long, short (without sign), gross = long + short and net = long - short, by what is named.
 * A row replaces what was known of its account and symbol; a group has a row when its sums change. Sums are integers inside
 * (10^-18 of the base currency, of each value and rate to 10^-12 and 10^-15), so that nothing drifts; while the value or the rate of one
 * of its positions is not known, those of a group are null.
 */
export const exposure = defineOperator({
  name: 'exposure',
  summary: 'Gross, net, long and short exposure of accounts by symbol, sector and currency.',
  source: 'gross and net exposure: Commission Delegated Regulation (EU) No 231/2013, articles 7 and 8, of linear instruments',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: {
      description: 'positions as port `out` of `positions` has them: `ts_event`, `account`, `symbol`, `currency`, `market_value`, `rate`',
    },
  },
  outputs: {
    [MAIN_PORT]: { description: 'a row per group of an account whose sums changed' },
    [REJECTED_PORT]: { description: 'rows without an account, symbol or currency, or with a value or rate that cannot be' },
  },
  groups: () => ['account'],
  fixed: { [MAIN_PORT]: EXPOSURE_SCHEMA },
  schema: exposureSchema,
  files: (given) => (given.instruments === undefined ? [] : [{ path: given.instruments, place: { path: ['instruments'] } }]),
  inspect: (given, files) => (given.instruments === undefined ? [] : inspectInstruments(given.instruments, files)),
  create: nativeExposure,
  reference: referenceExposure,
});
