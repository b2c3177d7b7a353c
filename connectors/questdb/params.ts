import { z } from 'zod';

/** Characters that QuestDB allows in no table's name. Source: QuestDB `TableUtils.isValidTableName`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const REFUSED = /[?,'"\\/:)(+*%~\u0000-\u001f\u007f\ufeff]/;

const table = z
  .string()
  .min(1)
  .max(127, 'expected at most 127 characters')
  .refine((name) => !REFUSED.test(name) && !/^[. ]|[. ]$|\.\./.test(name), 'expected a table name, such as trades')
  .meta({ description: 'table to write to, created when it is not there' });

const longForm = z.strictObject({
  table,
  partition_by: z
    .enum(['hour', 'day', 'month'])
    .default('day')
    .meta({ description: 'partitions of the table by its time column, when it is created' }),
  time: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'time column that the table is ordered by; default: ts_event, else the first that is never null' }),
  symbols: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'text columns to keep as SYMBOL, besides those that are dictionaries already: words that repeat' }),
});

/** Parameters of the sink. */
export type QuestdbParams = z.output<typeof longForm>;

/** The table's name alone, or all parameters. */
export const questdbParams = z.union([table.transform((name): QuestdbParams => longForm.parse({ table: name })), longForm]);

/** `options:` of the connection, named as in the client; times in ms. */
export const questdbOptions = z.strictObject({
  username: z.string().min(1).optional().meta({ description: 'user, where the address has none' }),
  password: z.string().min(1).optional().meta({ description: 'its password' }),
  token: z.string().min(1).optional().meta({ description: 'a token in place of user and password' }),
  tls_ca: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "file with the certificate of the authority that signed the server's, PEM, relative to the pipeline file" }),
  tls_verify: z.boolean().optional().meta({ description: 'false: take any certificate; default: true' }),
  request_timeout: z.int().min(1).default(30_000).meta({ unit: 'ms', description: 'time that a request may take' }),
  request_min_throughput: z
    .int()
    .min(1)
    .default(102_400)
    .meta({ unit: 'bytes per second', description: 'slowest network to count on: large requests may take longer by it' }),
});

export type QuestdbOptions = z.output<typeof questdbOptions>;
