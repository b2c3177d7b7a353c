import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import { compile } from '../../graph/plan/compile.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog } from './fixture.ts';

const ROWS = 120_000;

const YAML = `version: 1
pipelines:
  p:
    tasks: 4
    sources:
      exchange: { simulate: { symbols: 8, rate: 4000, rows: ${ROWS}, pace: max, quotes: 0 } }
      trades: { topic: raw, key: symbol, time: { column: ts_event, lateness: 250ms } }
    operators:
      bars: { use: bars, from: trades, with: { every: 1s } }
    sinks:
      raw: { from: exchange, topic: raw, key: symbol }
      bars_out: { from: bars, topic: bars, key: symbol }
`;

const rowsIn = (view: PipelineView, node: string): number => view.nodes.find((n) => n.name === node)?.rowsIn ?? 0;

it('calls no row late that several tasks wrote to one topic in bulk, each far ahead of the other', async () => {
  const dir = await freshFolder();
  const file = join(dir, 'pipelines.yaml');
  await writeFile(file, YAML);
  const files = { exists: () => false, read: () => '' };
  const compiled = compile({ text: YAML, file, registry: declarations, env: {}, files, allowPaths: [], allowCode: false });
  expect(compiled.diagnostics).toEqual([]);
  const [plan] = compiled.plans;
  if (!plan) throw new Error('no plan');
  const log = await openLog(dir);
  try {
    const notes: string[] = [];
    const running = runPipeline(plan, environmentOf(log, declarations, dir, notes));
    const isThrough = (view: PipelineView) =>
      rowsIn(view, 'bars') === ROWS && (view.nodes.find(({ name }) => name === 'bars')?.rowsOut ?? 0) > 200;
    while (!isThrough(running.view())) await new Promise((resolve) => setTimeout(resolve, 20));
    const bars = running.view().nodes.find((node) => node.name === 'bars');
    expect(bars?.ports.late ?? 0).toBe(0);
    expect(notes).toEqual([]);
    expect(running.view().sources.flatMap(({ misplaced }) => misplaced ?? [])).toEqual([]);
    expect(bars?.rowsOut).toBeGreaterThan(200); // 30 s of eight symbols, the last second still open
    await running.drain();
    expect((await running.done).state).toBe('done');
  } finally {
    await log.close();
  }
});
