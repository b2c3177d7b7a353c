import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { readHistory } from '../../graph/run/history.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog } from './fixture.ts';

function planOf(dir: string, source: string, isHistory: boolean): Plan {
  const text = `version: 1\npipelines:\n  p:\n    tasks: 1\n    sources: { rows: ${source} }\n    sinks: { kept: { from: rows, topic: kept } }\n`;
  const history = isHistory ? { tasks: 1, isHistory } : {};
  const options = { text, registry: declarations, env: {}, files: disk, allowPaths: [], allowCode: false, ...history };
  const { plans, diagnostics } = compile({ ...options, file: join(dir, 'pipelines.yaml') });
  expect(diagnostics).toEqual([]);
  return plans[0] as Plan;
}

const READS = '{ file: { path: rows.ndjson }, format: json, schema: { columns: { n: int64 } } }';

it('reads history beside a run without touching what the run remembers of its files', async () => {
  const dir = await freshFolder();
  await writeFile(join(dir, 'rows.ndjson'), '{"n":1}\n{"n":2}\n');
  const around = { registry: declarations, folder: dir, note: () => undefined };
  expect((await readHistory(planOf(dir, READS, true), around))[0]?.batches[0]?.numRows).toBe(2);
  expect(existsSync(join(dir, 'files'))).toBe(false);
  const log = await openLog(dir);
  try {
    expect((await runPipeline(planOf(dir, READS, false), environmentOf(log, declarations, dir)).done).state).toBe('done');
  } finally {
    await log.close();
  }
  const remembered = async () =>
    Promise.all((await readdir(join(dir, 'files'))).map(async (name) => [name, await readFile(join(dir, 'files', name), 'utf8')]));
  const before = await remembered();
  expect(before).toHaveLength(1);
  await readHistory(planOf(dir, READS, true), around);
  expect(await remembered()).toEqual(before);
});

it('says what to do about a source that has no end, in a file that compiles', async () => {
  const dir = await freshFolder();
  const plan = planOf(dir, '{ rss: { url: "https://news.example/feed" } }', true);
  const error = await readHistory(plan, { registry: declarations, folder: dir, note: () => undefined }).catch((cause) => cause);
  expect(error).toMatchObject({ code: 'history-endless', message: 'source "rows" has no end, and history is read to its end' });
  const source = /read them there: rows: (\{.*\})$/.exec(error.remedy)?.[1] ?? '';
  await writeFile(join(dir, 'rows.ndjson'), '');
  const [input] = planOf(dir, source, true).inputs;
  const columns = (of: Plan) => of.inputs.at(-1)?.schema.fields.map(({ name, nullable }) => [name, nullable]);
  expect(input?.schema.fields.map(({ name, nullable }) => [name, nullable])).toEqual(columns(plan));
});
