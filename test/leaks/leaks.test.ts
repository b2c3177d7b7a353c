import { Float64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { declarations } from '../../cli/registry.ts';
import { column } from '../../graph/contract/batch.ts';
import { field } from '../../graph/contract/columns.ts';
import { defineOperator, type Operator } from '../../graph/contract/operator.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { readHistory } from '../../graph/run/history.ts';
import { findLeaks, type LeakReport } from '../../graph/test-kit/leaks.ts';
import { formula, TRADES } from '../run/fixture.ts';

const WITH_NEXT = new Schema([...TRADES.fields, field('next', new Float64(), true, 'size of the row after')]);
const ANSWERED = new Schema([...TRADES.fields, field('answer', new Float64(), true, 'twice the size')]);

const shared = {
  semantics: 1,
  params: z.strictObject({}),
  inputs: { in: { description: 'rows' } },
  outputs: { out: { description: 'rows' } },
  groups: () => null,
  summary: 'of a test',
};
const stateless = { advance: () => undefined, nextTimer: () => null, snapshot: () => [], restore: () => undefined };

/** Sees the row after each: right rows, wrong time. */
const peek = defineOperator({
  ...shared,
  name: 'peek',
  determinism: 'exact',
  schema: () => ({ out: WITH_NEXT }),
  create: () => ({
    ...stateless,
    push(batch, _, emit) {
      const rows = rowsOf(batch);
      emit(
        'out',
        batchOf(
          WITH_NEXT,
          rows.map((row, i) => ({ ...row, next: rows[i + 1]?.size ?? null })),
        ),
      );
    },
  }),
});

/** Is answered later, from the row alone. */
const ask = defineOperator({
  ...shared,
  name: 'ask',
  determinism: 'effect',
  schema: () => ({ out: ANSWERED }),
  create: () => ({
    ...stateless,
    push: (batch, _, emit) =>
      emit(
        'out',
        batchOf(
          ANSWERED,
          rowsOf(batch).map((row) => ({ ...row, answer: null })),
        ),
      ),
  }),
  effect: async () => ({
    async apply(_, batch) {
      const sizes = column(batch, 'size').values as Float64Array;
      return batchOf(
        ANSWERED,
        rowsOf(batch).map((row, i) => ({ ...row, answer: 2 * (sizes[i] ?? 0) })),
      );
    },
    close: async () => undefined,
  }),
});

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
const own: readonly Operator<any>[] = [peek, ask];
const registry: Registry = {
  ...declarations,
  operators: new Map([...declarations.operators, ...own.map((operator) => [operator.name, operator] as const)]),
  connectors: new Map([...declarations.connectors, ['formula', formula]]),
};

async function report(operators: string, seed = 1): Promise<LeakReport> {
  const text = `
version: 1
pipelines:
  p:
    sources:
      trades: { formula: { rows: 2000, partitions: 2, chunk: 300 }, time: { column: ts_event, lateness: 20ms } }
    operators:
${operators}
    sinks:
      shown: { from: last, print: {} }
`;
  const files = { exists: () => true, read: () => '' };
  const { plans, diagnostics } = compile({ text, file: 'p.yaml', registry, env: {}, files, allowPaths: [], allowCode: false, tasks: 1 });
  const [plan] = plans;
  if (!plan) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const history = await readHistory(plan, { registry, folder: '.', dataDir: '.', note: () => undefined });
  return findLeaks({ plan, registry, history, seed, cuts: 3 });
}

describe('the future, shuffled', () => {
  test('moves nothing that is honest: windows, rows before, labels that wait, answers', async () => {
    const found =
      await report(`      sums: { use: aggregate, from: trades, with: { every: 1s, by: [symbol], columns: { total: { sum: size } } } }
      asked: { use: ask, from: trades }
      moved: { use: derive, from: asked, with: { columns: { change: "answer - answer[1]" } } }
      last: { use: label, from: moved, with: { horizon: 1s, price: answer, max_age: 900ms } }`);
    expect(found.leaks).toEqual([]);
    expect(found.rows).toBe(4_000);
    expect(found.cutsNs).toHaveLength(3);
    for (const port of ['sums.out', 'asked.out', 'moved.out', 'last.out'])
      expect([port, found.ports.find((one) => `${one.node}.${one.port}` === port)?.rows]).toEqual([port, expect.any(Number)]);
    expect(found.ports.filter(({ rows, port }) => rows === 0 && port === 'out')).toEqual([]);
  });

  test('passes over a port that says what was missing, but not those that read it', async () => {
    const label = 'label, from: trades, with: { horizon: 60ms, price: size, max_age: 40ms } }';
    const found = await report(`      last: { use: ${label}`);
    expect(found.leaks).toEqual([]);
    expect(found.ports.map(({ node, port }) => `${node}.${port}`)).not.toContain('last.unlabelled');
    const read = await report(`      known: { use: ${label}
      last: { use: derive, from: known.unlabelled, with: { columns: { half: "size / 2" } } }`);
    expect(read.leaks.map(({ node }) => node)).toContain('last');
  });

  test.each([1, 2, 3])('shows a node that looks one row ahead, and those that read it: seed %i', async (seed) => {
    const found = await report(
      `      ahead: { use: peek, from: trades }
      last: { use: derive, from: ahead, with: { columns: { gain: "next - size" } } }
      honest: { use: derive, from: trades, with: { columns: { half: "size / 2" } } }`,
      seed,
    );
    const nodes = new Set(found.leaks.map(({ node }) => node));
    expect([...nodes].sort()).toEqual(['ahead', 'last']);
    const [leak] = found.leaks;
    expect(leak?.before).toMatch(/next: \d+/);
    expect(leak?.after).toMatch(/next: \d+/);
    expect(leak?.before).not.toBe(leak?.after);
  });
});
