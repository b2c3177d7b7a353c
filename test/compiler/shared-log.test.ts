import { describe, expect, it } from 'vitest';
import { masked } from '../../graph/diagnostics/mask.ts';
import { planJson, showPlan } from '../../graph/plan/show.ts';
import { shownUrl } from '../../graph/resolve/connections.ts';
import { NO_FACTS } from '../../graph/resolve/scope.ts';
import { compileText, pipeline, planOf } from './compiling.ts';
import { registry } from './registry.ts';

const KAFKA = { connections: { broker: 'kafka://me:secret@h1:9092' } } as const;
const topics = (of: Readonly<Record<string, number | null>>) => ({ ...KAFKA, facts: { ...NO_FACTS, topics: new Map(Object.entries(of)) } });
const said = (text: string, options: Parameters<typeof compileText>[1] = {}) =>
  compileText(text, options).diagnostics.map(({ code, line, column }) => [code, line, column]);

const fileSource = pipeline(`
    tasks: 4
    sources:
      trades: { file: { path: trades.ndjson }, format: json, schema: { ts_event: timestamp, symbol: word, price: float64 }, key: symbol }
    operators:
      minutes: { use: bars, from: trades, with: { every: 1m } }
    sinks:
      shown: { from: minutes, print: {} }
`);

describe('a source that only one machine can read', () => {
  it('is read in place on the embedded log', () => {
    expect(planOf(fileSource).inputs.filter(({ landing }) => landing)).toEqual([]);
  });

  it('is landed in a topic of its own on a broker: read there with its format, time and key, written without them', () => {
    const plan = planOf(fileSource, KAFKA);
    const [land, read] = plan.inputs;
    const topic = '_millrace.p.land.trades';
    expect(land).toMatchObject({ name: 'trades.land', from: { kind: 'connector', connector: 'file' }, landing: { into: topic } });
    expect([land?.format, land?.time, land?.key, land?.broadcast]).toEqual([null, null, [], false]);
    expect(read).toMatchObject({ name: 'trades', from: { kind: 'topic', topic }, landing: { from: 'trades.land' }, start: 'earliest' });
    expect([read?.format?.name, read?.time?.column, read?.key]).toEqual(['json', 'ts_event', ['symbol']]);
    expect(plan.topics.filter((spec) => spec.topic === topic)).toEqual([
      { topic, partitions: land?.partitions ?? 1, kind: 'exchange', retentionMs: 7 * 86_400_000 },
    ]);
  });

  it('lies in tasks as it does unlanded: the same exchanges, whatever was found of its partitions', () => {
    const keys = (plan: ReturnType<typeof planOf>) => plan.outputs.map(({ name, kind, key }) => [name, kind, key]);
    const facts = { ...NO_FACTS, sources: new Map([['p.trades', 7]]) };
    expect(keys(planOf(fileSource, KAFKA))).toEqual(keys(planOf(fileSource)));
    expect(keys(planOf(fileSource, { ...KAFKA, facts }))).toEqual(keys(planOf(fileSource)));
  });

  it('has as many partitions in its topic as were found of it', () => {
    const plan = planOf(fileSource, { ...KAFKA, facts: { ...NO_FACTS, sources: new Map([['p.trades', 7]]) } });
    expect(plan.topics.find(({ topic }) => topic.endsWith('land.trades'))?.partitions).toBe(7);
  });

  it('is shown as one source, and what it is landed in', () => {
    const plan = planOf(fileSource, KAFKA);
    expect(showPlan(plan, 'text', registry)).toMatch(
      /\nsources\n {2}trades {2}file \(json\).*\n\nlanded, as only .*\n {2}trades {2}_millrace\.p\.land\.<incarnation>\.trades/,
    );
    expect(planJson(plan, registry).sources).toMatchObject([
      { name: 'trades', reads: { connector: 'file' }, landed_in: '_millrace.p.land.<incarnation>.trades' },
    ]);
    expect(showPlan(plan, 'mermaid', registry)).not.toContain('.land');
  });
});

