import { afterEach, describe, expect, it } from 'vitest';
import type { Log } from '../../graph/contract/log.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, expected, freshFolder, openLog, type PlanShape, planOf, registryOf, Table } from './fixture.ts';

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

const fresh = (): Map<string, Table> => new Map([['sums', new Table()], ['windows', new Table()]]);

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
});
