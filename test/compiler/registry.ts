import { type DataType, Float64, Schema, Type, Utf8 } from 'apache-arrow';
import { z } from 'zod';
import { COLUMNS, dictionaryOf, field, timestampNs } from '../../graph/contract/columns.ts';
import type { ConnectionDeclaration } from '../../graph/contract/connection.ts';
import type { Connector } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { defineFormat, type Format, type SchemaReader } from '../../graph/contract/format.ts';
import { defineOperator, type Operator } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import type { Registry } from '../../graph/contract/registry.ts';

/** Components that have declarations and cannot run: enough for a compiler. */

const cannotRun = (): never => {
  throw new MillraceError('the components of the compiler tests do not run', { code: 'internal', domain: 'internal' });
};

const aNumber = { wanted: 'a number', accepts: (type: DataType) => type.typeId === Type.Float || type.typeId === Type.Int };
const rows = { in: { description: 'rows of any schema' } };
const present = (names: readonly string[], inputs: Readonly<Record<string, Schema>>) =>
  names.filter((name) => Object.values(inputs).some((schema) => schema.fields.some((other) => other.name === name)));

const pass = defineOperator({
  name: 'pass',
  summary: 'Passes rows on.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({}),
  inputs: rows,
  outputs: { out: { description: 'the rows' } },
  groups: () => null,
  schema: ({ inputs }) => (inputs.in ? { out: inputs.in } : null),
  create: cannotRun,
});

const filter = defineOperator({
  name: 'filter',
  summary: 'Keeps the rows for which an expression is true.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({ where: z.string().min(1).describe('comparison of a column with a number, e.g. price > 1') }),
  inputs: rows,
  outputs: { out: { description: 'the rows kept' }, rejected: { description: 'rows that cannot be compared' } },
  groups: () => null,
  schema(request) {
    const input = request.inputs.in;
    const match = /^\s*(\w+)\s*([<>])\s*([\d.]+)\s*$/.exec(request.params.where);
    if (!input) return null;
    if (!match?.[1]) {
      request.fault('expression-syntax', 'expected a comparison such as price > 1', {
        path: ['where'],
        from: request.params.where.length - 1,
        to: request.params.where.length,
      });
      return null;
    }
    const from = request.params.where.indexOf(match[1]);
    const place = { path: ['where'], from, to: from + match[1].length };
    const known = input.fields.find((other) => other.name === match[1]);
    if (known && !aNumber.accepts(known.type)) request.fault('expression-type', `"${match[1]}" cannot be compared with a number`, place);
    else request.column(match[1], aNumber, place);
    return { out: input };
  },
  create: cannotRun,
});

const bars = defineOperator({
  name: 'bars',
  summary: 'Open, high, low and close over intervals of event time.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({
    every: interval().describe('length of a bar'),
    price: z.string().default('price').describe('column of the price'),
    empty: z.enum(['skip', 'carry', 'null']).default('skip').describe('what an interval without a trade gives'),
    depth: z.int().min(1).max(100).default(1).describe('levels'),
  }),
  inputs: rows,
  outputs: {
    out: { description: 'one row a bar' },
    late: { description: 'rows that came late' },
    rejected: { description: 'rows refused' },
  },
  groups: (_params, inputs) => present(['venue', 'symbol'], inputs),
  schema(request) {
    const input = request.inputs.in;
    if (!input || !request.column(request.params.price, aNumber, { path: ['price'] })) return null;
    if (request.params.depth > 50) request.fault('too-deep-for-bars', 'more than 50 levels are not kept', { path: ['depth'] });
    const keys = input.fields.filter(({ name }) => name === 'symbol' || name === 'venue');
    return { out: new Schema([COLUMNS.ts_event, ...keys, COLUMNS.open, COLUMNS.close]), late: input };
  },
  create: cannotRun,
});

const join = defineOperator({
  name: 'join',
  summary: 'Joins each left row with the last right row of its symbol.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({}),
  inputs: {
    left: { description: 'rows to add columns to' },
    right: { description: 'rows to take columns from' },
    extra: { description: 'more', optional: true },
  },
  outputs: { out: { description: 'left rows with columns of right' } },
  groups: () => ['symbol'],
  schema: ({ inputs }) => (inputs.left ? { out: inputs.left } : null),
  create: cannotRun,
});