describe('what a broker tells', () => {
  const reads = (sink = 'topic: bars') =>
    pipeline(`
    tasks: 4
    sources:
      trades: { topic: trades.in, format: json, schema: { ts_event: timestamp, symbol: word, price: float64 }, key: symbol }
    operators:
      minutes: { use: bars, from: trades, with: { every: 1m } }
    sinks:
      bars: { from: minutes, ${sink} }
`);

  it('is how many partitions a source has', () => {
    const partitions = (found: number) => planOf(reads(), topics({ 'trades.in': found, bars: null })).inputs[0]?.partitions;
    expect([partitions(8), partitions(6), planOf(reads()).inputs[0]?.partitions]).toEqual([8, 6, null]);
  });

  it('is how many partitions a topic has that is written, where it is there', () => {
    const written = (found: number | null) =>
      planOf(reads(), topics({ 'trades.in': 8, bars: found })).outputs.find(({ topic }) => topic === 'bars');
    expect([written(3)?.partitions, written(null)?.partitions]).toEqual([3, 4]);
  });

  it('counts for whoever reads a topic of the file', () => {
    const text = pipeline(`
    tasks: 4
    sources:
      trades: { simulate: {} }
      again: { topic: copied }
    sinks:
      copy: { from: trades, topic: copied }
      shown: { from: again, print: {} }
`);
    expect(planOf(text, topics({ copied: 6 })).inputs.find(({ name }) => name === 'again')?.partitions).toBe(6);
  });

  it('is that a topic is missing, said at its name, unless the file writes it', () => {
    expect(said(reads(), topics({ 'trades.in': null, bars: null }))).toEqual([['topic-missing', 6, 24]]);
    expect(said(reads(), topics({ 'trades.in': 4, bars: null }))).toEqual([]);
    expect(said(reads())).toEqual([]);
  });

  it('is that a topic has other partitions than its sink asks for', () => {
    const options = topics({ 'trades.in': 4, bars: 3 });
    expect(said(reads('topic: bars, partitions: 5'), options)).toEqual([['topic-partitions', 10, 7]]);
    expect(said(reads('topic: bars, partitions: 3'), options)).toEqual([]);
  });
});

describe('options of a connection', () => {
  const withOptions = (options: string, url = 'kafka://h1:9092') =>
    fileSource.replace('version: 1\n', `version: 1\nconnections:\n  broker: { url: "${url}", options: ${options} }\n`);

  it('are handed on as they are', () => {
    const { connections } = compileText(withOptions('{ linger.ms: 5, sasl.password: "a b" }'));
    expect(connections.get('broker')?.options).toEqual({ 'linger.ms': 5, 'sasl.password': 'a b' });
  });

  it('are said at their name or value when they are not, are not for the file, or lie elsewhere', () => {
    expect(said(withOptions('{ linger: 5 }'))).toEqual([['option-unknown', 3, 48]]);
    expect(said(withOptions('{ group.id: x }'))).toEqual([['option-refused', 3, 48]]);
    expect(said(withOptions('{ ssl.ca.location: /etc/ca.pem }'))).toEqual([['path-outside', 3, 65]]);
    expect(said(withOptions('{ ssl.ca.location: ca.pem }'))).toEqual([['file-missing', 3, 65]]);
    expect(said(withOptions('{ ssl.ca.location: ca.pem }'), { disk: { '/work/ca.pem': '' } })).toEqual([]);
  });

  it('stand beside an address that is looked at closely', () => {
    expect(said(withOptions('{}', 'kafka://h1:0'))).toEqual([['connection-invalid', 3, 18]]);
  });
});

describe('secrets', () => {
  it.each([
    ['kafka://me:pa/ss:w@rd@h1:9092,h2:9092', 'kafka://me:***@h1:9092,h2:9092'],
    ['kafka://h1:9092,h2:9092', 'kafka://h1:9092,h2:9092'],
    ['http://me:p@ss@h:8123/db?password=x&a=1', 'http://me:***@h:8123/db?password=***&a=1'],
    ['http://h:8123/db?mail=a@b', 'http://h:8123/db?mail=a@b'],
  ])('are stars in %s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the syntax of variables in a pipeline file
  it.each([
    ['  broker: kafka://me:hunter2@h1:9092', '  broker: kafka://me:*******@h1:9092'],
    ['options: { sasl.password: hunter2, linger.ms: 5 }', 'options: { sasl.password: *******, linger.ms: 5 }'],
    ["  ssl.key.password: 'a, b'", '  ssl.key.password: *** **'],
    ['  sasl.password: ${PASSWORD}', '  sasl.password: ${PASSWORD}'],
    ['  token: { type: utf8 }', '  token: { type: utf8 }'],
  ])('are stars in the line that a diagnostic shows, each in its place: %s', (line, shown) => {
    expect(masked(line)).toBe(shown);
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above
});
