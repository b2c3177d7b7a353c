import { expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';

const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'Trade',
  fields: [
    { name: 'ts_event', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'symbol', type: 'string' },
    { name: 'price', type: 'double', doc: 'in dollars' },
    { name: 'legs', type: { type: 'array', items: 'long' } },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'local-timestamp-millis' }] },
  ],
});

const LOCK = JSON.stringify({
  version: 1,
  registry: { 'trades-value': { latest: 2, versions: { 1: { id: 5, schema: SCHEMA }, 2: { id: 9, schema: SCHEMA } } } },
});

const FILES: Readonly<Record<string, string>> = {
  '/x/trade.avsc': SCHEMA,
  '/x/text.avsc': '"string"',
  '/x/broken.avsc': '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "missing"}]}',
  '/x/pipelines.lock': LOCK,
};

function compiled(source: string, sink: string, files = FILES) {
  return compile({
    text: `version: 1\npipelines:\n  p:\n    sources:\n      t: ${source}\n    sinks:\n      s: ${sink}\n`,
    file: '/x/pipelines.yaml',
    registry: declarations,
    env: {},
    files: { exists: (path) => path in files, read: (path) => files[path] ?? '' },
    allowPaths: [],
    allowCode: false,
  });
}

const PRINT = '{ from: t, print: {} }';
const faults = (source: string, sink = PRINT, files = FILES) =>
  compiled(source, sink, files).diagnostics.filter(({ severity }) => severity === 'error');

test.each([
  ['avsc: trade.avsc', null],
  ['registry: trades-value', 9],
  ['registry: trades-value, version: 1', 5],
])('columns of schema: { %s }', (named, id) => {
  const { plans, diagnostics } = compiled(`{ topic: t, format: avro, schema: { ${named}, nested: json, zone: utc } }`, PRINT);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const schema = plans[0]?.inputs[0]?.schema;
  expect(schema?.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual([
    'ts_event Timestamp<NANOSECOND, UTC> false',
    'symbol Dictionary<Int32, Utf8> false',
    'price Float64 false',
    'legs Utf8 false',
    'at Timestamp<NANOSECOND, UTC> true',
  ]);
  expect(schema?.fields[2]?.metadata.get('description')).toBe('in dollars');
  expect(plans[0]?.inputs[0]?.time?.column).toBe('ts_event');
  expect(JSON.parse(schema?.metadata.get('avro') ?? '{}').registry?.id ?? null).toBe(id);
});

test('every field that can be no column is named, with what to do', () => {
  expect(faults('{ topic: t, format: avro, schema: { avsc: trade.avsc } }')).toMatchObject([
    {
      code: 'schema-invalid',
      line: 5,
      message: 'field "legs" of the Avro record "Trade" holds an array, which is no column',
      hint: expect.stringContaining('nested: json'),
    },
    { code: 'schema-invalid', message: expect.stringContaining('field "at"'), hint: expect.stringContaining('zone: utc') },
  ]);
  expect(faults('{ topic: t, format: avro, schema: { avsc: trade.avsc, only: [ts_event, price] } }')).toEqual([]);
});

test.each([
  ['schema: { avsc: other.avsc }', 'file-missing', 'other.avsc'],
  ['schema: { avsc: text.avsc }', 'schema-invalid', 'expected a record'],
  ['schema: { avsc: broken.avsc }', 'schema-invalid', 'missing'],
  ['schema: { avsc: trade.avsc, only: [prize] }', 'schema-invalid', 'no field "prize"'],
  ['schema: { registry: other-value }', 'schema-invalid', 'does not hold subject "other-value"'],
  ['schema: { registry: trades-value, version: 3 }', 'schema-invalid', 'no version 3'],
])('%s is a fault of the file', (schema, code, message) => {
  expect(faults(`{ topic: t, format: avro, ${schema} }`)).toMatchObject([{ code, message: expect.stringContaining(message) }]);
});

test.each([
  'schema: {}',
  'schema: { avsc: trade.avsc, registry: trades-value }',
  'schema: { avsc: trade.avsc, version: 1 }',
  'schema: { columns: { a: int64 }, nested: json }',
  'schema: { registry: trades-value, version: 0 }',
])('%s is one fault', (schema) => {
  expect(faults(`{ topic: t, format: avro, ${schema} }`)).toHaveLength(1);
});

test('without the lock, the fault says how to get it', () => {
  const { '/x/pipelines.lock': _, ...files } = FILES;
  const expected = { code: 'file-missing', hint: 'Fetch it with "millrace pin".' };
  expect(faults('{ topic: t, format: avro, schema: { registry: trades-value } }', PRINT, files)).toMatchObject([expected]);
  const sink = '{ from: t, topic: u, format: { avro: { registry: trades-value } } }';
  expect(faults('{ topic: t, format: avro, schema: { columns: { a: int64 } } }', sink, files)).toMatchObject([expected]);
});

test('json takes its columns from an Avro schema too, with the unit of its times', () => {
  const { plans } = compiled('{ topic: t, format: json, schema: { avsc: trade.avsc, only: [ts_event, price] } }', PRINT);
  expect(plans[0]?.inputs[0]?.schema.fields[0]?.metadata.get('unit')).toBe('us');
});

test('a plan holds the Avro schema that a sink writes; a source that reads its topic has the columns of that', () => {
  const { plans, diagnostics } = compile({
    text: `version: 1
pipelines:
  p:
    sources:
      t: { topic: t, format: json, schema: { columns: { ts_event: timestamp, symbol: dictionary, price: float64 } } }
      again: { topic: u, format: avro }
    sinks:
      s: { from: t, topic: u, format: { avro: { avsc: flat.avsc } } }
      shown: { from: again, print: {} }
`,
    file: '/x/pipelines.yaml',
    registry: declarations,
    env: {},
    files: {
      exists: (path) => path === '/x/flat.avsc',
      read: () =>
        '{"type":"record","name":"F","fields":[{"name":"price","type":"double"},{"name":"symbol","type":"string"},{"name":"ts_event","type":{"type":"long","logicalType":"timestamp-millis"}}]}',
    },
    allowPaths: [],
    allowCode: false,
  });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const plan = plans[0];
  expect(plan?.inputs.find(({ name }) => name === 'again')?.schema.fields.map(({ name }) => name)).toEqual(['price', 'symbol', 'ts_event']);
  expect(plan?.outputs.find(({ name }) => name === 's')?.format.params).toMatchObject({ target: { id: null } });
});
