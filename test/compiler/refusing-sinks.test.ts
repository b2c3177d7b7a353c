import { describe, expect, it } from 'vitest';
import type { Connector } from '../../graph/contract/connector.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { planJson } from '../../graph/plan/show-json.ts';
import { planMermaid } from '../../graph/plan/show-mermaid.ts';
import { planText } from '../../graph/plan/show-text.ts';
import { pipeline, planOf } from './compiling.ts';
import { registry } from './registry.ts';

/** The tests' registry where QuestDB may refuse values, and ClickHouse what a constraint says. */
const refusing = {
  ...registry,
  connectors: new Map(
    [...registry.connectors].map(([name, connector]): [string, Connector] => {
      const how = name === 'questdb' ? 'by_value' : name === 'clickhouse' ? 'by_constraint' : null;
      return [name, how && connector.sink ? { ...connector, sink: { ...connector.sink, refusesRows: how } } : connector];
    }),
  ),
};

const compiled = (sinks: string, operators = ''): Plan =>
  planOf(pipeline(`\n    tasks: 1\n    sources:\n      trades: { simulate: { partitions: 1 } }\n${operators}    sinks:\n${sinks}`), {
    registry: refusing,
    connections: { questdb: 'http://127.0.0.1:9000' },
  });

const QUESTDB = '      q: { from: trades, questdb: trades }\n';
const CLICKHOUSE = '      c: { from: trades, clickhouse: trades }\n';
const FILTER = '    operators:\n      clean: { use: filter, from: trades, with: { where: "price > 0" } }\n';
const CLEAN = '      clean_table: { from: clean, clickhouse: clean }\n';

/** Sinks with the topic that takes the rows they refuse. */
const refusals = (plan: Plan) => plan.sinks.map(({ name, rejected }) => [name, rejected?.topic ?? null]);

describe('sinks whose systems refuse rows', () => {
  it('have dead letters where values may be refused, though no node rejects', () => {
    const plan = compiled(QUESTDB);
    expect(plan.outputs.map(({ name, topic, from }) => [name, topic, from])).toContainEqual(['dead_letters', '_millrace.p.rejected', []]);
    expect(plan.topics).toContainEqual(expect.objectContaining({ topic: '_millrace.p.rejected', kind: 'rejected' }));
    expect(refusals(plan)).toEqual([['q', '_millrace.p.rejected']]);
  });

  it('keep them in a table where there is ClickHouse, whose own dead letters have no further place', () => {
    expect(refusals(compiled(QUESTDB + CLICKHOUSE))).toEqual([
      ['q', '_millrace.p.rejected'],
      ['c', '_millrace.p.rejected'],
      ['dead_letters', null],
    ]);
  });

  it('use those of the nodes, and ask for none of their own for a constraint that may be', () => {
    expect(refusals(compiled(CLICKHOUSE))).toEqual([['c', null]]);
    expect(refusals(compiled(CLEAN, FILTER))).toEqual([
      ['clean_table', '_millrace.p.rejected'],
      ['dead_letters', null],
    ]);
  });

  it('are shown as writers of the dead letters', () => {
    const plan = compiled(QUESTDB);
    expect(planText(plan, refusing)).toMatch(/_millrace\.p\.rejected +dead letters +1 partition +not in any table +from q\.rejected/);
    expect(planJson(plan, refusing).outputs.find(({ kind }) => kind === 'rejected')?.from).toEqual(['q.rejected']);
    const [, arrow] = /(n\d+) -\.->\|rejected\| n\d+/.exec(planMermaid(plan, refusing)) ?? [];
    expect(planMermaid(plan, refusing)).toContain(`${arrow}[\\"questdb<br>`);
  });
});
