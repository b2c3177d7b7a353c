import { afterEach, describe, expect, it } from 'vitest';
import { mildFaults, withFaults } from '../../connectors/embedded/faults.ts';
import type { Connector } from '../../graph/contract/connector.ts';
import type { Log } from '../../graph/contract/log.ts';
import type { Plan, PlanOutput } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { HEADER } from '../../graph/run/exchange.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, formula, freshFolder, openLog, planOf, registryOf, rowAt, Table, TRADES } from './fixture.ts';

const SHAPE = { rows: 1_200, partitions: 2, tasks: 3, chunk: 60, slow: true };
const logs: Log[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

/** The rows of `formula` under other symbols. */
const other: Connector = {
  ...formula,
  name: 'other',
  source: {
    ...(formula.source as NonNullable<Connector['source']>),
    async open(params, context) {
      const reader = await (formula.source as NonNullable<Connector['source']>).open(params, context);
      return {
        ...reader,
        async read(...asked) {
          const chunk = await reader.read(...asked);
          if (!chunk || !('batch' in chunk) || !chunk.batch) return chunk;
          return {
            ...chunk,
            batch: batchOf(
              TRADES,
              rowsOf(chunk.batch).map((row) => ({ ...row, symbol: `other ${row.symbol}` })),
            ),
          };
        },
      };
    },
  },
};

/** Two sources whose rows one table takes; and one topic, where `topic` is set. */
function united(topic: string | null): Plan {
  const plan = planOf(SHAPE);
  const [trades] = plan.inputs;
  const [feed] = plan.outputs;
  const [sink] = plan.sinks;
  if (trades?.from.kind !== 'connector' || !feed || !sink) throw new TypeError('the fixture has a source and a sink');
  const from = ['trades', 'others'].map((node) => ({ node, port: 'out' }));
  const output: PlanOutput = {
    ...feed,
    name: 'both',
    kind: topic === null ? 'feed' : 'topic',
    from,
    topic: topic ?? '_millrace.p.feed.both',
    schema: TRADES,
  };
  return {
    ...plan,
    inputs: [trades, { ...trades, name: 'others', from: { ...trades.from, connector: 'other' } }],
    nodes: [],
    outputs: [output],
    sinks: [{ ...sink, name: 'both', from, topic: output.topic, schema: TRADES, params: { table: 'both' } }],
    topics: [...plan.topics.slice(0, 1), { topic: output.topic, partitions: 1, kind: topic === null ? 'feed' : 'data', retentionMs: null }],
  };
}

function registryFor(table: Table): Registry {
  const registry = registryOf(new Map([['both', table]]));
  return { ...registry, connectors: new Map([...registry.connectors, ['other', other]]) };
}

async function open(dir: string): Promise<Log> {
  const log = await openLog(dir);
  logs.push(log);
  return log;
}

function check({ rows }: Table): void {
  const want = ['', 'other '].flatMap((of) =>
    [0, 1].flatMap((partition) => Array.from({ length: SHAPE.rows }, (_, n) => `${of}${rowAt(partition, n).symbol} ${n}`)),
  );
  expect(rows.map(({ symbol, n }) => `${symbol} ${n}`).sort()).toEqual(want.sort());
  expect(new Set(rows.map(({ _src, _seq }) => `${_src} ${_seq}`)).size).toBe(rows.length);
  expect(rows.every(({ _task, _epoch }) => Number(_task) >= 0 && Number(_epoch) >= 0)).toBe(true);
}

describe('a table that unites the rows of two nodes', () => {
  it('has each once, also where a run stopped and the table answered with an error though it had written', async () => {
    const dir = await freshFolder();
    const table = new Table();
    table.lieNext = 2;
    const environment = environmentOf(await open(dir), registryFor(table), dir);
    const first = runPipeline(united(null), environment);
    while (first.view().epochs < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    await first.drain();
    expect((await first.done).state).toBe('done');
    expect((await runPipeline(united(null), environment).done).state).toBe('done');
    check(table);
  });

  it.each([1, 2])('has each once on a log meaner than Kafka, seed %i', async (seed) => {
    const dir = await freshFolder();
    const table = new Table();
    const log = withFaults(await open(dir), mildFaults(seed));
    const notes: string[] = [];
    const running = runPipeline(united(null), environmentOf(log, registryFor(table), dir, notes));
    expect(await running.done, notes.join('\n')).toEqual({ state: 'done', error: null });
    check(table);
  });
});

it('says in a topic which port wrote a message, as each has an order of its own', async () => {
  const dir = await freshFolder();
  const table = new Table();
  const log = await open(dir);
  expect((await runPipeline(united('both'), environmentOf(log, registryFor(table), dir)).done).state).toBe('done');
  check(table);
  const ports = new Set<string | undefined>();
  const { high = 0 } = (await log.describe('both'))?.ranges[0] ?? {};
  for await (const { headers } of log.scan('both', 0, 0, high)) ports.add(headers[HEADER.port]);
  expect([...ports].sort()).toEqual(['others.out', 'trades.out']);
});
