import { afterEach, describe, expect, it } from 'vitest';
import type { SinkWriter } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { LeaseListener, Log } from '../../graph/contract/log.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import {
  changedLog,
  differences,
  environmentOf,
  freshFolder,
  openLog,
  type PlanShape,
  planOf,
  poison,
  registryOf,
  Table,
  tableConnector,
  withReads,
} from './fixture.ts';

const logs: Log[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close();
});

async function start() {
  const dir = await freshFolder();
  const log = await openLog(dir);
  logs.push(log);
  const tables = new Map([
    ['sums', new Table()],
    ['windows', new Table()],
  ]);
  return { dir, log, tables, registry: registryOf(tables) };
}

const SMALL: PlanShape = { rows: 1_500, partitions: 2, tasks: 2 };
const SLOW: PlanShape = { rows: 4_000, partitions: 3, tasks: 4, exchange: true, chunk: 200, slow: true };

const passing = (): MillraceError => new MillraceError('not just now', { code: 'test-passing', domain: 'external', retry: 'backoff' });
const lasting = (): MillraceError => new MillraceError('not ever', { code: 'test-lasting', domain: 'external' });

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A log that gives the engine's lease away and back when `fence` says so of a round, which is fenced. */
function fencing(log: Log, plan: Plan, fence: (entries: string) => boolean): Log {
  let engine: LeaseListener | null = null;
  return changedLog(log, {
    lease: (group, topic, listener) => {
      if (topic === plan.journal) engine = listener;
      return log.lease(group, topic, listener);
    },
    commit: async (round) => {
      const tasks = round.tasks.map(({ task }) => task);
      if (!fence(round.tasks.map(({ entry }) => Buffer.from(entry).toString()).join())) return log.commit(round);
      await new Promise((resolve) => setTimeout(resolve, 50)); // long enough for the engine to look for more to do
      void engine?.revoked(tasks, true).then(() => engine?.assigned(tasks));
      return 'fenced';
    },
  });
}

