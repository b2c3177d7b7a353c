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

/** `options:` of the connection, named as in the official client; times in ms. */
export const clickhouseOptions = z.strictObject({
  username: z.string().min(1).optional().meta({ description: 'user, where the address has none' }),
  password: z.string().min(1).optional().meta({ description: 'its password' }),
  access_token: z.string().min(1).optional().meta({ description: 'a token (JWT) in place of user and password' }),
  database: z.string().min(1).optional().meta({ description: 'database, where the address has none' }),
  role: z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .optional()
    .meta({ description: 'role or roles of the user to take' }),
  tls_ca: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "file with the certificate of the authority that signed the server's, PEM, relative to the pipeline file" }),
  request_timeout: z.int().min(1).default(30_000).meta({ unit: 'ms', description: 'time that a request may take' }),
  max_open_connections: z.int().min(1).optional().meta({ description: 'connections that are open at a time; default: 10' }),
  compression: z
    .strictObject({
      request: z.boolean().optional().meta({ description: 'what is sent' }),
      response: z.boolean().optional().meta({ description: 'what is answered' }),
    })
    .optional()
    .meta({ description: 'what is compressed by gzip; default: nothing' }),
  http_headers: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: 'headers of every request, for example those that a proxy asks for' }),
  clickhouse_settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .meta({ description: "settings of every query, as in ClickHouse's documentation; those that exactly once depends on stay ours" }),
});