const lookup = defineOperator({
  name: 'lookup',
  summary: 'Adds a column from a file.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({
    table: z.string().describe('file to look up in'),
    as: z.string().default('label').describe('name of the new column'),
  }),
  inputs: rows,
  outputs: { out: { description: 'rows with the column' } },
  groups: () => null,
  schema: ({ inputs, params }) =>
    inputs.in ? { out: new Schema([...inputs.in.fields, field(params.as, new Utf8(), true, 'label')]) } : null,
  files: ({ table }) => [{ path: table, place: { path: ['table'] } }],
  inspect: ({ table }, files) => {
    const text = files.get(table) ?? '';
    return [...text.matchAll(/^(\w*)$/gm)]
      .filter(({ index }) => index < text.length)
      .map(({ index, 0: line }) => ({
        path: table,
        from: index,
        to: index + line.length,
        message: `"${line}" names no label`,
        hint: 'Write a code, a comma and a label.',
      }));
  },
  create: cannotRun,
});

/** Sums over everything, or by columns. */
const forecast = defineOperator({
  name: 'forecast',
  summary: 'Asks a model.',
  semantics: 1,
  determinism: 'effect',
  params: z.strictObject({ model: z.string().describe('file of the model') }),
  inputs: { ...rows, switch: { description: 'which model answers', optional: true } },
  outputs: { out: { description: 'rows with answers' }, shadow: { description: 'answers of models on trial' } },
  recordOnly: ['shadow'],
  groups: () => null,
  schema(request) {
    const input = request.inputs.in;
    const bytes = request.file(request.params.model);
    const missing = bytes && 12 - bytes.length;
    if (missing) request.fault('model-invalid', `the model is cut short: ${missing} bytes are missing`, { path: ['model'] });
    return input ? { out: input, shadow: input } : null;
  },
  files: ({ model }) => [{ path: model, place: { path: ['model'] }, binary: true }],
  create: cannotRun,
});

const total = defineOperator({
  name: 'total',
  summary: 'Sums a column.',
  semantics: 3,
  determinism: 'exact',
  params: z.strictObject({ by: z.array(z.string()).default([]).describe('columns to group by') }),
  inputs: rows,
  outputs: { out: { description: 'sums' } },
  groups: (params) => params.by,
  schema: ({ inputs }) => (inputs.in ? { out: inputs.in } : null),
  create: cannotRun,
});

const UNTIMED = new Schema([COLUMNS.symbol, COLUMNS.price]);

/** Makes rows that have no time column. */
const untimed = defineOperator({
  name: 'untimed',
  summary: 'Drops the time.',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({}),
  inputs: rows,
  outputs: { out: { description: 'symbol and price' } },
  groups: () => null,
  fixed: { out: UNTIMED },
  schema: () => ({ out: UNTIMED }),
  create: cannotRun,
});

const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.ts_recv, COLUMNS.symbol, COLUMNS.price, COLUMNS.size]);

const simulate: Connector = {
  name: 'simulate',
  summary: 'Made-up trades.',
  connection: null,
  source: {
    params: z.strictObject({ seed: z.int().default(1).describe('seed'), partitions: z.int().min(1).default(1).describe('partitions') }),
    formats: [],
    schema: () => TRADES,
    time: 'ts_event',
    key: ['symbol'],
    partitions: (params) => params.partitions,
    finite: () => false,
    open: cannotRun,
  },
};

const lines: Connector = {
  name: 'file',
  summary: 'Lines of a file.',
  connection: null,
  source: {
    params: z.union([z.string().transform((path) => ({ path })), z.strictObject({ path: z.string().describe('file or pattern') })]),
    formats: ['json', 'capture'],
    files: ({ path }) => [path],
    partitions: ({ path }) => (/[*?]/.test(path) ? null : 1),
    finite: () => true,
    open: cannotRun,
  },
  sink: {
    params: z.strictObject({ path: z.string().describe('file to write') }),
    accepts: () => null,
    target: ({ path }) => path,
    files: ({ path }) => [path],
    block: { rows: 1000, bytes: 1 << 20, ms: 1000 },
    describe: ({ path }) => `file ${path}`,
    open: cannotRun,
  },
};

