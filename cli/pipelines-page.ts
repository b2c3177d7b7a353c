import { z } from 'zod';
import { type COLUMN_TYPES, columnShape } from '../connectors/formats/schema.ts';
import { COLUMNS, DESCRIPTION } from '../graph/contract/columns.ts';
import { connectionsShape, fileShape, operatorKeys, pipelineShape, sinkKeys, sourceKeys } from '../graph/document/shape.ts';
import { markdownTable, page, parameterTable } from './pages.ts';
import { type Parameter, parametersOf } from './reference.ts';

const TYPES: Readonly<Record<(typeof COLUMN_TYPES)[number], string>> = {
  float64: 'number with a fraction; prices and sizes are of this type',
  int64: 'whole number, exact to 2^63',
  int32: 'whole number, exact to 2^31',
  bool: '`true` or `false`',
  utf8: 'text',
  timestamp: 'instant, ns since 1970 UTC; ISO 8601 text, or a number in `unit`',
  dictionary: 'text of few different values, such as symbols and venues',
};

const UNITS = [
  ['duration', '`250ms`, `1s`, `5m`, `1h`, `1d`: a whole number and one of ns, us, ms, s, m, h, d'],
  ['size', '`64KiB`, `32MiB`: a whole number and one of B, KB, MB, GB, KiB, MiB, GiB'],
  ['instant', '`2024-08-08T00:00:00Z`: ISO 8601 with its zone'],
] as const;

const DOLLAR = '$';
const NAMES = `Names of pipelines, sources, operators and sinks are lower snake case, up to 63 characters, and unique in their pipeline.
\`${DOLLAR}{NAME}\` is replaced by an environment variable, \`${DOLLAR}{NAME:-text}\` falls back to a text. Values with a unit:`;

/** What the tables leave to the registry, by section and key: where it is told. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  connections: 'map, see [connections](#connections)',
  pipelines: 'map of name to [pipeline](#pipeline)',
  sources: 'map of name to [source](#source)',
  operators: 'map of name to [operator](#operator)',
  sinks: 'map of name to [sink](#sink)',
  format: 'a [format](formats.md) or `{ NAME: options }`',
  schema: '`{ columns: ... }`, see [columns](#columns); of the format avro also a file',
  from: '`node`, `node.port`, a list of them',
  with: "map, see the operator's page",
};

/** `docs/pipelines.md`: every key of a pipeline file. */
export function pipelinesPage(): string {
  const known = Object.values(COLUMNS).map(({ name, type, nullable, metadata }) => [
    `\`${name}\``,
    COLUMN_WORDS[String(type).replace(/[<(].*/, '')] ?? String(type),
    nullable ? 'may be missing' : '',
    metadata.get(DESCRIPTION) ?? '',
  ]);
  return page(
    '# The pipeline file',
    'Every key of `pipelines.yaml`. [Recipes](recipes.md) show them at work; your editor completes them from `pipelines.schema.json`.',
    NAMES,
    markdownTable(['value', 'written'], UNITS),
    '## Top level',
    tableOf(fileShape),
    '## Connections',
    'Each is an address, or `{ url, options }`.',
    markdownTable(
      ['key', 'meaning'],
      parametersOf(connectionsShape)
        .filter(({ name }) => !name.includes('.'))
        .map(({ name, description }) => [`\`${name}\``, description]),
    ),
    '## Pipeline',
    tableOf(pipelineShape),
    '## Source',
    'It names one thing to read: `topic:`, or a [connector](connectors.md) such as `file:` or `simulate:`. Rows leave on the port `out`, those ' +
      'that cannot be read on `rejected`.',
    tableOf(z.strictObject(sourceKeys)),
    '## Operator',
    'What each needs under `with:` is on its [page](operators.md).',
    tableOf(z.strictObject(operatorKeys), { from: '`node`, `node.port`, a list of them, or a map of input port to them' }),
    '## Sink',
    'It names one thing to write: `topic:`, or a [connector](connectors.md) such as `clickhouse:` or `file:`.',
    tableOf(z.strictObject(sinkKeys)),
    '## Columns',
    'Under `schema: { columns: ... }` of a source: a map of name to type (`qty: float64`) or to the keys below (`qty: { type: float64, from: q }`), ' +
      'or a list of known names (`[ts_event, symbol, price, size]`), whose types need not be said.',
    tableOf(columnShape, { from: 'text', zone: 'utc', description: 'text' }),
    markdownTable(
      ['type', 'holds'],
      Object.entries(TYPES).map(([type, holds]) => [`\`${type}\``, holds]),
    ),
    '## Known columns',
    'One name, one type, one unit. An operator that looks for `size` wants it as it stands here.',
    markdownTable(['column', 'type', '', 'meaning'], known),
  );
}

const COLUMN_WORDS: Readonly<Record<string, string>> = {
  Timestamp: 'timestamp',
  Dictionary: 'dictionary',
  Float64: 'float64',
  Int64: 'int64',
  Int32: 'int32',
  Bool: 'bool',
  Utf8: 'utf8',
};

function tableOf(shape: z.ZodType, own: Readonly<Record<string, string>> = {}): string {
  const rows = parametersOf(shape).map((parameter): Parameter => {
    const type = own[parameter.name] ?? ELSEWHERE[parameter.name];
    return type === undefined ? parameter : { ...parameter, type };
  });
  return parameterTable(rows).replace('| parameter |', '| key |');
}
