import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import type { Log } from '../../graph/contract/log.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { NO_FACTS } from '../../graph/resolve/scope.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog } from './fixture.ts';

/** Files, rows of each, and symbols. */
const FILES = 3;
const ROWS = 4_000;
const START_MS = Date.UTC(2024, 7, 8, 12);

const yaml = (format: 'json' | 'csv', broadcast = false): string => `version: 1
pipelines:
  p:
    tasks: 2
    sources:
      trades:
        file: trades-*.${format}
        format: ${format}
        schema: { columns: { ts_event: timestamp, symbol: dictionary, price: float64, size: float64 } }
        time: { column: ts_event, lateness: 250ms }
        broadcast: ${broadcast}
    operators:
      bars: { use: bars, from: trades, with: { every: 1s } }
      large: { use: filter, from: trades, with: { where: "size > 90" } }
    sinks:
      bars_out: { from: bars, file: bars.ndjson }
      late_out: { from: bars.late, file: late.ndjson }
${broadcast ? '' : '      large_out: { from: large, file: large.ndjson }\n'}      refused_out: { from: trades.rejected, file: refused.ndjson }
`;

/** Line `n` of file `f`: mostly in order, now and then far behind, now and then nothing that can be read. */
function lineAt(format: 'json' | 'csv', file: number, n: number): string {
  if (n % 997 === 500) return format === 'json' ? `{"ts_event": broken ${n}` : `no time ${n},S0,1,1`;
  const behindMs = n % 101 === 77 ? 3_000 : (n * 7919) % 200;
  const ts = new Date(START_MS + n * (10 + file) - behindMs).toISOString();
  const [symbol, price, size] = [`S${(n * 31 + file) % 7}`, 100 + ((n * 17) % 50) / 8, (n * 13) % 100];
  return format === 'json' ? JSON.stringify({ ts_event: ts, symbol, price, size }) : `${ts},${symbol},${price},${size}`;
}

async function files(format: 'json' | 'csv'): Promise<string> {
  const dir = await freshFolder();
  for (let file = 0; file < FILES; file++) {
    const lines = Array.from({ length: ROWS * (file + 1) }, (_, n) => lineAt(format, file, n));
    const header = format === 'csv' ? ['ts_event,symbol,price,size'] : [];
    await writeFile(join(dir, `trades-${file}.${format}`), `${[...header, ...lines].join('\n')}\n`);
  }
  return dir;
}

/** The plan as it is on a log of one process, or on one that several share. */
function planIn(dir: string, text: string, isShared: boolean): Plan {
  const { plans, diagnostics } = compile({
    text,
    file: join(dir, 'pipelines.yaml'),
    registry: declarations,
    env: {},
    files: disk,
    allowPaths: [],
    allowCode: false,
    ...(isShared
      ? { connections: { broker: 'kafka://127.0.0.1:1' }, facts: { ...NO_FACTS, sources: new Map([['p.trades', FILES]]) } }
      : {}),
  });
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return plans[0] as Plan;
}

async function ranToEnd(plan: Plan, log: Log, dir: string): Promise<PipelineView> {
  const running = runPipeline(plan, environmentOf(log, declarations, dir));
  expect(await running.done).toEqual({ state: 'done', error: null });
  return running.view();
}

const sorted = async (path: string): Promise<string[]> => (await readFile(path, 'utf8')).split('\n').sort();

async function written(text: string, format: 'json' | 'csv', isShared: boolean): Promise<Record<string, string[]>> {
  const dir = await files(format);
  const log = await openLog(dir);
  try {
    await ranToEnd(planIn(dir, text, isShared), log, dir);
    const out: Record<string, string[]> = {};
    for (const name of ['bars', 'late', 'large', 'refused'])
      if (text.includes(`${name}.ndjson`)) out[name] = await sorted(join(dir, `${name}.ndjson`));
    // the clock of the epoch that refused a row is the only thing that may differ
    return { ...out, refused: (out.refused ?? []).map((line) => line.replace(/"ts_recv":"[^"]*"/, '')) };
  } finally {
    await log.close();
  }
}

describe('a source that is landed in a topic first', () => {
  it.each(['json', 'csv'] as const)(
    'gives the rows, bars, late and refused rows, with their places, that it gives unlanded (%s)',
    async (format) => {
      const plain = await written(yaml(format), format, false);
      const landed = await written(yaml(format), format, true);
      expect(plain.bars?.length).toBeGreaterThan(500);
      expect(plain.late?.length).toBeGreaterThan(50);
      expect(plain.refused?.join('\n')).toContain(`trades-2.${format}`);
      expect(landed).toEqual(plain);
    },
  );

  it('is read by every task where it is broadcast, and landed once', async () => {
    const dir = await files('json');
    const log = await openLog(dir);
    try {
      const text = yaml('json', true)
        .replace(/ {6}(bars|late|refused)_out.*\n/g, '')
        .replace('sinks:\n', 'sinks: {}\n')
        .replace('tasks: 2', 'tasks: 2');
      const view = await ranToEnd(planIn(dir, text, true), log, dir);
      const rows = FILES * (FILES + 1) * (ROWS / 2);
      expect(view.nodes.find(({ name }) => name === 'trades.land')?.rowsOut).toBe(rows);
      expect(view.nodes.find(({ name }) => name === 'trades')?.rowsIn).toBe(2 * rows);
    } finally {
      await log.close();
    }
  });

  it('needs its files no more once they are landed, and is read from the topic by whoever takes over', async () => {
    const dir = await files('json');
    const plan = planIn(dir, yaml('json'), true);
    const expected = (await written(yaml('json'), 'json', false)).bars;
    const log = await openLog(dir);
    try {
      const first = runPipeline(plan, environmentOf(log, declarations, dir));
      const landed = (view: PipelineView) =>
        view.sources.find(({ name }) => name === 'trades.land')?.partitions.every(({ ended }) => ended);
      while (!landed(first.view())) await new Promise((resolve) => setTimeout(resolve, 2));
      await first.drain();
      for (let file = 0; file < FILES; file++) await rename(join(dir, `trades-${file}.json`), join(dir, `moved-${file}`));
      await rm(join(dir, '.millrace', 'files'), { recursive: true, force: true });
      await ranToEnd(plan, log, dir);
      expect(await sorted(join(dir, 'bars.ndjson'))).toEqual(expected);
    } finally {
      await log.close();
    }
  });

  it('says which partitions changed when a file was added under its pattern', async () => {
    const dir = await files('json');
    const plan = planIn(dir, yaml('json'), true);
    const log = await openLog(dir);
    try {
      const first = runPipeline(plan, environmentOf(log, declarations, dir));
      while (first.view().epochs < 4) await new Promise((resolve) => setTimeout(resolve, 2));
      await first.drain();
      await writeFile(join(dir, 'trades-9.json'), '');
      const { error } = await runPipeline(plan, environmentOf(log, declarations, dir)).done;
      expect(error).toMatchObject({ code: 'partitions-changed', node: 'trades', message: expect.stringContaining('4 partitions') });
    } finally {
      await log.close();
    }
  });
});
