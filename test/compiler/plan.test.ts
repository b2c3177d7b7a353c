import { describe, expect, it } from 'vitest';
import { REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { compileText, pipeline, planOf } from './compiling.ts';

const FLAGSHIP = pipeline(`
    tasks: 4
    sources:
      trades: { simulate: { partitions: 4 } }
    operators:
      clean: { use: filter, from: trades, with: { where: "price > 0" } }
      bars: { use: bars, from: clean, with: { every: 1s } }
    sinks:
      bars_topic: { from: bars, topic: bars }
      bars_table: { from: bars, clickhouse: { table: bars } }
      clean_table: { from: clean, clickhouse: clean }
`);

describe('a plan', () => {
  const plan = planOf(FLAGSHIP);

  it('has the nodes in topological order with their schemas', () => {
    expect(plan.nodes.map(({ name, operator }) => [name, operator])).toEqual([
      ['clean', 'filter'],
      ['bars', 'bars'],
    ]);
    expect(plan.nodes[1]?.outputs.out?.fields.map(({ name }) => name)).toEqual(['ts_event', 'symbol', 'open', 'close']);
    expect(plan.nodes[1]?.inputs).toMatchObject([{ port: 'in', edges: [{ node: 'clean', port: 'out' }] }]);
    expect(plan.nodes[1]?.params).toEqual({ every: 1_000_000_000n, price: 'price', empty: 'skip', depth: 1 });
  });

  it('reads a keyed source in place', () => {
    expect(plan.inputs).toHaveLength(1);
    expect(plan.inputs[0]).toMatchObject({
      name: 'trades',
      key: ['symbol'],
      partitions: 4,
      time: { column: 'ts_event', latenessNs: 0n, idleNs: 5_000_000_000n },
    });
  });

  it('feeds a connector from the topic of its port where there is one, else from a feed', () => {
    expect(plan.outputs.map(({ name, kind, topic, partitions, key }) => ({ name, kind, topic, partitions, key }))).toEqual([
      { name: 'bars_topic', kind: 'topic', topic: 'bars', partitions: 4, key: ['symbol'] },
      { name: 'feed:clean.out', kind: 'feed', topic: '_millrace.p.feed.clean.out', partitions: 1, key: [] },
      { name: 'dead_letters', kind: 'rejected', topic: '_millrace.p.rejected', partitions: 1, key: [] },
    ]);
    expect(plan.sinks.map(({ name, topic, partitions, group }) => ({ name, topic, partitions, group }))).toEqual([
      { name: 'bars_table', topic: 'bars', partitions: 4, group: 'millrace.p.sink.bars_table' },
      { name: 'clean_table', topic: '_millrace.p.feed.clean.out', partitions: 1, group: 'millrace.p.sink.clean_table' },
      { name: 'dead_letters', topic: '_millrace.p.rejected', partitions: 1, group: 'millrace.p.sink.dead_letters' },
    ]);
  });

  it('keeps the rejected rows of every node that nothing reads', () => {
    const letters = plan.outputs.find(({ kind }) => kind === 'rejected');
    expect(letters?.from).toEqual([
      { node: 'clean', port: 'rejected' },
      { node: 'bars', port: 'rejected' },
    ]);
    expect(letters?.schema).toBe(REJECTED_SCHEMA);
    expect(plan.sinks.at(-1)?.params).toEqual({ table: 'rejected' });
  });

  it('lists every topic to ensure', () => {
    expect(plan.topics.map(({ topic, partitions, kind }) => `${topic} ${partitions} ${kind}`)).toEqual([
      '_millrace.p.tasks.4 4 journal',
      'bars 4 data',
      '_millrace.p.feed.clean.out 1 feed',
      '_millrace.p.rejected 1 rejected',
    ]);
  });

  it('is frozen all the way down', () => {
    expect(Object.isFrozen(plan) && Object.isFrozen(plan.nodes) && Object.isFrozen(plan.nodes[0]?.inputs[0]?.edges)).toBe(true);
  });

  it('has no diagnostics but the rate of its inserts', () => {
    expect(compileText(FLAGSHIP).diagnostics.map(({ code }) => code)).toEqual(['inserts-many']);
  });
});
