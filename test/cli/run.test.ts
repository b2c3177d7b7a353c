import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { folderWith, run, start } from './millrace.ts';

const ANY_PORT = ['--status-port', '0'];

/** A pipeline over a simulated exchange. */
const simulated = (settings: string, sink = 'file: rows.ndjson') => `version: 1
pipelines:
  demo:
    tasks: 2
    sources:
      exchange: { simulate: { symbols: 2, ${settings} } }
    sinks:
      rows: { from: exchange, ${sink} }
`;
const ENDLESS = simulated('rate: 2000', 'topic: rows');

describe('run', () => {
  it('runs a finite file to its end and prints one document', async () => {
    const folder = folderWith({ 'pipelines.yaml': simulated('rows: 1000') });
    const { code, stdout, stderr } = await run(folder, ['run', '--json', ...ANY_PORT]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      pipeline: 'demo',
      seconds: expect.any(Number),
      epochs: expect.any(Number),
      nodes: { exchange: { rows_in: 1000, rows_out: 1000, rejected: 0, late: 0 } },
      sinks: { rows: { rows: 1000, latency_ms: { p50: expect.any(Number), p99: expect.any(Number) } } },
    });
    expect(readFileSync(join(folder, 'rows.ndjson'), 'utf8').trim().split('\n')).toHaveLength(1000);
    expect(stderr).toContain('Ctrl-C drains and stops');
  });

  it('prints several pipelines as a list, and only those that were asked for', async () => {
    const text = simulated('rows: 100');
    const second = text.slice(text.indexOf('  demo:')).replace('demo:', 'other:').replace('rows.ndjson', 'other.ndjson');
    const folder = folderWith({ 'pipelines.yaml': text + second });
    const both = JSON.parse((await run(folder, ['run', '--json', ...ANY_PORT])).stdout);
    expect(both.pipelines.map((summary: { pipeline: string }) => summary.pipeline)).toEqual(['demo', 'other']);
    const one = JSON.parse((await run(folder, ['run', 'other', '--json', ...ANY_PORT])).stdout);
    expect(one.pipeline).toBe('other');
  });

  it('starts nothing on a file with faults', async () => {
    const folder = folderWith({ 'pipelines.yaml': simulated('rowz: 1') });
    const { code, stdout } = await run(folder, ['run', '--json', ...ANY_PORT]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout).diagnostics).toMatchObject([{ code: 'param-unknown' }]);
  });

  it('stops after --for, and refuses what is no duration', async () => {
    const folder = folderWith({ 'pipelines.yaml': ENDLESS });
    for (let rows = 0; rows === 0; ) {
      const { code, stdout, stderr } = await run(folder, ['run', '--for', '1s', '--json', ...ANY_PORT]);
      expect(code, stderr).toBe(0);
      rows = JSON.parse(stdout).nodes.exchange.rows_in; // a busy machine may not come to its first epoch in a second
    }
    expect((await run(folder, ['run', '--for', 'ever'])).code).toBe(2);
  });

  it('drains at Ctrl-C with 0, and tells other commands where it is meanwhile', async () => {
    const folder = folderWith({ 'pipelines.yaml': ENDLESS });
    const running = start(folder, ['run', ...ANY_PORT]);
    await running.says(/Ctrl-C drains/);
    const status = await run(folder, ['status', '--json']);
    expect(JSON.parse(status.stdout).pipelines).toMatchObject([{ pipeline: 'demo' }]);
    expect((await run(folder, ['reset', '--yes'])).stderr).toContain(`in use by process ${running.process.pid}`);
    running.process.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Ctrl-C: draining');
    expect(stdout).toMatch(/^demo: \d+ epochs in/);
    expect((await run(folder, ['status'])).code).toBe(5);
  });

  it('refuses a data folder that another process uses, and says by whom', async () => {
    const folder = folderWith({ 'pipelines.yaml': ENDLESS });
    const running = start(folder, ['run', ...ANY_PORT]);
    await running.says(/Ctrl-C drains/);
    const { code, stderr } = await run(folder, ['run', ...ANY_PORT]);
    expect(code).toBe(2);
    expect(stderr).toContain(`in use by process ${running.process.pid}`);
    expect(stderr).toContain('--data-dir');
  });

  it('refuses a port that is taken and a status endpoint without a token', async () => {
    const folder = folderWith({ 'pipelines.yaml': ENDLESS });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const taken = await run(folder, ['run', '--status-port', String((server.address() as AddressInfo).port)]);
    server.close();
    expect([taken.code, taken.stderr.includes('error[port-taken]')]).toEqual([2, true]);
    const open = await run(folder, ['run', '--status-host', '0.0.0.0', ...ANY_PORT]);
    expect([open.code, open.stderr.includes('--status-token')]).toEqual([2, true]);
  });

  it('checks without the network, and says that a broker is not there where it is needed', async () => {
    const folder = folderWith({ 'pipelines.yaml': ENDLESS });
    const env = { MILLRACE_BROKER: 'kafka://me:hunter2@127.0.0.1:1' };
    expect((await run(folder, ['check'], env)).code).toBe(0);
    for (const args of [['run', ...ANY_PORT], ['plan']]) {
      const { code, stdout, stderr } = await run(folder, args, env);
      expect([code, stdout], stderr).toEqual([5, '']);
      expect(stderr).toContain('error[kafka-');
      expect(stderr).toContain('kafka://me:***@127.0.0.1:1');
      expect(stderr).not.toContain('hunter2');
    }
  });

  it('underlines options of the broker that are not, or are not for the file to set', async () => {
    const options = '{ linger_ms: 5, group.id: mine, sasl.password: hunter2, ssl.ca.location: ../ca.pem }';
    const broker = `connections:\n  broker:\n    url: kafka://host:9092\n    options: ${options}\n`;
    const { code, stdout, stderr } = await run(folderWith({ 'pipelines.yaml': ENDLESS.replace('version: 1\n', `version: 1\n${broker}`) }), [
      'check',
      '--json',
    ]);
    expect(code, stderr).toBe(1);
    expect(JSON.parse(stdout).diagnostics).toMatchObject([
      { code: 'option-unknown', line: 5, column: 16, hint: 'Write linger.ms.' },
      { code: 'option-refused', line: 5, column: 30 },
      { code: 'path-outside', line: 5 },
    ]);
    expect(stderr).not.toContain('hunter2');
  });

  it('refuses several workers on the embedded log, which is for one process', async () => {
    const { code, stderr } = await run(folderWith({ 'pipelines.yaml': ENDLESS }), ['run', '--workers', '2', ...ANY_PORT]);
    expect([code, stderr.includes('error[workers-embedded]')]).toEqual([2, true]);
  });

  it('says that there is nothing new when all was read before', async () => {
    const folder = folderWith({ 'pipelines.yaml': simulated('rows: 1000') });
    expect((await run(folder, ['run', ...ANY_PORT])).stdout).toMatch(/^demo: \d+ epochs in/);
    const again = await run(folder, ['run', ...ANY_PORT]);
    expect([again.code, again.stdout]).toEqual([
      0,
      'demo: nothing new: all sources were read to their end before; `millrace reset` starts over\n',
    ]);
  });

  it('shows no counters of a start that was refused', async () => {
    const folder = folderWith({ 'pipelines.yaml': simulated('rows: 1000') });
    await run(folder, ['run', ...ANY_PORT]);
    writeFileSync(join(folder, 'pipelines.yaml'), simulated('rows: 1000').replace('tasks: 2', 'tasks: 3'));
    const { code, stdout, stderr } = await run(folder, ['run', ...ANY_PORT]);
    expect([code === 0, stdout], stderr).toEqual([false, '']);
    expect(stderr).toContain('error[');
  });

  it('warns when most rows are refused, with the reason and the place', async () => {
    const text = `version: 1
pipelines:
  demo:
    dead_letters: { topic: refused }
    sources:
      rows: { file: { path: rows.csv }, format: csv, schema: { columns: [symbol, price] }, watermark: none, key: symbol }
    sinks:
      out: { from: rows, file: rows.ndjson }
`;
    const folder = folderWith({ 'pipelines.yaml': text, 'rows.csv': 'symbol,price\nA,1\nA,x\nA,y\n' });
    const { code, stdout, stderr } = await run(folder, ['run', ...ANY_PORT]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^rows: 2 rejected: [a-z-]+ 2; they are in .*topic refused/m);
    expect(stdout).toMatch(/^warning: rows: 66.7 % of its rows are rejected/m);
  });
});

