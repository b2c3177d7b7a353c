import { z } from 'zod';

/** Longest window, as in TA-Lib. */
const MAX_PERIOD = 100_000;

const rowCount = (least: number, description: string) => z.int().min(least).max(MAX_PERIOD).meta({ description, unit: 'rows' });
const period = (least = 2) => rowCount(least, 'length of the window');
const column = z.string().min(1).default('close').meta({ description: 'input column, Float64' });
const named = (name: string) =>
  z
    .string()
    .min(1)
    .default(name)
    .meta({ description: `${name} column, Float64` });
const as = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, 'expected a column name of letters, digits and _')
  .optional()
  .meta({ description: 'name of the output column, of several outputs the beginning of their names' });
const deviations = z.number().positive().max(1000).meta({ description: 'how many standard deviations', unit: 'standard deviations' });
const bar = { high: named('high'), low: named('low'), close: named('close') };

/** Parameters of one entry of `series`: exactly one of these. */
export const seriesParams = z
  .strictObject({
    sma: z.strictObject({ period: period(), column, as }).optional().meta({ description: 'simple moving average (R. W. Colby 2003)' }),
    ema: z
      .strictObject({ period: period(), column, as })
      .optional()
      .meta({ description: 'exponential moving average (P. N. Haurlan 1968)' }),
    rsi: z
      .strictObject({ period: period(), column, as })
      .optional()
      .meta({ description: 'relative strength index, 0 to 100 (J. W. Wilder 1978, section VI)' }),
    macd: z
      .strictObject({
        fast: rowCount(2, 'length of the fast average, less than slow'),
        slow: rowCount(2, 'length of the slow average'),
        signal: rowCount(1, 'length of the average of the difference'),
        column,
        as,
      })
      .refine(({ fast, slow }) => fast < slow, { message: 'expected fast to be less than slow', path: ['fast'] })
      .optional()
      .meta({ description: 'moving average convergence / divergence: line, _signal, _hist (G. Appel 2005, chapter 8)' }),
    bbands: z
      .strictObject({ period: period(), deviations, column, as })
      .optional()
      .meta({ description: 'Bollinger bands around the simple average: _lower, _middle, _upper (J. Bollinger 2001, chapter 7)' }),
    atr: z
      .strictObject({ period: period(1), ...bar, as })
      .optional()
      .meta({ description: 'average true range (J. W. Wilder 1978, section III)' }),
    stoch: z
      .strictObject({
        fast_k: rowCount(1, 'rows whose range counts'),
        slow_k: rowCount(1, 'rows the place in the range is averaged over'),
        slow_d: rowCount(1, 'rows that average is averaged over'),
        ...bar,
        as,
      })
      .optional()
      .meta({ description: 'slow stochastic with simple averages, 0 to 100: _k, _d (G. C. Lane 1984)' }),
    adx: z
      .strictObject({ period: period(), ...bar, as })
      .optional()
      .meta({ description: 'average directional index, 0 to 100 (J. W. Wilder 1978, section V)' }),
    obv: z
      .strictObject({ close: named('close'), volume: named('volume'), as })
      .optional()
      .meta({ description: 'on-balance volume (J. E. Granville 1963)' }),
    stddev: z
      .strictObject({ period: period(), deviations, column, as })
      .optional()
      .meta({ description: 'standard deviation of the population, times deviations' }),
  })
  .refine((entry) => Object.keys(entry).length === 1, 'expected exactly one series an entry, e.g. { ema: { period: 20 } }');

/** An entry of `series`, after defaults. */
export type SeriesParams = z.output<typeof seriesParams>;

/** An entry of `series` resolved: what it reads and what it writes. */
export interface Series {
  readonly kind: string;
  readonly params: Readonly<Record<string, number>>;
  /** Columns it reads, in the order its definition takes them; the parameters that name them. */
  readonly inputs: readonly { readonly parameter: string; readonly column: string }[];
  readonly outputs: readonly string[];
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  macd: ['', '_signal', '_hist'],
  bbands: ['_lower', '_middle', '_upper'],
  stoch: ['_k', '_d'],
};

const INPUTS = ['column', 'high', 'low', 'close', 'volume'] as const;
const NUMBERS = ['period', 'fast', 'slow', 'signal', 'fast_k', 'slow_k', 'slow_d', 'deviations'] as const;

/** The entry with its names: `ema_20`, `macd_12_26_9_signal`; a point in a number becomes `_`. */
export function resolveSeries(entry: SeriesParams): Series {
  const [kind, given] = Object.entries(entry)[0] as [string, Readonly<Record<string, string | number | undefined>>];
  const numbers = NUMBERS.filter((name) => given[name] !== undefined).map((name) => [name, Number(given[name])] as const);
  const inputs = INPUTS.filter((name) => given[name] !== undefined).map((name) => ({ parameter: name, column: String(given[name]) }));
  const stem = given.as ?? [kind, ...numbers.map(([, value]) => String(value).replace('.', '_'))].join('_');
  const outputs = (SUFFIXES[kind] ?? ['']).map((suffix) => `${stem}${suffix}`);
  return { kind, params: Object.fromEntries(numbers), inputs, outputs };
}
