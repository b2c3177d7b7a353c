import { describe, expect, it } from 'vitest';
import { stateChange } from '../../graph/contract/state-change.ts';
import { jsonSchema } from '../../graph/plan/json-schema.ts';
import { planJson, planMermaid, planText, showPlan } from '../../graph/plan/show.ts';
import { pipeline, planOf } from './compiling.ts';
import { registry } from './registry.ts';

const FILE = pipeline(`
    tasks: 4
    sources:
      trades: { topic: market.trades.raw, format: json, schema: { ts_event: timestamp, symbol: word, price: float64 } }
    operators:
      clean: { use: filter, from: trades, with: { where: "price > 0" } }
      bars: { use: bars, from: clean, with: { every: 1s } }
    sinks:
      bars_topic: { from: bars, topic: market.bars }
      bars_table: { from: bars, clickhouse: { table: bars } }
      hot: { from: bars, questdb: bars, optional: true }
`);
const CONNECTIONS = { connections: { clickhouse: 'http://me:secret@host:8123/db' } };
const plan = planOf(FILE, CONNECTIONS);

describe('a plan as text', () => {
  const text = planText(plan, registry);

  it('says keys, exchanges, topics, tasks, formats and inserts', () => {
    for (const part of [
      /4 tasks, exactly once, latency 100ms/,
      /trades +topic market\.trades\.raw \(json\) +no key +time ts_event, idle 5s/,
      /clean\.out->bars +by symbol +4 partitions +_millrace\.p\.x\.<incarnation>\.clean\.out-bars/,
      /bars +bars +from clean +by symbol/,
      /market\.bars +arrow +4 partitions +key symbol +from bars/,
      /bars_table +clickhouse +table bars +from bars +through market\.bars/,
      /clickhouse table bars +8 +warning: more than 2/,
      /hot +connection "questdb" has no address/,
      /_millrace\.p\.tasks\.4 +journal +4 partitions/,
    ])
      expect(text).toMatch(part);
  });

  it('lists what the engine keeps for itself; its state is a topic on Kafka alone', () => {
    expect(text).toMatch(/_millrace\.p\.plans +plans +1 partition\n/);
    expect(text).not.toContain('_millrace.p.state');
    expect(planText(plan, registry, 'kafka')).toMatch(/_millrace\.p\.state\.4 +state +4 partitions\n/);
    const topics = planJson(plan, registry, 'kafka').topics.map(({ topic }) => topic);
    expect(topics).toEqual(
      expect.arrayContaining(['_millrace.p.x.<incarnation>.clean.out-bars', '_millrace.p.plans', '_millrace.p.state.4']),
    );
  });

  it('says where rejected rows are, with and without a table', () => {
    expect(text).toMatch(/_millrace\.p\.rejected +dead letters +1 partition +also in a table, see sinks/);
    const without = planOf(FILE.replace(/ +bars_table: .*\n/, ''), CONNECTIONS);
    expect(planText(without, registry)).toMatch(/_millrace\.p\.rejected +dead letters +1 partition +not in any table/);
  });

  it('fits 120 columns, whatever the names', () => {
    const long = 'a'.repeat(60);
    const wide = planText(
      planOf(FILE.replaceAll('bars_table', long).replaceAll('market.trades.raw', `${long}.${long}`), CONNECTIONS),
      registry,
    );
    expect(Math.max(...[text, wide].flatMap((shown) => shown.split('\n').map((line) => line.length)))).toBeLessThanOrEqual(120);
  });
});