describe('with the embedded ClickHouse', () => {
  it('resumes after Ctrl-C without loss or repeat', async () => {
    const folder = folderWith({ 'pipelines.yaml': simulated('rows: 400000', 'clickhouse: { table: rows }') });
    const first = start(folder, ['run', ...ANY_PORT]);
    await first.says(/Ctrl-C drains/);
    first.process.kill('SIGINT');
    const stopped = await first.ended;
    expect(stopped.code, stopped.stderr).toBe(0);
    const second = await run(folder, ['run', '--json', ...ANY_PORT]);
    expect(second.code, second.stderr).toBe(0);
    const sql = 'SELECT count() AS n, uniqExact(_src, _seq) AS distinct, toInt64(9007199254740993) AS big FROM rows';
    const { stdout, stderr } = await run(folder, ['sql', '--json', sql]);
    expect(stdout, stderr).not.toBe('');
    expect(JSON.parse(stdout)).toEqual([{ n: 400_000, distinct: 400_000, big: '9007199254740993' }]);
  });

  it('runs the example of the README, and answers as a table', async () => {
    const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const folder = folderWith({ 'pipelines.yaml': /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? '' });
    const rows = ['2024-08-08T00:00:01Z,BTC,100.5,1', '2024-08-08T00:00:31.5Z,BTC,101.5,2', '2024-08-08T00:01:31.5Z,BTC,99,4'];
    writeFileSync(join(folder, 'trades.csv.gz'), gzipSync(['ts_event,symbol,price,size', ...rows, ''].join('\n')));
    const { code, stderr } = await run(folder, ['run', ...ANY_PORT]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('try: npx millrace sql');
    const asked = await run(folder, ['sql', '--json'], {}, 'SELECT symbol, open, close, volume, trades FROM bars ORDER BY ts_event;');
    expect(JSON.parse(asked.stdout)).toEqual([
      { symbol: 'BTC', open: 100.5, close: 101.5, volume: 3, trades: 2 },
      { symbol: 'BTC', open: 99, close: 99, volume: 4, trades: 1 },
    ]);
    const text = await run(folder, ['sql', 'SELECT max(high) AS high FROM bars']);
    expect([text.code, /high[\s\S]*101\.5/.test(text.stdout)]).toEqual([0, true]);
    const wrong = await run(folder, ['sql', 'SELECT nope FROM bars']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  });
});
