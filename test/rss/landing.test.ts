import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { environmentOf, freshFolder, openLog, Table, tableConnector } from '../run/fixture.ts';
import { FeedServer } from './server.ts';

const server = await FeedServer.start();
afterAll(() => server.close());

it('is landed in a topic, so that what a feed no longer lists is still there', async () => {
  const dir = await freshFolder();
  const text = `version: 1
pipelines:
  p:
    tasks: 1
    sources:
      news: { rss: { url: "${server.url()}", interval: 10ms, allow_private: true } }
    operators:
      kept: { use: select, from: news, with: { keep: [ts_event, source, headline, url] } }
    sinks:
      out: { from: kept, memory: { table: t } }
`;
  const table = new Table();
  const registry = {
    ...declarations,
    connectors: new Map([...declarations.connectors, ['memory', tableConnector(new Map([['t', table]]))]]),
  };
  const file = join(dir, 'pipelines.yaml');
  const { plans, diagnostics } = compile({ text, file, registry, env: {}, files: disk, allowPaths: [], allowCode: false });
  expect(diagnostics).toEqual([]);
  const plan = plans[0] as Plan;
  expect(plan.inputs.map(({ name }) => name)).toEqual(['news.land', 'news']);
  const gives = (...titles: readonly string[]) =>
    server.gives(`<rss><channel>${titles.map((title) => `<item><title>${title}</title></item>`).join('')}</channel></rss>`);
  const until = async (headline: string): Promise<void> => {
    while (!table.rows.some((row) => row.headline === headline)) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const health = () => running.view().sources.find(({ name }) => name === 'news.land')?.partitions[0];
  const log = await openLog(dir);
  const running = runPipeline(plan, environmentOf(log, registry, dir));
  while (!health()?.health?.trouble) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(health()).toMatchObject({ label: server.url(), health: { trouble: { code: 'feed-status' }, readAgeMs: null } });
  gives('one');
  await until('one');
  while (health()?.health?.trouble !== null) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(health()?.health?.readAgeMs).toBeGreaterThanOrEqual(0);
  gives('two');
  await until('two');
  await running.drain();
  await log.close();
  expect(table.rows.map((row) => [row.source, row.headline, row.url])).toEqual([
    ['127.0.0.1', 'one', null],
    ['127.0.0.1', 'two', null],
  ]);
});