describe('a plan in its other forms', () => {
  it('is plain JSON and never holds a password', () => {
    const json = JSON.parse(showPlan(plan, 'json', registry)) as ReturnType<typeof planJson>;
    expect(json).toEqual(JSON.parse(JSON.stringify(planJson(plan, registry))));
    expect(json.sinks[0]).toMatchObject({
      name: 'bars_table',
      target: 'table bars',
      connection: 'http://me:***@host:8123/db',
      topic: 'market.bars',
    });
    for (const form of ['text', 'mermaid', 'json'] as const) expect(showPlan(plan, form, registry)).not.toContain('secret');
  });

  it('draws every node once and joins them', () => {
    const lines = planMermaid(plan, registry).trim().split('\n');
    expect(lines[0]).toBe('flowchart LR');
    const ids = [...planMermaid(plan, registry).matchAll(/^ {2}(n\d+)[[(]/gm)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const used = [...planMermaid(plan, registry).matchAll(/\b(n\d+)\b/g)].map((match) => match[1]);
    expect(new Set(used)).toEqual(new Set(ids));
    expect(lines).toContainEqual(expect.stringMatching(/n\d+ ==>\|"by symbol"\| n\d+/));
  });
});

describe('the hash and the signatures', () => {
  const change = (from: string, to: string) => planOf(FILE.replace(from, to), CONNECTIONS);

  it('stay when nothing of the state changes', () => {
    for (const same of [
      change('sinks:', 'sinks:\n      more: { from: bars, print: {} }'),
      change('1s }', '1000ms, empty: skip }'),
      change('tasks: 4', 'latency: 1s\n    tasks: 4'),
    ])
      expect(same.hash).toBe(plan.hash);
  });

  it('change with parameters, topology and tasks', () => {
    const others = [
      change('every: 1s', 'every: 2s'),
      change('tasks: 4', 'tasks: 8'),
      change('from: clean', 'from: trades'),
      change('format: json, schema', 'key: symbol, format: json, schema'),
    ];
    expect(new Set([plan, ...others].map(({ hash }) => hash)).size).toBe(5);
  });

  it('tell what an edit does to state', () => {
    const old = plan.nodes.map(({ name, signature }) => ({ name, signature }));
    expect(stateChange(old, plan).map(({ change }) => change)).toEqual(['keeps', 'keeps']);
    expect(stateChange([], plan).map(({ change }) => change)).toEqual(['new', 'new']);
    expect(stateChange(old, change('every: 1s', 'every: 2s'))).toMatchObject([
      { node: 'clean', change: 'keeps' },
      { node: 'bars', change: 'loses' },
    ]);
    const renamed = planOf(
      FILE.replaceAll('from: bars', 'from: candles').replace('bars: { use: bars,', 'candles: { use: bars, was: bars,'),
      CONNECTIONS,
    );
    expect(stateChange(old, renamed)).toMatchObject([
      { node: 'clean', change: 'keeps' },
      { node: 'candles', change: 'keeps', was: 'bars' },
    ]);
    const forgotten = planOf(
      FILE.replaceAll('from: bars', 'from: candles').replace('bars: { use: bars,', 'candles: { use: bars,'),
      CONNECTIONS,
    );
    expect(stateChange(old, forgotten)).toMatchObject([
      { node: 'clean' },
      { node: 'candles', change: 'new' },
      { node: 'bars', change: 'loses' },
    ]);
  });
});

describe('the schema for editors', () => {
  const schema = JSON.parse(JSON.stringify(jsonSchema(registry))) as {
    $schema: string;
    $defs: Record<
      string,
      {
        properties: Record<string, Record<string, unknown>>;
        allOf: {
          if: { properties: { use: { const: string } } };
          then: { properties: { with: { properties: Record<string, unknown>; description: string } } };
        }[];
      }
    >;
  };

  it('is of draft 2020-12, and every reference in it leads somewhere', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    const references = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g)].map((match) => match[1] ?? '');
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) expect(schema.$defs).toHaveProperty(reference);
  });

  it('knows the parameters of every operator, with what they mean', () => {
    const rules = schema.$defs.operator?.allOf ?? [];
    expect(rules.map((rule) => rule.if.properties.use.const)).toEqual([...registry.operators.keys()]);
    const bars = rules.find((rule) => rule.if.properties.use.const === 'bars')?.then.properties.with;
    expect(bars?.properties.every).toMatchObject({ type: 'string', description: 'length of a bar', unit: 'duration' });
    expect(bars?.properties.empty).toMatchObject({ enum: ['skip', 'carry', 'null'], default: 'skip' });
  });

  it('knows the connectors of sources and sinks', () => {
    expect(Object.keys(schema.$defs.source?.properties ?? {})).toEqual(
      expect.arrayContaining(['topic', 'simulate', 'file', 'venue', 'schema', 'time']),
    );
    expect(Object.keys(schema.$defs.source?.properties ?? {})).not.toContain('clickhouse');
    expect(schema.$defs.sink?.properties.clickhouse).toMatchObject({ description: 'A table.' });
  });
});
