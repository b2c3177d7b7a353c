import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Engine, startEngine } from '../../connectors/clickhouse/engine.ts';
import { query } from '../../connectors/clickhouse/query.ts';
import type { PipelineView, SinkView } from '../../graph/contract/view.ts';
import { done } from '../examples/example.ts';
import { freePort } from '../services/port.ts';
import { endpoint, freshFolder, launch, until, view } from './process.ts';

interface Ready {
  readonly ready: boolean;
  readonly waiting: readonly {
    readonly kind: string;
    readonly name: string;
    readonly code: string | null;
    readonly remedy: string | null;
  }[];
}

const pipeline = (url: string) => `version: 1
connections: { clickhouse: "${url}" }
pipelines:
  live:
    latency: 20ms
    sources:
      exchange: { simulate: { symbols: 4, rate: 2000, quotes: 0 } }
    sinks:
      rows_table: { from: exchange, clickhouse: { table: rows } }
      shown: { from: exchange, print: { limit: 1 } }
`;

/** Kills an engine and waits until it is gone. */
async function kill(engine: Engine): Promise<void> {
  const gone = new Promise((ended) => engine.process.once('exit', ended));
  engine.process.kill('SIGKILL');
  await gone;
}

it('a ClickHouse that comes late, dies and comes back has every row once; nobody else waits for it', { timeout: 180_000 }, async () => {
  const folder = freshFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const tables = join(folder, 'server');
  mkdirSync(tables);
  writeFileSync(join(folder, 'pipelines.yaml'), pipeline(url));
  const started = async () => {
    const engine = await startEngine(tables, port);
    onTestFinished(() => void engine.process.kill('SIGKILL'));
    return engine;
  };
  const running = launch(folder);
  const sink = async (name: string): Promise<SinkView | undefined> => (await view(folder))?.sinks.find((one) => one.name === name);
  const rowsOf = async (name: string): Promise<number> => (await sink(name))?.rows ?? 0;
  const ready = async () => (await endpoint<Ready>(folder, '/readyz')) ?? { status: 0, body: { ready: false, waiting: [] } };
  const isDown = async () => {
    const seen = await view(folder);
    return seen?.state === 'running' && seen.sinks.some(({ name, state }) => name === 'rows_table' && state === 'retrying');
  };
  const grows = async (name: string) => {
    const before = await rowsOf(name);
    await until(running, `more rows in ${name}`, async () => (await rowsOf(name)) > before);
  };
  const saysItIsDown = async () => {
    await until(running, 'told that the server is down', isDown);
    expect((await sink('rows_table'))?.lastError).toMatchObject({ code: 'clickhouse-unreachable', node: 'rows_table' });
    const { status, body } = await ready();
    expect(status).toBe(503);
    expect(body.waiting.map(({ kind, name, code }) => [kind, name, code])).toEqual([['sink', 'rows_table', 'clickhouse-unreachable']]);
    expect(body.waiting[0]?.remedy).toContain('connections.clickhouse');
    await grows('shown');
  };
  const isUp = async () => {
    await until(running, 'ready', async () => (await ready()).status === 200);
    await grows('rows_table');
  };

  await saysItIsDown();
  const status = JSON.parse((await done(folder, ['status', '--json'])).stdout) as { pipelines: PipelineView[] };
  expect(status.pipelines[0]?.sinks.find(({ name }) => name === 'rows_table')?.lastError?.code).toBe('clickhouse-unreachable');
  expect(running.said()).toContain('rows_table: ClickHouse at http://127.0.0.1');
  expect(await rowsOf('rows_table')).toBe(0);
  const first = await started();
  await isUp();
  await kill(first);
  await saysItIsDown();
  await started();
  await isUp();
  running.process.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('rows_table: writes again');
  const summary = JSON.parse(stdout) as { nodes: { exchange: { rows_out: number } } };
  const { rows } = await query(
    url,
    'SELECT symbol, toUInt32(count()) AS rows, toUInt32(uniqExact(_src, _seq)) AS identities, toUInt32(max(sequence) - min(sequence) + 1) AS span FROM rows GROUP BY symbol',
  );
  expect(rows).toHaveLength(4);
  for (const symbol of rows) expect([symbol.rows, symbol.identities]).toEqual([symbol.span, symbol.span]);
  expect(rows.reduce((sum, row) => sum + Number(row.rows), 0)).toBe(summary.nodes.exchange.rows_out);
});
