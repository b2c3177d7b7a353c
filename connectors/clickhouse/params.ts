import { z } from 'zod';
import { durationNs } from '../../graph/contract/units.ts';

const YEARS_50_NS = 50n * 365n * 86_400_000_000_000n;

const table = z
  .string()
  .regex(/^([A-Za-z_]\w*\.)?[A-Za-z_]\w*$/, 'expected a table name, or database.table')
  .meta({
    description: 'table to write to, created when it is not there; `database.table` for another database than the connection names',
  });

const longForm = z.strictObject({
  table,
  order_by: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description: 'sorting key of the table; default: symbol and the time column, as far as there are any' }),
  partition_by: z.enum(['none', 'hour', 'day', 'month']).optional().meta({
    description: 'partitions of the table by its time column; default: month, or finer where a short ttl is to free disk by whole parts',
  }),
  ttl: z
    .string()
    .regex(/^0*[1-9]\d*(s|m|h|d)$/, 'expected a duration of whole seconds such as 90d or 1h')
    .refine((text) => (durationNs(text) ?? 0n) <= YEARS_50_NS, 'expected at most 50 years')
    .meta({ unit: 'duration', description: 'rows older than this, by their time column, are deleted by ClickHouse' })
    .transform((text) => Number((durationNs(text) ?? 0n) / 1_000_000_000n))
    .optional(),
  comment: z.string().optional().meta({ description: 'comment of the table' }),
  allow_views: z.boolean().default(false).meta({
    description:
      'write although materialized views hang on the table that cannot be exact: after a crash such a view may lack rows that the table has, or have some twice',
  }),
});

/** Parameters of the sink; `ttl` in seconds. */
export type ClickhouseParams = z.output<typeof longForm>;

/** The table's name alone, or all parameters. */
export const clickhouseParams = z.union([table.transform((name): ClickhouseParams => ({ table: name, allow_views: false })), longForm]);