const tableSink = (name: string, connection: string): Connector => ({
  name,
  summary: 'A table.',
  connection,
  sink: {
    params: z.union([z.string().transform((table) => ({ table })), z.strictObject({ table: z.string().describe('table to write') })]),
    accepts: (schema) =>
      schema.fields.length === 0
        ? 'it has no columns'
        : schema.fields.some(({ name: column }) => column === 'label')
          ? 'column "label" cannot be stored'
          : null,
    target: () => null,
    block: { rows: 1000, bytes: 1 << 20, ms: 500 },
    describe: ({ table }) => `table ${table}`,
    open: cannotRun,
  },
});

const print: Connector = {
  name: 'print',
  summary: 'Rows on the terminal.',
  connection: null,
  sink: {
    params: z.strictObject({}),
    accepts: () => null,
    target: () => null,
    block: { rows: 100, bytes: 1 << 20, ms: 1000 },
    describe: () => 'the terminal',
    open: cannotRun,
  },
};

const venue: Connector = {
  name: 'venue',
  summary: 'An exchange behind an address.',
  connection: 'registry',
  source: { params: z.strictObject({}), formats: [], schema: () => TRADES, finite: () => false, open: cannotRun },
};

const encoder = () => ({ encode: cannotRun });
const format = (name: string, schema: Format['schema'], more: Partial<Format> = {}): Format =>
  defineFormat({
    name,
    summary: name,
    rowsPerPayload: name === 'arrow' ? 'many' : 'one',
    params: z.strictObject({ strict: z.boolean().default(false) }),
    schema,
    decoder: cannotRun,
    ...more,
  });

const TYPES: Readonly<Record<string, DataType>> = { float64: new Float64(), text: new Utf8(), timestamp: timestampNs() };

const schemas: SchemaReader<Readonly<Record<string, string>> | { readonly file: string }> = {
  params: z.record(z.string(), z.string()),
  files: (params) => ('file' in params ? [{ path: String(params.file), place: ['file'] }] : []),
  schema(params, read, fault) {
    const columns = 'file' in params ? (JSON.parse(read(String(params.file))) as Record<string, string>) : params;
    const fields = Object.entries(columns).map(([name, type]) => {
      const known = type === 'word' ? dictionaryOf(name) : TYPES[type];
      if (!known) fault(`there is no type "${type}"`, [name], `The types: ${Object.keys(TYPES).join(', ')}, word.`);
      return field(name, known ?? new Utf8(), false, name);
    });
    return new Schema(fields);
  },
};

const named = <T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> =>
  new Map(all.map((one) => [one.name, one]));

// biome-ignore lint/suspicious/noExplicitAny: operators of many parameter types
const operators: readonly Operator<any>[] = [pass, filter, bars, forecast, join, lookup, total, untimed];
const capture = new Schema([COLUMNS.ts_recv, COLUMNS.payload]);

/** A broker whose client has two options of its own, and one that the engine keeps for itself. */
const broker: ConnectionDeclaration = {
  name: 'broker',
  addressFault: ({ url }) => (url.endsWith(':0') ? { message: 'the broker has port 0', hint: 'Name its port.' } : null),
  options: ['linger.ms', 'ssl.ca.location', 'sasl.password'],
  optionFault(name, value) {
    if (name === 'group.id') return { message: 'option "group.id" is set by Millrace', hint: 'Leave it out.', unknown: false };
    if (!['linger.ms', 'ssl.ca.location', 'sasl.password'].includes(name))
      return { message: `option "${name}" is not one of the client`, unknown: true };
    return typeof value === 'object' ? { message: `option "${name}" is not one value`, unknown: false } : null;
  },
  isFile: (name) => name.endsWith('.location'),
};

/** A registry of components that can be compiled with and not run. */
export const registry: Registry = {
  operators: named(operators),
  connectors: named([simulate, lines, tableSink('clickhouse', 'clickhouse'), tableSink('questdb', 'questdb'), print, venue]),
  formats: named([
    format('arrow', 'carried', { encoder }),
    format('json', 'required', { encoder }),
    format('capture', 'own', { ownSchema: () => capture }),
  ]),
  schemas,
  connections: named([broker]),
};