describe('fences', () => {
  it('one on the round that ends the sources does not end the run before its rows are written', async () => {
    const { dir, log, tables, registry } = await start();
    const plan = planOf(SMALL);
    let left = 2;
    const mean = fencing(log, plan, (entries) => entries.includes('"ended":[[') && left-- > 0);
    expect(await runPipeline(plan, environmentOf(mean, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SMALL)).toEqual([]);
  });

  it('one on the first epoch lets the task go, and its return begins it', async () => {
    const { dir, log, tables, registry } = await start();
    const plan = planOf(SMALL);
    let left = 1;
    const mean = fencing(log, plan, (entries) => entries.includes('"epoch":0') && left-- > 0);
    expect(await runPipeline(plan, environmentOf(mean, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SMALL)).toEqual([]);
  });

  it('one on the closing round leaves the log alone and the end clean', async () => {
    const { dir, log, tables, registry } = await start();
    const plan = planOf(SMALL);
    const mean = fencing(log, plan, (entries) => entries.includes('"closed":true'));
    expect(await runPipeline(plan, environmentOf(mean, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SMALL)).toEqual([]);
  });
});

describe('a log that is not there for a while', () => {
  it('at its first commits delays the start', async () => {
    const { dir, log, tables, registry } = await start();
    let calls = 0;
    const mean = changedLog(log, {
      commit: async (round) => {
        if (calls++ % 2 === 0) throw passing();
        return log.commit(round);
      },
    });
    expect(await runPipeline(planOf(SMALL), environmentOf(mean, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SMALL)).toEqual([]);
  });

  it('leaves a first epoch undecided: the root of a former incarnation is no answer', async () => {
    const { dir, log, tables, registry } = await start();
    const first = await runPipeline(planOf({ ...SMALL, rows: 10 }), environmentOf(log, registry, dir)).done;
    expect(first).toEqual({ state: 'done', error: null });
    for (const table of tables.values()) table.rows.length = 0;
    let left = 1;
    const mean = changedLog(log, {
      commit: async (round) => (round.tasks[0]?.epoch === 0 && left-- > 0 ? 'unknown' : log.commit(round)),
    });
    const anew = { ...environmentOf(mean, registry, dir), loseState: true };
    expect(await runPipeline({ ...planOf(SMALL), hash: 'h2' }, anew).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SMALL)).toEqual([]);
  });

  it('cannot be asked for its usage: the view stays as it was, nothing else happens', async () => {
    const { dir, log, tables, registry } = await start();
    const mean = changedLog(log, {
      usage: async () => {
        throw lasting();
      },
    });
    expect(await runPipeline(planOf(SLOW), environmentOf(mean, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SLOW)).toEqual([]);
  });

  it('refuses what a sink asks of it at the start: the run fails and ends', async () => {
    const { dir, log, registry } = await start();
    const mean = changedLog(log, {
      intent: async () => {
        throw lasting();
      },
    });
    expect(await runPipeline(planOf(SMALL), environmentOf(mean, registry, dir)).done).toMatchObject({
      state: 'failed',
      error: { code: 'test-lasting' },
    });
  });
});

describe('a source that fails', () => {
  it('for a while is read again, and no row is lost', async () => {
    const { dir, log, tables, registry } = await start();
    let calls = 0;
    const notes: string[] = [];
    const failing = withReads(registry, () => {
      if (calls++ % 3 === 0) throw passing();
    });
    const running = runPipeline(planOf(SMALL), environmentOf(log, failing, dir, notes));
    expect(await running.done).toEqual({ state: 'done', error: null });
    expect(notes.some((line) => line.includes('not just now'))).toBe(true);
    expect(differences(tables, SMALL)).toEqual([]);
  });

  it('for ever parks the task that reads it, and says why; the others end', async () => {
    const { dir, log, tables, registry } = await start();
    const failing = withReads(registry, (partition, from) => {
      if (partition === 1 && from > 700) throw lasting();
    });
    const running = runPipeline(planOf(SMALL), environmentOf(log, failing, dir));
    expect((await running.done).error).toMatchObject({ code: 'test-lasting', node: 'trades' });
    expect(running.view().tasks.map(({ state }) => state)).toEqual(['closed', 'parked']);
    expect(await runPipeline(planOf(SMALL), environmentOf(log, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, SMALL)).toEqual([]);
  });
});

describe('a parked task', () => {
  it('is one whose state is lost; the others go on', async () => {
    const { dir, log, registry } = await start();
    const shape = { ...SMALL, chunk: 100, slow: true };
    const first = runPipeline(planOf(shape), environmentOf(log, registry, dir));
    await until(() => first.view().epochs > 4);
    await first.drain();
    const mean = changedLog(log, {
      getState: async (pipeline, task, reference) => (task === 1 ? null : log.getState(pipeline, task, reference)),
    });
    const second = runPipeline(planOf(shape), environmentOf(mean, registry, dir));
    expect((await second.done).error).toMatchObject({ code: 'state-lost' });
    expect(second.view().tasks.map(({ state }) => state)).toEqual(['closed', 'parked']);
  });

  it('does not keep those that wait for its rows from ending', async () => {
    const { dir, log, tables, registry } = await start();
    const shape = { ...SLOW, rows: 600 };
    poison.partition = 1;
    try {
      const outcome = await runPipeline(planOf(shape), environmentOf(log, registry, dir)).done;
      expect(outcome).toMatchObject({ state: 'parked', error: { message: 'poison' } });
    } finally {
      poison.partition = null;
    }
    expect(await runPipeline(planOf(shape), environmentOf(log, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, shape)).toEqual([]);
  });
});

describe('a sink', () => {
  it('whose partition is away when the input ends is done only when it is back and written', async () => {
    const { dir, log, tables, registry } = await start();
    const plan = planOf({ ...SMALL, rows: 500 });
    let sink: LeaseListener | null = null;
    const mean = changedLog(log, {
      lease: (group, topic, listener) => {
        if (group === 'millrace.p.sink.sums') sink = listener;
        return log.lease(group, topic, listener);
      },
      commit: async (round) => {
        if (sink) {
          const away = sink;
          sink = null;
          await away.revoked([0], false);
          setTimeout(() => away.assigned([0]), 1_500);
        }
        return log.commit(round);
      },
    });
    let finished = -1;
    const watched = tableConnector(tables);
    const declaration = watched.sink;
    if (!declaration) throw new TypeError('the table is a sink');
    const connector = {
      ...watched,
      sink: {
        ...declaration,
        async open(params: { table: string }, ...rest: [Parameters<typeof declaration.open>[1], Parameters<typeof declaration.open>[2]]) {
          const writer: SinkWriter = await declaration.open(params, ...rest);
          return {
            ...writer,
            finish: async () => {
              if (params.table === 'sums') finished = tables.get('sums')?.rows.length ?? 0;
            },
          };
        },
      },
    };
    const connectors = new Map([...registry.connectors, ['memory', connector] as const]);
    expect(await runPipeline(plan, environmentOf(mean, { ...registry, connectors }, dir)).done).toEqual({ state: 'done', error: null });
    expect(finished).toBe(1_000);
    expect(differences(tables, { ...SMALL, rows: 500 })).toEqual([]);
  });

  it('that is down from the start says how much waits for it', async () => {
    const { dir, log, tables, registry } = await start();
    const down = tables.get('sums') as Table;
    down.down = true;
    const running = runPipeline(planOf(SMALL), environmentOf(log, registry, dir));
    await until(() => (running.view().sinks.find(({ name }) => name === 'sums_table')?.lagMessages ?? 0) > 0);
    expect(running.view().sinks.find(({ name }) => name === 'sums_table')).toMatchObject({ state: 'retrying' });
    down.down = false;
    expect(await running.done).toEqual({ state: 'done', error: null });
  });
});

describe('an edit of the plan', () => {
  it('that renames a node keeps its state though the first run under it is killed before its first snapshot', async () => {
    const { dir, log, tables, registry } = await start();
    const shape: PlanShape = { ...SMALL, rows: 4_000, chunk: 100, slow: true };
    const first = runPipeline(planOf(shape), environmentOf(log, registry, dir));
    await until(() => first.view().epochs > 4);
    await first.drain();
    const plan = planOf(shape);
    const to = 'totals';
    const renamed: Plan = {
      ...plan,
      hash: 'h2',
      nodes: plan.nodes.map((node) => (node.name === 'sums' ? { ...node, name: to, was: 'sums' } : node)),
      outputs: plan.outputs.map((o) => (o.name === 'feed.sums' ? { ...o, from: [{ node: to, port: 'out' }] } : o)),
    };
    let epochs = 0;
    const dying = changedLog(log, {
      commit: async (round) => {
        if (round.tasks.length > 0 && ++epochs > 4) throw lasting();
        return log.commit(round);
      },
    });
    expect((await runPipeline(renamed, environmentOf(dying, registry, dir)).done).state).toBe('failed');
    expect(await runPipeline(renamed, environmentOf(log, registry, dir)).done).toEqual({ state: 'done', error: null });
    expect(differences(tables, shape)).toEqual([]);
  });
});
