import { describe, expect, it } from 'vitest';
import type { PipelineView } from '../../graph/contract/view.ts';
import { statusApp } from '../../status/app.ts';
import { Rates } from '../../status/rates.ts';
import { viewWith } from './view.ts';

const LOCAL = { host: '127.0.0.1:8780' };

function ask(views: readonly PipelineView[], path: string, headers: Record<string, string> = LOCAL, token: string | null = null) {
  const app = statusApp({ version: '0.0.0', views: () => views, rates: new Rates() }, token);
  return Promise.resolve(app.request(path, { headers }));
}

describe('the status endpoint', () => {
  it('shows the views with every digit of a nanosecond stamp', async () => {
    const response = await ask([viewWith()], '/status');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ pipelines: [{ nodes: [{ watermarkNs: '1723161428000000001' }] }] });
  });

  it('is ready while every part works', async () => {
    const response = await ask([viewWith()], '/readyz');
    expect([response.status, await response.json()]).toEqual([200, { ready: true, waiting: [] }]);
  });

  it('names a sink that cannot write, why, and what to do', async () => {
    const error = { code: 'clickhouse-unreachable', message: 'refused', node: null, remedy: 'start it', sinceMs: 1 };
    const response = await ask([viewWith({ sink: { state: 'retrying', lastError: error } })], '/readyz');
    expect(response.status).toBe(503);
    const expected = {
      kind: 'sink',
      name: 'bars_table',
      state: 'retrying',
      code: 'clickhouse-unreachable',
      message: 'refused',
      remedy: 'start it',
    };
    expect(await response.json()).toEqual({ ready: false, waiting: [{ pipeline: 'market', ...expected }] });
  });

  it('names a parked task and the node that parked it', async () => {
    const error = { code: 'kernel-panic', message: 'died', node: 'bars', remedy: null, sinceMs: 1 };
    const response = await ask([viewWith({ tasks: [{ task: 3, state: 'parked', epoch: 9, error }] })], '/readyz');
    expect(await response.json()).toMatchObject({ waiting: [{ kind: 'task', name: '3', code: 'kernel-panic', message: 'bars: died' }] });
  });

  it('names a log that is not reached, and a commit that it does not take', async () => {
    const trouble = { code: 'kafka-timeout', message: 'Kafka does not answer', remedy: 'look at it', sinceMs: 1 };
    const log = { description: 'kafka 4.4.0', bytes: null, budgetBytes: null };
    const away = await ask([viewWith({ log: { ...log, trouble } })], '/readyz');
    const waiting = { pipeline: 'market', kind: 'log', name: 'kafka 4.4.0', state: 'waiting' };
    const { sinceMs: _, ...told } = trouble;
    expect([away.status, await away.json()]).toEqual([503, { ready: false, waiting: [{ ...waiting, ...told }] }]);
    const waits = async (ms: number) =>
      (await ask([viewWith({ log, commit: { waitingSinceMs: Date.now() - ms, seconds: { p50: 0, p99: 0 } } })], '/readyz')).status;
    expect([await waits(5_000), await waits(30_000)]).toEqual([200, 503]);
  });

  it('stays healthy while it is not ready', async () => {
    expect((await ask([viewWith({ state: 'failed', reason: 'x' })], '/healthz')).status).toBe(200);
  });

  it('refuses a name that is not of this machine, so that no web page can read it', async () => {
    for (const host of ['evil.example', 'evil.example:8780', '127.0.0.1.evil.example', '']) {
      expect((await ask([viewWith()], '/status', { host })).status, host).toBe(403);
    }
    for (const host of ['localhost:8780', '[::1]:8780', '127.0.0.1'])
      expect((await ask([viewWith()], '/status', { host })).status, host).toBe(200);
  });

  it('asks for the token where there is one, and tells no details to probes without it', async () => {
    const remote = { host: 'millrace.example' };
    for (const path of ['/status', '/metrics', '/graph', '/'])
      expect((await ask([viewWith()], path, remote, 'secret')).status, path).toBe(401);
    expect((await ask([viewWith()], '/status', { ...remote, authorization: 'Bearer wrong' }, 'secret')).status).toBe(401);
    expect((await ask([viewWith()], '/status', { ...remote, authorization: 'Bearer secret' }, 'secret')).status).toBe(200);
    const probe = await ask([viewWith({ sink: { state: 'retrying' } })], '/readyz', remote, 'secret');
    expect([probe.status, await probe.json()]).toEqual([503, { ready: false }]);
  });

  it('draws the graph with the ports that are not the main one', async () => {
    const edges = [
      { from: 'bars.out', to: 'bars_table' },
      { from: 'bars.late', to: 'bars_table' },
    ];
    const text = await (await ask([viewWith({ edges })], '/graph?format=mermaid')).text();
    expect(text).toContain('flowchart LR');
    expect(text).toContain('n0 -->|"0 rows/s"| n1');
    expect(text).toContain('n0 -->|"late 0 rows/s"| n1');
  });

  it('answers unknown paths with 404', async () => {
    expect((await ask([], '/nothing')).status).toBe(404);
  });
});

