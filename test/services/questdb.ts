import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Jar, jarMissing, jarPath } from './jars.ts';

const JAR: Jar = {
  group: 'org.questdb',
  artifact: 'questdb',
  version: '9.3.4',
  sha256: '939bc53ab22f93dbaa6545143a6e7c536d4904c07b7f2d381e8eef10436be062',
};
const LEAST_JAVA = 17;
const START_MS = 90_000;
const POLL_MS = 20;

/** Why QuestDB cannot run here, or null. */
export const questdbMissing = (): string | null => jarMissing(JAR, LEAST_JAVA);

/** A QuestDB of its own, in a temporary folder, at an address that stays over a restart. */
export interface Questdb {
  readonly url: string;
  /** The rows that a statement gives. */
  rows(sql: string): Promise<unknown[][]>;
  /** Ends it at once, as the kernel would. */
  kill(): Promise<void>;
  /** Starts it again on the same folder. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server; `settings` go into its `server.conf`. */
export async function startQuestdb(settings: Readonly<Record<string, string>> = {}): Promise<Questdb> {
  const jar = await jarPath(JAR);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-questdb-'));
  const port = await freePort();
  await mkdir(join(folder, 'conf'));
  const conf = {
    'http.bind.to': `127.0.0.1:${port}`,
    'http.min.enabled': 'false',
    'http.static.enabled': 'false',
    'pg.enabled': 'false',
    'line.tcp.enabled': 'false',
    'telemetry.enabled': 'false',
    'shared.worker.count': '2',
    ...settings,
  };
  await writeFile(
    join(folder, 'conf', 'server.conf'),
    Object.entries(conf)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    child = launched(jar, folder);
    await ready(child, url, join(folder, 'out.log'));
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  };
  const stop = async (): Promise<void> => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  const rows = async (sql: string): Promise<unknown[][]> => {
    const answer = await fetch(`${url}/exec?nm=true&query=${encodeURIComponent(sql)}`);
    const body = (await answer.json()) as { readonly dataset?: unknown[][]; readonly error?: string };
    if (!answer.ok) throw new Error(`${sql}: ${body.error}`);
    return body.dataset ?? [];
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, rows, kill, start, stop };
}

function launched(jar: string, folder: string): ChildProcess {
  const log = openSync(join(folder, 'out.log'), 'a');
  const args = ['-Xms64m', '-Xmx512m', '-XX:+UseParallelGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  const main = ['-p', jar, '-m', 'io.questdb/io.questdb.ServerMain', '-d', folder];
  return spawn('java', [...args, '--add-opens', 'java.base/java.lang=ALL-UNNAMED', ...main], {
    stdio: ['ignore', log, log],
    env: { ...process.env, QDB_LOG_W_STDOUT_LEVEL: 'ERROR' },
  });
}

/** Resolves once it answers. */
async function ready(child: ChildProcess, url: string, log: string): Promise<void> {
  for (const until = Date.now() + START_MS; Date.now() < until; await wait(POLL_MS)) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${url}/exec?query=select%201`).catch(() => null);
    if (answer?.ok || answer?.status === 401) return; // 401: it is there, and wants a password
  }
  throw new Error(`QuestDB did not start: ${(await readFile(log, 'utf8')).slice(-2_000)}`);
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}
