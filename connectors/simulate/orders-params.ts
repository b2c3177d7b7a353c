import { z } from 'zod';
import { instant } from '../../graph/contract/params.ts';
import { marketOf } from './params.ts';

const raw = z.strictObject({
  seed: z.int().min(0).max(0xffffffff).default(1).meta({ description: 'same seed, same rows' }),
  symbols: z
    .int()
    .min(1)
    .max(10_000)
    .default(8)
    .meta({ description: 'how many symbols, those of `simulate`; the first is the most active' }),
  accounts: z.int().min(1).max(1_000_000).default(100).meta({ description: 'how many accounts; the first is the most active' }),
  rate: z.number().min(0.01).max(2_000_000).default(1000).meta({
    description: 'instructions per second of event time; prices follow those of `simulate` with the same seed, symbols and rate',
    unit: 'rows/s',
  }),
  rows: z.int().min(1).max(1e12).optional().meta({ description: 'rows in all; endless when left out' }),
  start: instant().optional().meta({ description: 'event time of the first row, as for `simulate`' }),
  pace: z.enum(['live', 'max']).optional().meta({ description: 'live or max, as for `simulate`' }),
  partitions: z.int().min(1).max(1024).default(1).meta({ description: 'partitions, each with its own symbols' }),
  oversized: z.number().min(0).max(1).default(0.002).meta({ description: 'share of orders a thousand times too large', unit: '0 to 1' }),
});

/** Parameters of the simulated order flow. */
export const ordersParams = raw
  .refine((given) => given.partitions <= given.symbols, { message: 'expected at most one partition a symbol', path: ['partitions'] })
  .transform(({ accounts, oversized, ...market }) => ({ accounts, oversized, market: marketOf(market) }));

/** What the generator is told, all defaults resolved. */
export type OrdersParams = z.output<typeof ordersParams>;
