import { Float64, Schema } from 'apache-arrow';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mildFaults, withFaults } from '../../connectors/embedded/faults.ts';
import { arrow } from '../../connectors/formats/arrow.ts';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Log } from '../../graph/contract/log.ts';
import { defineOperator, type Operator } from '../../graph/contract/operator.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { showPlan } from '../../graph/plan/show.ts';
import { runInProcess } from '../../graph/run/in-process.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, formula, freshFolder, openLog, registryOf, Table, TRADES, tableConnector } from './fixture.ts';

const ASKED = new Schema([...TRADES.fields, field('answer', new Float64(), true, 'what was answered')]);
const TOTALS = new Schema([COLUMNS.ts_event, COLUMNS.symbol, field('total', new Float64(), false, 'sum of answers')]);

const shared = {
  semantics: 1,
  params: z.strictObject({}),
  inputs: { in: { description: 'rows' } },
  groups: () => ['symbol'],
};

/** Asks dice, which never say the same twice. `breaks`: whether a call fails. */
function ask(breaks: (call: number) => boolean, calls: { n: number; closed: number }): Operator {
  return defineOperator({
    ...shared,
    name: 'ask',
    summary: 'asks',
    determinism: 'effect',
    outputs: { out: { description: 'rows' }, aside: { description: 'answers for the record' } },
    recordOnly: ['aside'],
    schema: () => ({ out: ASKED, aside: ASKED }),
    create: () => ({
      push(batch, _, emit) {
        const asked = batchOf(
          ASKED,
          rowsOf(batch).map((row) => ({ ...row, answer: null })),
        );
        emit('out', asked);
        emit('aside', asked);
      },
      advance: () => undefined,
      nextTimer: () => null,
      snapshot: () => [],
      restore: () => undefined,
    }),
    effect: async () => ({
      async apply(port, batch) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (breaks(calls.n++)) throw new MillraceError('no answer', { code: 'dice-gone', domain: 'external', retry: 'backoff' });
        return batchOf(
          ASKED,
          rowsOf(batch).map((row) => ({ ...row, answer: Math.random() + (port === 'aside' ? 10 : 0) })),
        );
      },
      async close() {
        calls.closed++;
      },
    }),
  });
}

/** Running sums of the answers, by symbol. */
const totals = defineOperator({
  ...shared,
  name: 'totals',
  summary: 'sums answers',
  determinism: 'exact',
  outputs: { out: { description: 'rows' } },
  schema: () => ({ out: TOTALS }),
  create: () => {
    let sums: Record<string, number> = {};
    return {
      push(batch, _, emit) {
        const rows = rowsOf(batch).map(({ ts_event = null, symbol, answer }) => {
          sums[String(symbol)] = (sums[String(symbol)] ?? 0) + Number(answer);
          return { ts_event, symbol: String(symbol), total: sums[String(symbol)] ?? 0 };
        });
        emit('out', batchOf(TOTALS, rows));
      },
      advance: () => undefined,
      nextTimer: () => null,
      snapshot: () => [Buffer.from(JSON.stringify(sums))],
      restore: (chunks) => {
        sums = JSON.parse(Buffer.concat(chunks).toString());
      },
    };
  },
});

const TEXT = `
version: 1
pipelines:
  p:
    tasks: 3
    sources:
      trades: { formula: { rows: 3000, partitions: 3, chunk: 100 }, key: symbol, time: ts_event }
    operators:
      asked: { use: ask, from: trades }
      summed: { use: totals, from: asked }
    sinks:
      answers: { from: asked, memory: { table: answers } }
      aside: { from: asked.aside, memory: { table: aside } }
      totals: { from: summed, memory: { table: totals } }
`;

function compiled(text: string, registry: Registry, tasks?: number) {
  const files = { exists: () => true, read: () => '' };
  const given = { text, file: 'p.yaml', registry, env: {}, files, allowPaths: [], allowCode: false };
  return compile(tasks === undefined ? given : { ...given, tasks });
}

function planOf(registry: Registry, tasks?: number): Plan {
  const { plans, diagnostics } = compiled(TEXT, registry, tasks);
  const [plan] = plans;
  if (!plan) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return plan;
}

