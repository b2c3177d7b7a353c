import { z } from 'zod';
import type { StartAt } from '../contract/connector.ts';
import { duration, interval } from '../contract/params.ts';
import { instantNs } from '../contract/units.ts';

/** The shape of the file, declared once: checked against, and turned into the editor's JSON Schema. */

const columns = z.union([z.string(), z.array(z.string()).min(1)]).transform((given) => (typeof given === 'string' ? [given] : given));

const startAt = z
  .string()
  .refine(
    (text) => text === 'earliest' || text === 'latest' || instantNs(text) !== null,
    'expected earliest, latest or an instant such as 2024-08-08T00:00:00Z',
  )
  .transform((text): StartAt => (text === 'earliest' || text === 'latest' ? text : { instantNs: instantNs(text) ?? 0n }));

const idle = z.union([z.literal('never').transform(() => null), interval()]);

/** How long a partition may be silent before it no longer holds the watermark back, unless the file says otherwise. */
export const DEFAULT_IDLE_NS = 5_000_000_000n;

/** `time:` of a source: a column, or a column with its lateness. */
const time = z.union([
  z.string().transform((column) => ({ column, lateness: 0n, idle: DEFAULT_IDLE_NS as bigint | null })),
  z.strictObject({
    column: z.string().describe('timestamp column that holds the event time'),
    lateness: duration()
      .default(0n)
      .describe('how far event time stays behind the newest row of a partition, so that rows out of order still count (default 0s)'),
    idle: idle
      .default(DEFAULT_IDLE_NS)
      .describe('a partition silent for so long no longer holds the watermark back (default 5s); never: it always does'),
  }),
]);

/** `sources.NAME`, without the connectors, which are the registry's. */
export const sourceKeys = {
  topic: z.string().optional().describe('topic to read'),
  format: z
    .unknown()
    .optional()
    .describe('how its payloads become rows; by default arrow for a topic, the first that the connector names for others'),
  schema: z.unknown().optional().describe('columns of the rows, where the format does not bring them'),
  time: time.optional().describe('column that holds the event time, and how late rows may be'),
  key: columns
    .optional()
    .describe('columns whose equal values are in one partition; without it rows are moved to where an operator needs them'),
  start: startAt.prefault('earliest').describe('where to begin when nothing was read yet: earliest, latest or an instant'),
  broadcast: z.boolean().default(false).describe('every task reads all of it'),
  watermark: z.literal('none').optional().describe('none: never holds event time back, for feedback through a topic'),
};

/** `operators.NAME`. */
export const operatorKeys = {
  use: z.string().describe('name of an operator'),
  from: z.unknown().describe('a node, node.port, a list of them (union), or a map from input port to them'),
  with: z.unknown().optional().describe('parameters of the operator'),
  order: z
    .enum(['event_time', 'arrival'])
    .default('event_time')
    .describe(
      'how rows of several inputs are merged: by event time, or as they come (by ts_recv, else the time of the record), which differs from run to run',
    ),
  was: z.string().optional().describe('name it had before, so that its state is found'),
};

/** `sinks.NAME`, without the connectors. */
export const sinkKeys = {
  from: z.unknown().describe('a node, node.port, or a list of them (union), whose rows are written'),
  topic: z.string().optional().describe('topic to write'),
  format: z.unknown().optional().describe('how rows are laid out in the topic (default arrow)'),
  key: columns.optional().describe('columns that decide the partition (default: the key of the rows)'),
  partitions: z.int().min(1).max(1024).optional().describe('partitions of the topic, or of the feed of a connector'),
  optional: z.boolean().default(false).describe('left out, with a warning, when its connection has no address'),
};

const nodes = z.record(z.string(), z.unknown());

/** `pipelines.NAME`. */
export const pipelineShape = z.strictObject({
  delivery: z
    .enum(['exactly_once', 'at_least_once'])
    .default('exactly_once')
    .describe('exactly_once: after a crash each row is there once; at_least_once: some may be there twice'),
  latency: interval().prefault('100ms').describe('longest time that rows may wait to be committed together (default 100ms)'),
  tasks: z.int().min(1).max(1024).default(4).describe('number of tasks; fixed while state lives'),
  dead_letters: z
    .strictObject({ topic: z.string().describe('topic of the rejected rows') })
    .optional()
    .describe('where rejected rows go that nothing reads; by default a topic of the pipeline'),
  sources: nodes.describe('what is read, by name'),
  operators: nodes.optional().describe('what is computed, by name'),
  sinks: nodes.optional().describe('what is written, by name'),
});

const connection = z.union([
  z.string(),
  z.strictObject({
    url: z.string().describe('address'),
    options: z.record(z.string(), z.unknown()).optional().describe("the client's own options"),
  }),
]);

/** `connections:`. */
export const connectionsShape = z.strictObject({
  broker: connection
    .optional()
    .describe(
      'embedded (default) or kafka://user:password@host1:9092,host2:9092, user and password where it asks for them; `options:` are settings of ' +
        'librdkafka by their names, such as `security.protocol: sasl_ssl`, `sasl.mechanism: SCRAM-SHA-512` or `ssl.ca.location: ca.pem`',
    ),
  clickhouse: connection
    .optional()
    .describe('embedded (default) or http://user:password@host:8123/database; its `options:` are on the page of connectors'),
  questdb: connection
    .optional()
    .describe('http://user:password@host:9000, the HTTP port of QuestDB; its `options:` are on the page of connectors'),
  registry: connection.optional().describe('http://user:password@host:8081, the schema registry; it takes no `options:`'),
});

/** The whole file. */
export const fileShape = z.strictObject({
  version: z.literal(1).describe('version of this format'),
  connections: z.unknown().optional().describe('addresses of the systems the file speaks to'),
  pipelines: nodes.describe('pipelines by name'),
});
