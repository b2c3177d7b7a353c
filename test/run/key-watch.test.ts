import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog } from './fixture.ts';

const yaml = (key: string) => `version: 1
pipelines:
  p:
    tasks: 2
    sources:
      trades:
        file: { path: trades/*.csv }
        format: csv
        schema: { columns: [ts_event, symbol, price, size] }
        time: ts_event
        ${key}
    operators:
      bars: { use: bars, from: trades, with: { every: 1s } }
    sinks:
      bars_out: { from: bars, topic: bars }
`;
const line = (second: number, symbol: string): string => `2024-01-01T00:00:${String(second).padStart(2, '0')}Z,${symbol},10,1\n`;
const lines = (symbols: readonly string[]): string =>
  `ts_event,symbol,price,size\n${symbols.map((symbol, i) => line(i % 60, symbol)).join('')}`;

async function ran(key: string, files: readonly (readonly string[])[]): Promise<{ notes: string[]; misplaced: unknown; bars: number }> {
  const dir = await freshFolder();
  await mkdir(join(dir, 'trades'));
  for (const [i, symbols] of files.entries()) await writeFile(join(dir, 'trades', `${i}.csv`), lines(symbols));
  const found = { exists: existsSync, read: (path: string) => readFileSync(path, 'utf8') };
  const text = yaml(key);
  const given = {
    text,
    file: join(dir, 'pipelines.yaml'),
    registry: declarations,
    env: {},
    files: found,
    allowPaths: [],
    allowCode: false,
  };
  const { plans, diagnostics } = compile(given);
  expect(diagnostics).toEqual([]);
  const [plan] = plans;
  if (!plan) throw new Error('no plan');
  const log = await openLog(dir);
  const notes: string[] = [];
  try {
    const running = runPipeline(plan, environmentOf(log, declarations, dir, notes));
    expect(await running.done).toEqual({ state: 'done', error: null });
    const bars = running.view().nodes.find(({ name }) => name === 'bars')?.rowsOut ?? 0;
    return { notes, misplaced: running.view().sources[0]?.misplaced, bars };
  } finally {
    await log.close();
  }
}

const A = Array.from({ length: 40 }, () => 'A');
const B = Array.from({ length: 40 }, () => 'B');

it('tells a key whose rows are in two partitions of a source that says that they are in one', async () => {
  const { notes, misplaced, bars } = await ran('key: symbol', [A, [...B.slice(0, 20), ...A]]);
  expect(notes).toEqual([
    expect.stringMatching(/^trades: symbol A is in partitions [01] and [01], though the source says `key:`;.*leave `key:` out/),
  ]);
  expect(misplaced).toMatchObject({ key: 'A' });
  expect(bars).toBe(40 + 20 + 40); // 20 seconds of A twice: what the line warns of
});

it('is silent where each key is in one partition, and where the source says nothing', async () => {
  expect(await ran('key: symbol', [A, B])).toMatchObject({ notes: [], misplaced: null, bars: 80 });
  expect(await ran('', [A, A])).toMatchObject({ notes: [], misplaced: null, bars: 40 });
});
