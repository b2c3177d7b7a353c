import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type EmbeddedClickhouse, openEmbeddedClickhouse } from '../../connectors/clickhouse/embedded.ts';
import { startEngine } from '../../connectors/clickhouse/engine.ts';
import { isAlive, locked } from '../../connectors/clickhouse/lock.ts';
import { query, queryText } from '../../connectors/clickhouse/query.ts';
import { freePort } from '../services/port.ts';

let folder: string;
let engines: EmbeddedClickhouse[] = [];
let notes: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-engine-'));
});

afterEach(async () => {
  for (const engine of engines) await engine.stop();
  engines = [];
  notes = [];
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedClickhouse> {
  const engine = await openEmbeddedClickhouse({ dataDir: folder, note: (line) => notes.push(line) });
  engines.push(engine);
  return engine;
}

const record = async (): Promise<{ url: string; pid: number }> =>
  JSON.parse(await readFile(join(folder, 'clickhouse.json'), 'utf8')) as { url: string; pid: number };

/** Waits until something holds; a test that never gets there is ended by its time limit. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await wait(10);
}

test('one engine serves a data folder, and ends with its owner', async () => {
  const [owner, guest] = [await start(), await start()];
  expect(guest.url).toBe(owner.url);
  const { pid, url } = await record();
  expect(url).toBe(owner.url);
  await guest.stop();
  expect(await query(url, 'SELECT 1 AS one')).toEqual({ columns: [{ name: 'one', type: 'UInt8' }], rows: [{ one: 1 }] });
  await owner.stop();
  await until(() => !isAlive(pid));
});

test('two that start at once share one engine', async () => {
  const [a, b] = await Promise.all([start(), start()]);
  expect(a.url).toBe(b.url);
});

test('takes nobody else at its port for itself, and another port where it may', async () => {
  const other = createServer((_, response) => void response.end('Ok.\n'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const data = join(folder, 'data');
  await expect(startEngine(data, port)).rejects.toMatchObject({ code: 'clickhouse-engine-start', retry: 'backoff' });
  const ports = [port, await freePort()];
  const free = async (): Promise<number> => ports.shift() ?? 0;
  const engine = await startEngine(data, undefined, free);
  onTestFinished(() => void engine.process.kill('SIGKILL'));
  expect(ports).toEqual([]);
  expect((await query(engine.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('keeps its data when it is killed, and is started again', async () => {
  const engine = await start();
  await query(engine.url, 'CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a');
  await query(engine.url, 'INSERT INTO t VALUES (7)');
  const { pid } = await record();
  process.kill(pid, 'SIGKILL');
  await until(async () => (await record()).pid !== pid);
  expect((await query(await engine.address(), 'SELECT a FROM t')).rows).toEqual([{ a: 7 }]);
  expect(notes).toEqual(['the embedded ClickHouse engine ended (SIGKILL) and is started again']);
});

test('does not outlive an owner that was killed, and the next one finds all data', async () => {
  // an owner of its own: it starts the engine the way this process does, then is killed
  const script = `
    const { openEmbeddedClickhouse } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/connectors/clickhouse/embedded.js'))});
    const { query } = await import(${JSON.stringify(join(import.meta.dirname, '../../dist/connectors/clickhouse/query.js'))});
    const engine = await openEmbeddedClickhouse({ dataDir: ${JSON.stringify(folder)}, note: () => undefined });
    await query(engine.url, 'CREATE TABLE t (a Int32) ENGINE = MergeTree ORDER BY a');
    await query(engine.url, 'INSERT INTO t VALUES (1), (2)');
    console.log('ready');
    setInterval(() => undefined, 1000);
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    owner.stdout.once('data', () => resolve());
    owner.once('exit', (code) => reject(new Error(`the owner ended with ${code}`)));
  });
  const before = await record();
  owner.removeAllListeners('exit');
  owner.kill('SIGKILL');
  const engine = await start();
  const { rows } = await query(await engine.address(), 'SELECT sum(a) AS a FROM t');
  expect(rows).toEqual([{ a: 3 }]);
  await until(async () => (await readFile(`/proc/${before.pid}/cmdline`, 'utf8').catch(() => '')) === '');
});

test('a record that is stale, of another program, or damaged is passed over', async () => {
  for (const content of [
    JSON.stringify({ url: 'http://127.0.0.1:1', pid: process.pid }),
    JSON.stringify({ url: 'http://127.0.0.1:1', pid: 2 ** 22 }),
    '{',
  ]) {
    await writeFile(join(folder, 'clickhouse.json'), content);
    const engine = await start();
    expect((await query(engine.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await engine.stop();
  }
  expect(isAlive(process.pid)).toBe(true);
});

test('a lock keeps others out until its holder is done or dead', async () => {
  const path = join(folder, 'lock');
  const order: string[] = [];
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = locked(path, async () => {
    order.push('first in');
    await held;
    order.push('first out');
  });
  await until(() => order.length === 1);
  const second = locked(path, async () => void order.push('second'));
  release();
  await Promise.all([first, second]);
  expect(order).toEqual(['first in', 'first out', 'second']);
  await writeFile(path, String(2 ** 22));
  await locked(path, async () => void order.push('after the dead'));
  expect(order.at(-1)).toBe('after the dead');
});

test('answers queries exactly, as rows or as a table, and refuses in the server\u2019s words', async () => {
  const { url } = await start();
  const { rows } = await query(
    url,
    "SELECT toInt64(9007199254740993) AS big, toUInt64(5) AS small, toDateTime64('2024-08-08 23:54:15.030314667', 9, 'UTC') AS at, NULL AS none",
  );
  expect(rows).toEqual([{ big: '9007199254740993', small: 5, at: '2024-08-08 23:54:15.030314667', none: null }]);
  expect(await queryText(url, 'SELECT number AS n FROM numbers(2)')).toContain('│ 1 │');
  expect(await queryText(url, 'SELECT 1 FORMAT CSV')).toBe('1\n');
  await expect(query(url, 'SELECT 1 FORMAT CSV')).rejects.toMatchObject({ code: 'sql-format' });
  await expect(query(url, 'SELECT nothing')).rejects.toMatchObject({
    code: 'sql-refused',
    domain: 'user',
    message: expect.stringContaining('Unknown expression identifier'),
  });
  await expect(query('http://127.0.0.1:1', 'SELECT 1')).rejects.toMatchObject({ code: 'clickhouse-unreachable', retry: 'backoff' });
});
