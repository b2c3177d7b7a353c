import { Float64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { declarations } from '../../cli/registry.ts';
import { column } from '../../graph/contract/batch.ts';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import type { Connector } from '../../graph/contract/connector.ts';
import { defineOperator, type Operator } from '../../graph/contract/operator.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { compile } from '../../graph/plan/compile.ts';
import { readHistory } from '../../graph/run/history.ts';
import { findLeaks, type LeakReport } from '../../graph/test-kit/leaks.ts';
import { formula, rowAt, TRADES } from '../run/fixture.ts';

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

const RECEIVED = new Schema([...TRADES.fields, COLUMNS.ts_recv]);

/** Rows that reached us up to 36 ms after they happened, one every 10 ms. The clock of row `wrong` of the first partition says 1970. */
const received: Connector = {
  ...formula,
  name: 'received',
  source: {
    ...(formula.source as NonNullable<Connector['source']>),
    schema: () => RECEIVED,
    async open(params: { rows: number; partitions: number; chunk: number; wrong: number }, context) {
      const reader = await (formula.source as NonNullable<Connector['source']>).open(params, context);
      return {
        ...reader,
        async read(partition, from, maxRows, maxBytes) {
          const chunk = await reader.read(partition, from, maxRows, maxBytes);
          if (!chunk?.batch) return chunk;
          const rows = rowsOf(chunk.batch).map((row, i) => {
            const [n, at] = [from + i, rowAt(partition, 0).ts_event + BigInt(from + i) * 10_000_000n];
            const isWrong = partition === 0 && n === params.wrong;
            return { ...row, ts_event: isWrong ? 86_400_000_000_000n : at - BigInt((n * 7919) % 13) * 3_000_000n, ts_recv: at };
          });
          return { ...chunk, batch: batchOf(RECEIVED, rows) };
        },
      };
    },
  },
};

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
const own: readonly Operator<any>[] = [peek, ask];
const registry: Registry = {
  ...declarations,
  operators: new Map([...declarations.operators, ...own.map((operator) => [operator.name, operator] as const)]),
  connectors: new Map([...declarations.connectors, ['formula', formula], ['received', received]]),
};

const PLAIN = '{ formula: { rows: 2000, partitions: 2, chunk: 300 }, time: { column: ts_event, lateness: 20ms } }';

async function report(operators: string, seed = 1, source = PLAIN): Promise<LeakReport> {
  const text = `
version: 1
pipelines:
  p:
    sources:
      trades: ${source}
    operators:
${operators}
    sinks:
      shown: { from: last, print: {} }
`;
  const files = { exists: () => true, read: () => '' };
  const { plans, diagnostics } = compile({ text, file: 'p.yaml', registry, env: {}, files, allowPaths: [], allowCode: false, tasks: 1 });
  const [plan] = plans;
  if (!plan) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const history = await readHistory(plan, { registry, folder: '.', note: () => undefined });
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

describe('rows that reached us after they happened', () => {
  const source = (column: string, wrong: number) =>
    `{ received: { rows: 2000, partitions: 2, chunk: 300, wrong: ${wrong} }, time: { column: ${column}, lateness: 50ms } }`;
  const honest = `      sums: { use: aggregate, from: trades, with: { every: 1s, by: [symbol], columns: { total: { sum: size } } } }
      known: { use: label, from: trades, with: { horizon: 1s, price: size, max_age: 900ms } }
`;
  /** Says of a row's own time what was known a second later. */
  const early = `      last: { use: select, from: known, with: { columns: { ts_event: ts_origin, ts_recv: ts_recv, symbol: symbol, r: label_return } } }`;
  const NONE = -1;
  const compared = (found: LeakReport) => found.ports.filter(({ rows }) => rows > 0).map(({ node, port }) => `${node}.${port}`);

  // 1 of 4 parts of the rows is before each of the 3 cuts: a wrong clock before the first, and between
  test.each([
    ['ts_event', 300],
    ['ts_recv', NONE],
    ['ts_recv', 300],
    ['ts_recv', 1200],
  ])(
    'a source timed by %s, a clock of 1970 in row %i: what is honest passes, what leaks is shown',
    async (column, wrong) => {
      const found = await report(
        `${honest}      last: { use: filter, from: known, with: { where: "size > 0" } }`,
        1,
        source(column, wrong),
      );
      expect(found.leaks).toEqual([]);
      expect(found.unseen).toEqual([]);
      expect(compared(found)).toEqual(expect.arrayContaining(['sums.out', 'known.out', 'last.out']));
      const leaky = await report(honest + early, 1, source(column, wrong));
      expect(new Set(leaky.leaks.map(({ node }) => node))).toEqual(new Set(['last']));
    },
    180_000,
  );

  test('are not passed over without a word: a clock of 1970 after every cut leaves nothing to compare', async () => {
    const found = await report(honest + early, 1, source('ts_recv', 1900));
    expect(found.leaks).toEqual([]);
    const at = rowAt(0, 0).ts_event + 1900n * 10_000_000n;
    const straddler = { column: 'ts_recv', happenedNs: 86_400_000_000_000n, reachedNs: at, port: 'out', rows: expect.any(Number) };
    expect(found.unseen.filter(({ port }) => port === 'out')).toEqual(
      ['sums', 'known', 'last'].map((node) => expect.objectContaining({ node, ...straddler })),
    );
  });
});
