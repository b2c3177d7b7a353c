import { describe, expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { planJson } from '../../graph/plan/show-json.ts';
import { planMermaid } from '../../graph/plan/show-mermaid.ts';
import { planText } from '../../graph/plan/show-text.ts';
import { compileText, pipeline, planOf } from './compiling.ts';

const UNION = pipeline(`
    sources:
      trades: { simulate: {} }
      others: { simulate: {} }
    operators:
      big: { use: filter, from: trades, with: { where: "price > 0" } }
    sinks:
      all: { from: [big, others], clickhouse: trades }
      shown: { from: [others, big], print: {} }
`);

const faults = (sinks: string): string[] =>
  compileText(UNION.replace(/ {6}all:[\s\S]*$/, sinks)).diagnostics.flatMap(({ severity, code, message }) =>
    severity === 'error' ? [`${code}: ${message}`] : [],
  );

describe('a sink that reads a list', () => {
  it('gets the rows of all its ports through one feed of its own', () => {
    const plan = planOf(UNION);
    expect(plan.outputs.filter(({ kind }) => kind === 'feed').map(({ topic, from }) => [topic, from.map(({ node }) => node)])).toEqual([
      ['_millrace.p.feed.all', ['big', 'others']],
      ['_millrace.p.feed.shown', ['others', 'big']],
    ]);
    expect(plan.sinks.find(({ name }) => name === 'all')).toMatchObject({
      topic: '_millrace.p.feed.all',
      from: [{ node: 'big' }, { node: 'others' }],
    });
  });

  it('reads the topic of another sink that unites the same ports', () => {
    const plan = planOf(UNION.replace('shown: { from: [others, big], print: {} }', 'kept: { from: [others, big], topic: kept }'));
    expect(plan.outputs.filter(({ kind }) => kind !== 'rejected').map(({ topic }) => topic)).toEqual(['kept']);
    expect(plan.sinks.find(({ name }) => name === 'all')?.topic).toBe('kept');
  });

  it('shows in the plan', () => {
    const plan = planOf(UNION);
    expect(planText(plan, declarations)).toMatch(/all +clickhouse +.* from big \+ others +through _millrace\.p\.feed\.<incarnation>\.all/);
    expect(planJson(plan, declarations).sinks.find(({ name }) => name === 'all')?.from).toEqual(['big', 'others']);
    expect(planMermaid(plan, declarations).match(/ n\d --> n\d\n/g)?.length).toBeGreaterThanOrEqual(5);
  });

  it('is known by its columns to a source that reads its topic, also one that leads back to it', () => {
    const plan = planOf(
      pipeline(`
    sources:
      trades: { simulate: {} }
      fed: { topic: loop, watermark: none }
    operators:
      again: { use: filter, from: fed, with: { where: "price > 0" } }
    sinks:
      loop: { from: [trades, again], topic: loop }
`),
    );
    expect(plan.inputs.find(({ name }) => name === 'fed')?.schema.fields.map(({ name }) => name)).toContain('price');
  });

  it('refuses unequal columns, a port that is named twice, a map, and rows that another sink writes there', () => {
    expect(faults('      all: { from: [big, big.rejected], print: {} }\n')).toEqual([
      expect.stringMatching(/^union-unequal: sink "all" unites "big" and "big.rejected", whose columns differ: only "big" has column/),
    ]);
    expect(faults('      all: { from: [big, others, big], print: {} }\n')).toEqual([
      'value-invalid: "from" of sink "all" names "big" twice',
    ]);
    expect(faults('      all: { from: { in: big }, print: {} }\n')).toEqual([
      'value-type: "from" of sink "all" is a map, expected a node, node.port, or a list of them',
    ]);
    expect(faults('      one: { from: big, clickhouse: t }\n      all: { from: [others, big], clickhouse: t }\n')).toEqual([
      'target-shared: sink "all" writes rows that sink "one" writes to table t already',
    ]);
  });
});
