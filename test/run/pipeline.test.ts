import { afterEach, describe, expect, it } from 'vitest';
import { mildFaults, withFaults } from '../../connectors/embedded/faults.ts';
import type { Log } from '../../graph/contract/log.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, expected, freshFolder, openLog, type PlanShape, planOf, poison, registryOf, Table } from './fixture.ts';

const logs: Log[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

async function open(dir: string): Promise<Log> {
  const log = await openLog(dir);
  logs.push(log);
  return log;
}

/** Every row once, every running sum and window right. */
function check(tables: Map<string, Table>, shape: PlanShape): void {
  const want = expected(shape);
  const sums = tables.get('sums')?.rows ?? [];
  expect(sums.length).toBe(want.count);
  expect(new Set(sums.map((row) => `${row._src} ${row._seq}`)).size).toBe(want.count);
  const last = new Map<string, number>();
  for (const row of sums) last.set(String(row.symbol), Math.max(last.get(String(row.symbol)) ?? 0, Number(row.total)));
  expect(last).toEqual(want.sums);
  const windows = new Map((tables.get('windows')?.rows ?? []).map((row) => [`${row.ts_event} ${row.symbol}`, Number(row.count)]));
  expect(windows).toEqual(want.windows);
  expect(tables.get('windows')?.rows.length).toBe(want.windows.size);
}

const fresh = (): Map<string, Table> =>
  new Map([
    ['sums', new Table()],
    ['windows', new Table()],
  ]);

describe('a pipeline on the embedded log', () => {
  for (const shape of [
    { rows: 3_000, partitions: 1, tasks: 1 },
    { rows: 2_000, partitions: 3, tasks: 2 },
    { rows: 2_000, partitions: 3, tasks: 4, exchange: true },
  ] satisfies PlanShape[]) {
    it(`ends by itself with every row once: ${JSON.stringify(shape)}`, async () => {
      const dir = await freshFolder();
      const tables = fresh();
      const log = await open(dir);
      const running = runPipeline(planOf(shape), environmentOf(log, registryOf(tables), dir));
      expect(await running.done).toEqual({ state: 'done', error: null });
      check(tables, shape);
    });
  }

  const SHAPE: PlanShape = { rows: 6_000, partitions: 3, tasks: 4, exchange: true, chunk: 200, slow: true };

  it('goes on where a drained run stopped, and a third start has nothing to do', async () => {
    const dir = await freshFolder();
    const tables = fresh();
    const log = await open(dir);
    const environment = environmentOf(log, registryOf(tables), dir);
    const first = runPipeline(planOf(SHAPE), environment);
    await until(() => first.view().epochs > 6);
    await first.drain();
    expect((await first.done).state).toBe('done');
    const written = tables.get('sums')?.rows.length ?? 0;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(18_000);
    expect((await runPipeline(planOf(SHAPE), environment).done).state).toBe('done');
    check(tables, SHAPE);
    const third = runPipeline(planOf(SHAPE), environment);
    expect((await third.done).state).toBe('done');
    expect(third.view().epochs).toBe(0);
    check(tables, SHAPE);
  });

  it('a sink that is down holds its rows and nobody else, and lies are looked up', async () => {
    const dir = await freshFolder();
    const tables = fresh();
    const log = await open(dir);
    const down = tables.get('windows') as Table;
    down.down = true;
    (tables.get('sums') as Table).lieNext = 2;
    const running = runPipeline(planOf(SHAPE), environmentOf(log, registryOf(tables), dir));
    await until(() => (tables.get('sums')?.rows.length ?? 0) === 18_000);
    expect(running.view().sinks.find((s) => s.name === 'windows_table')?.lastError?.code).toBe('table-down');
    expect(down.rows.length).toBe(0);
    down.down = false;
    expect((await running.done).state).toBe('done');
    check(tables, SHAPE);
  });

  it('parks the task whose kernel throws, and no other; a later start tries again', async () => {
    const dir = await freshFolder();
    const tables = fresh();
    const log = await open(dir);
    const registry = registryOf(tables);
    const plan = planOf({ rows: 1_500, partitions: 2, tasks: 2 });
    poison.partition = 1;
    try {
      const running = runPipeline(plan, environmentOf(log, registry, dir));
      const outcome = await running.done;
      expect(outcome.state).toBe('parked');
      expect(outcome.error?.message).toBe('poison');
      expect(running.view().tasks.map(({ task, state }) => [task, state])).toEqual([
        [0, 'closed'],
        [1, 'parked'],
      ]);
      expect(running.view().tasks[1]?.error).toMatchObject({ message: 'poison', node: 'sums' });
    } finally {
      poison.partition = null;
    }
    const symbols = new Set((tables.get('sums')?.rows ?? []).map((row) => String(row.symbol)));
    expect([...symbols].filter((symbol) => symbol.startsWith('S0'))).toHaveLength(5);
    expect((await runPipeline(plan, environmentOf(log, registry, dir)).done).state).toBe('done');
    check(tables, { rows: 1_500, partitions: 2, tasks: 2 });
  });

  it('keeps state across an edit that leaves it alone, and refuses one that loses it', async () => {
    const dir = await freshFolder();
    const tables = fresh();
    const log = await open(dir);
    const registry = registryOf(tables);
    const first = runPipeline(planOf(SHAPE), environmentOf(log, registry, dir));
    await until(() => first.view().epochs > 6);
    await first.drain();
    const plan = planOf(SHAPE);
    const losing = { ...plan, hash: 'h2', nodes: plan.nodes.map((node) => ({ ...node, signature: `${node.signature}2` })) };
    const refused = await runPipeline(losing, environmentOf(log, registry, dir)).done;
    expect(refused).toMatchObject({ state: 'failed', error: { code: 'plan-mismatch' } });
    expect(refused.error?.message).toMatch(/"sums" .*"windows" /);
    expect(refused.error).toMatchObject({
      remedy: expect.stringMatching(/--lose-state; where "p\w*" on this broker is the pipeline of another file, rename yours$/),
    });
    expect((await runPipeline({ ...plan, hash: 'h3', latencyMs: 10 }, environmentOf(log, registry, dir)).done).state).toBe('done');
    check(tables, SHAPE);
  });

  it('leaves state behind when told to, also where it fits; a worker keeps it and says so', async () => {
    const dir = await freshFolder();
    const tables = fresh();
    const log = await open(dir);
    const shape = { rows: 100, partitions: 1, tasks: 1 };
    const notes: string[] = [];
    const start = async (more: object) => {
      const running = runPipeline(planOf(shape), { ...environmentOf(log, registryOf(tables), dir, notes), ...more });
      expect(await running.done).toEqual({ state: 'done', error: null });
      return running.view().incarnation;
    };
    const first = await start({});
    expect(await start({ loseState: true, isWorker: true })).toBe(first);
    expect(notes).toEqual([expect.stringMatching(/^p: its state fits the file .* so it is kept/)]);
    for (const table of tables.values()) table.rows.length = 0;
    expect(await start({ loseState: true })).not.toBe(first);
    expect(notes.slice(1)).toEqual(['the state found is left behind (--lose-state)']);
    check(tables, shape);
  });

  const SEEDS = (process.env.MILLRACE_SEEDS ?? '1,2,3,4,5').split(',').map(Number);
  for (const seed of SEEDS) {
    it(`loses and doubles nothing on a log meaner than Kafka, seed ${seed}`, async () => {
      const dir = await freshFolder();
      const tables = fresh();
      const log = withFaults(await open(dir), mildFaults(seed));
      const notes: string[] = [];
      const running = runPipeline(planOf(SHAPE), environmentOf(log, registryOf(tables), dir, notes));
      expect(await running.done, notes.join('\n')).toEqual({ state: 'done', error: null });
      check(tables, SHAPE);
    });
  }
});

/** Resolves when the condition holds; looks again every few ms. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
