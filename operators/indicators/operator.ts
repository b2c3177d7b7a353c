import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { defineOperator, INPUT_PORT, MAIN_PORT } from '../../graph/contract/operator.ts';
import { referenceIndicators } from './kernel.ts';
import { indicatorsSchema, keysOf } from './layout.ts';
import { nativeIndicators } from './native.ts';
import { seriesParams } from './series.ts';

const params = z.strictObject({
  series: z.array(seriesParams).min(1).meta({
    description: 'what to compute, e.g. [ { ema: { period: 20 } }, { rsi: { period: 14 } } ]; names as ema_20, macd_12_26_9_signal',
  }),
  by: z
    .array(z.string().min(1))
    .optional()
    .meta({ description: 'key columns: each key is a series of its own; default those of venue, symbol that the input has' }),
});

/** Parameters of `indicators`, after defaults. */
export type IndicatorsParams = z.output<typeof params>;

/**
 * Values equal TA-Lib's (classic, no unstable period) within 1e-9 relative. A row in which an input of a series is null or not finite
 * does not exist for that series: its output is null there and its window goes on with the next row. A result that is not finite is null.
 */
export const indicators = defineOperator({
  name: 'indicators',
  summary: 'Adds technical indicators to bars: sma, ema, rsi, macd, bbands, atr, stoch, adx, obv, stddev; null until warm.',
  source:
    'J. W. Wilder (1978), New Concepts in Technical Trading Systems; G. Appel (2005); J. Bollinger (2001); G. C. Lane (1984); J. E. Granville (1963); as TA-Lib 0.8',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: { [INPUT_PORT]: { description: 'bars, or any rows with Float64 columns, in the order in which a series takes them' } },
  outputs: {
    [MAIN_PORT]: { description: 'every row with all its columns, then those of the series; rows with a null in an input are passed over' },
  },
  groups(given, inputs) {
    const input = inputs[INPUT_PORT];
    return input ? keysOf(given, input).filter((name) => columnIndex(input, name) >= 0) : null;
  },
  schema: indicatorsSchema,
  create: nativeIndicators,
  reference: referenceIndicators,
});
