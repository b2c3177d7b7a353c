import { z } from 'zod';
import { instant } from '../../graph/contract/params.ts';
import { type Instrument, instrumentsOf } from './instruments.ts';

const probability = (description: string) => z.number().min(0).max(0.5).default(0).meta({ description, unit: 'share of rows, 0 to 0.5' });

const faults = z
  .strictObject({
    gaps: probability('trades before which one trade id and sequence number is skipped'),
    duplicates: probability('trades that are sent a second time instead of a new one'),
    disorder: probability('rows whose ts_event lies up to 50 ms before their place'),
    bad_rows: probability('trades with a negative, NaN, off-tick or missing price, or an unknown symbol'),
  })
  .prefault({})
  .meta({ description: 'faults on demand' });

const raw = z.strictObject({
  seed: z.int().min(0).max(0xffffffff).default(1).meta({ description: 'same seed, same rows' }),
  symbols: z
    .union([
      z.int().min(1).max(10_000),
      z
        .array(z.string().regex(/^[A-Z0-9._-]+$/, 'expected an upper-case symbol'))
        .min(1)
        .max(10_000),
    ])
    .default(8)
    .meta({ description: 'how many symbols, or their names; the first is the most active' }),
  rate: z
    .number()
    .min(0.01)
    .max(2_000_000)
    .default(1000)
    .meta({ description: 'rows per second of event time, all symbols together', unit: 'rows/s' }),
  rows: z.int().min(1).max(1e12).optional().meta({ description: 'rows in all; endless when left out' }),
  start: instant()
    .optional()
    .meta({ description: 'event time of the first row; left out: live from now on, or 2024-01-01 when `rows` or `pace: max` is given' }),
  pace: z
    .enum(['live', 'max'])
    .optional()
    .meta({ description: 'live: a row is there once its event time is past; max: at once. Default: live when endless, else max' }),
  quotes: z.number().min(0).max(1).default(0.5).meta({ description: 'share of rows that are quotes; the others are trades' }),
  zipf: z.number().min(0).max(3).default(1).meta({ description: 'exponent of activity by rank of symbol: 0 makes all alike' }),
  partitions: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .meta({ description: 'partitions, each with its own symbols; default 4, or fewer when there are fewer symbols' }),
  faults,
});

const DEFAULT_START_NS = 1_704_067_200_000_000_000n;

/** What the generator is told, all defaults resolved. */
export interface SimulateParams {
  readonly seed: number;
  readonly instruments: readonly Instrument[];
  readonly rate: number;
  /** Null: endless. */
  readonly rows: number | null;
  /** Event time of position 0, ns since 1970 UTC. */
  readonly originNs: bigint;
  /** Rows appear as their event time passes. */
  readonly live: boolean;
  readonly quotes: number;
  readonly zipf: number;
  readonly partitions: number;
  readonly faults: { readonly gaps: number; readonly duplicates: number; readonly disorder: number; readonly bad_rows: number };
}

/** The exchange that parameters describe, all defaults resolved. */
export function marketOf(given: Pick<z.output<typeof raw>, 'seed' | 'symbols' | 'rate'> & Partial<z.output<typeof raw>>): SimulateParams {
  const instruments = instrumentsOf(given.symbols);
  const live = (given.pace ?? (given.rows === undefined ? 'live' : 'max')) === 'live';
  return {
    seed: given.seed,
    instruments,
    rate: given.rate,
    rows: given.rows ?? null,
    originNs: given.start ?? (live && given.rows === undefined ? 0n : DEFAULT_START_NS),
    live,
    quotes: given.quotes ?? 0.5,
    zipf: given.zipf ?? 1,
    partitions: given.partitions ?? Math.min(4, instruments.length),
    faults: given.faults ?? { gaps: 0, duplicates: 0, disorder: 0, bad_rows: 0 },
  };
}

/** Parameters of the simulated exchange. */
export const simulateParams = raw
  .superRefine((given, issues) => {
    const symbols = typeof given.symbols === 'number' ? given.symbols : given.symbols.length;
    if ((given.partitions ?? 1) > symbols) {
      issues.addIssue({ code: 'custom', path: ['partitions'], message: `expected at most ${symbols} partitions, one a symbol` });
    }
    if (typeof given.symbols !== 'number' && new Set(given.symbols).size < symbols) {
      issues.addIssue({ code: 'custom', path: ['symbols'], message: 'expected each symbol once' });
    }
  })
  .transform(marketOf);