function worldOf(breaks: (call: number) => boolean = () => false) {
  const tables = new Map(['answers', 'aside', 'totals'].map((name) => [name, new Table()]));
  const calls = { n: 0, closed: 0 };
  const registry: Registry = {
    ...registryOf(tables),
    operators: new Map([
      ['ask', ask(breaks, calls)],
      ['totals', totals],
    ]),
    connectors: new Map([
      ['formula', formula],
      ['memory', tableConnector(tables)],
    ]),
    formats: new Map([['arrow', arrow]]),
  };
  return { tables, calls, registry };
}

/** Every row was answered once for the record, and the sums are those of the recorded answers, in their order. */
function check(tables: ReadonlyMap<string, Table>): void {
  const answers = (tables.get('answers')?.rows ?? []).toSorted((a, b) => Number((a._seq as bigint) - (b._seq as bigint)));
  expect(new Set(answers.map(({ symbol, n }) => `${symbol} ${n}`)).size).toBe(9_000);
  expect(answers).toHaveLength(9_000);
  const sums = new Map<string, number>();
  const wanted = answers.map(({ symbol, ts_event, answer }) => {
    const sum = (sums.get(String(symbol)) ?? 0) + Number(answer);
    sums.set(String(symbol), sum);
    return `${symbol} ${ts_event} ${sum}`;
  });
  const given = (tables.get('totals')?.rows ?? []).map(({ symbol, ts_event, total }) => `${symbol} ${ts_event} ${total}`);
  expect(given.toSorted()).toEqual(wanted.toSorted());
  const aside = tables.get('aside')?.rows ?? [];
  expect(aside).toHaveLength(9_000);
  expect(aside.every(({ answer }) => Number(answer) >= 10)).toBe(true);
}

const logs: Log[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

describe('a node whose answers come from outside', () => {
  it('is led through a topic in which each task has a partition of its own', () => {
    const { registry } = worldOf();
    const plan = planOf(registry);
    const record = plan.outputs.find(({ aligned }) => aligned);
    expect(record).toMatchObject({ name: 'asked.out->_record', partitions: 3, key: [], from: [{ node: 'asked', port: 'out' }] });
    expect(plan.nodes.find(({ name }) => name === 'summed')?.inputs[0]?.edges).toEqual([{ node: 'asked.out->_record', port: 'out' }]);
    expect(plan.outputs.filter(({ kind }) => kind === 'exchange')).toHaveLength(1); // the key of the rows is known still
    expect(showPlan(plan, 'text', registry)).toMatch(/asked\.out->_record +what was answered +3 partitions/);
    expect(planOf(registry, 1).outputs.find(({ aligned }) => aligned)).toMatchObject({ partitions: 1 });
  });

  it('keeps what is for the record from other operators', () => {
    const { diagnostics } = compiled(TEXT.replace('from: asked }\n    sinks', 'from: asked.aside }\n    sinks'), worldOf().registry);
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual(['port-record-only']);
  });

  it('cannot be had inside a program', () => {
    const { registry } = worldOf();
    expect(() => runInProcess(planOf(registry, 1), registry.operators, {})).toThrow(/"asked" answers later/);
  });

  for (const [what, breaks, faults] of [
    ['quiet', [], false],
    ['some calls fail', [3, 17, 40], false],
    ['a mean log', [9], true],
  ] as const) {
    it(`is answered once for the record, and all that follows sees that: ${what}`, async () => {
      const dir = await freshFolder();
      const { tables, calls, registry } = worldOf((call) => (breaks as readonly number[]).includes(call));
      const log = await openLog(dir);
      logs.push(log);
      const running = runPipeline(planOf(registry), environmentOf(faults ? withFaults(log, mildFaults(7)) : log, registry, dir));
      expect(await running.done).toEqual({ state: 'done', error: null });
      check(tables);
      expect(calls.closed).toBe(1);
    });
  }

  it('parks its task when it fails again, and answers at the next start', async () => {
    const dir = await freshFolder();
    let down = true;
    const { tables, registry } = worldOf((call) => down && call >= 2);
    const log = await openLog(dir);
    logs.push(log);
    const outcome = await runPipeline(planOf(registry), environmentOf(log, registry, dir)).done;
    expect(outcome.error).toMatchObject({ code: 'dice-gone', node: 'asked' });
    down = false;
    expect(await runPipeline(planOf(registry), environmentOf(log, registry, dir)).done).toEqual({ state: 'done', error: null });
    check(tables);
  });
});