it('is not ready before anything has begun', async () => {
  expect((await ask([], '/readyz')).status).toBe(503);
});

describe('metrics', () => {
  const lines = async (views: readonly PipelineView[]) => (await (await ask(views, '/metrics')).text()).split('\n');

  it("tell the figures of the log's client, in base units", async () => {
    const statistics = { round_trip_p99_ms: 12, sent_bytes_total: 345, brokers_up: 3 };
    const shown = await lines([viewWith({ log: { description: 'kafka 4.4.0', bytes: null, budgetBytes: null, statistics } })]);
    expect(shown).toContain('millrace_log_round_trip_p99_seconds{pipeline="market"} 0.012');
    expect(shown).toContain('# TYPE millrace_log_sent_bytes_total counter');
    const helps = shown.filter((line) => line.startsWith('# HELP millrace_')).map((line) => line.split(' ').slice(3).join(' '));
    expect(new Set(helps).size).toBe(helps.length); // each has words of its own
    expect(shown).toContain('millrace_log_sent_bytes_total{pipeline="market"} 345');
    expect(shown).toContain('millrace_log_brokers_up{pipeline="market"} 3');
  });

  it('say rows, rejections, lags and queues of every part', async () => {
    const text = await lines([viewWith()]);
    expect(text).toEqual(
      expect.arrayContaining([
        'millrace_rows_total{pipeline="market",node="bars",port="late"} 2',
        'millrace_rejected_rows_total{pipeline="market",node="bars",code="price-off-tick"} 3',
        'millrace_late_rows_total{pipeline="market",node="bars"} 2',
        'millrace_busy_seconds_total{pipeline="market",node="bars"} 0.25',
        'millrace_watermark_lag_seconds{pipeline="market",node="bars"} 1.5',
        'millrace_held_rows{pipeline="market",node="bars"} 0',
        'millrace_epoch_seconds{pipeline="market",quantile="0.99"} 0.05',
        'millrace_sink_ack_age_seconds{pipeline="market",sink="bars_table"} 2.5',
        'millrace_sink_latency_seconds{pipeline="market",sink="bars_table",quantile="0.5"} 0.04',
        'millrace_source_lag_rows{pipeline="market",source="trades",partition="0"} 42',
        'millrace_log_up{pipeline="market"} 1',
        '# TYPE millrace_rows_total counter',
        '# TYPE millrace_sink_queued_rows gauge',
      ]),
    );
    expect(text.some((line) => line.startsWith('process_resident_memory_bytes '))).toBe(true);
  });

  it('say of a source that can be away whether it is read, and leave the instance ready while it is not', async () => {
    const part = { partition: 0, label: 'https://example.com/feed.xml', position: 3, lag: null, idle: true, ended: false };
    const trouble = { code: 'feed-status', message: 'its server says 500', sinceMs: 1, againMs: 2 };
    const left = { 'feed-item-empty': 2 };
    const down = { ...part, health: { trouble, readAgeMs: 61_000, failures: { 'feed-status': 4 }, left } };
    const never = { ...part, partition: 1, health: { trouble, readAgeMs: null, failures: {}, left: {} } };
    const well = { ...part, partition: 2, health: { trouble: null, readAgeMs: 0, failures: {}, left: {} } };
    const view = viewWith({ sources: [{ name: 'news.land', use: 'rss', partitions: [down, never, well] }] });
    const text = await lines([view]);
    const of = (partition: number) => `{pipeline="market",source="news.land",partition="${partition}"`;
    expect(text.filter((line) => /^millrace_source_(up|read|fail|left)/.test(line))).toEqual([
      `millrace_source_up${of(0)}} 0`,
      `millrace_source_up${of(1)}} 0`,
      `millrace_source_up${of(2)}} 1`,
      `millrace_source_read_age_seconds${of(0)}} 61`,
      `millrace_source_read_age_seconds${of(2)}} 0`,
      `millrace_source_failures_total${of(0)},code="feed-status"} 4`,
      `millrace_source_left_items${of(0)},code="feed-item-empty"} 2`,
    ]);
    expect((await ask([view], '/readyz')).status).toBe(200);
    const shown = (await (await ask([view], '/status')).json()) as { pipelines: PipelineView[] };
    expect(shown.pipelines[0]?.sources[0]?.partitions[0]?.health).toEqual(down.health);
  });

  it('have one help text each, and nothing for what is unknown', async () => {
    const text = await lines([viewWith({ node: { watermarkLagSeconds: null, watermarkNs: null } })]);
    const names = text.filter((line) => line.startsWith('# HELP')).map((line) => line.split(' ')[2]);
    expect(new Set(names).size).toBe(names.length);
    expect(text.some((line) => line.startsWith('millrace_watermark_lag_seconds{'))).toBe(false);
  });

  it('count the same when they are asked for twice', async () => {
    const app = statusApp({ version: '0.0.0', views: () => [viewWith()], rates: new Rates() }, null);
    const once = async () =>
      (await (await app.request('/metrics', { headers: LOCAL })).text()).split('\n').filter((line) => line.startsWith('millrace_'));
    expect(await once()).toEqual(await once());
  });
});
