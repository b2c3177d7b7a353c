import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dependency, type Jars, jarPaths, jarsMissing } from './jars.ts';
import { findJava } from './java.ts';
import { freePort } from './port.ts';
import { launch, ready, type Server } from './process.ts';

const QUESTDB: Jars = {
  name: 'questdb-9.3.4',
  dependencies: dependency('org.questdb', 'questdb', '9.3.4'),
  sums: { 'questdb-9.3.4.jar': '939bc53ab22f93dbaa6545143a6e7c536d4904c07b7f2d381e8eef10436be062' },
  leastJava: 17,
};
const START_MS = 90_000;
const JVM = ['-Xms64m', '-Xmx512m', '-XX:+UseParallelGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
const OPENS = ['--add-opens', 'java.base/java.lang=ALL-UNNAMED'];

/** Where a QuestDB lives, when that is not left to it. */
export interface QuestdbSetup {
  /** Lines of its `server.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where its data stays after `stop`; a temporary folder, removed by `stop`, when not given. */
  readonly folder?: string;
  readonly port?: number;
  /** Further arguments of the JVM. */
  readonly jvm?: readonly string[];
}

/** A QuestDB of its own, in a temporary folder, at an address that stays over a restart. */
export interface Questdb {
  readonly url: string;
  /** Process ids of what runs. */
  pids(): readonly number[];
  /** The rows that a statement gives. */
  rows(sql: string): Promise<unknown[][]>;
  /** Ends it at once, as the kernel would. */
  kill(): Promise<void>;
  /** Starts it again on the same folder. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Why QuestDB cannot run here, or null. */
export const questdbMissing = (): string | null => jarsMissing(QUESTDB);

/** Fetches QuestDB when it is not in the cache. */
export async function prepareQuestdb(): Promise<void> {
  await jarPaths(QUESTDB);
}

/** Starts a server; `settings` go into its `server.conf`. */
export async function startQuestdb(settings: Readonly<Record<string, string>> = {}): Promise<Questdb> {
  return serveQuestdb({ settings });
}

/** Starts a server at a place of the caller's choice. */
export async function serveQuestdb(setup: QuestdbSetup): Promise<Questdb> {
  const java = findJava();
  if (java === null) throw new Error('there is no java');
  const [jar = ''] = await jarPaths(QUESTDB);
  const folder = setup.folder ?? (await mkdtemp(join(tmpdir(), 'millrace-questdb-')));
  const port = setup.port ?? (await freePort());
  const log = join(folder, 'out.log');
  await mkdir(join(folder, 'conf'), { recursive: true });
  const conf = {
    'http.bind.to': `127.0.0.1:${port}`,
    'http.min.enabled': 'false',
    'http.static.enabled': 'false',
    'pg.enabled': 'false',
    'line.tcp.enabled': 'false',
    'telemetry.enabled': 'false',
    'shared.worker.count': '2',
    ...setup.settings,
  };
  const lines = Object.entries(conf).map(([key, value]) => `${key}=${value}\n`);
  await writeFile(join(folder, 'conf', 'server.conf'), lines.join(''));
  const url = `http://127.0.0.1:${port}`;
  let server: Server | null = null;
  const start = async (): Promise<void> => {
    server = launch(
      java.program,
      [...JVM, ...(setup.jvm ?? []), ...OPENS, '-p', jar, '-m', 'io.questdb/io.questdb.ServerMain', '-d', folder],
      log,
      {
        ...process.env,
        QDB_LOG_W_STDOUT_LEVEL: 'ERROR',
      },
    );
    await ready('QuestDB', server, log, START_MS, () => answers(url));
  };
  const kill = async (): Promise<void> => server?.end('SIGKILL');
  const stop = async (): Promise<void> => {
    await kill();
    if (setup.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const pids = (): readonly number[] => (server && !server.ended() ? [server.pid] : []);
  return { url, pids, rows: (sql) => rowsOf(url, sql), kill, start, stop };
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/exec?query=select%201`).catch(() => null);
  return answer?.ok === true || answer?.status === 401; // 401: it is there, and wants a password
}

async function rowsOf(url: string, sql: string): Promise<unknown[][]> {
  const answer = await fetch(`${url}/exec?nm=true&query=${encodeURIComponent(sql)}`);
  const body = (await answer.json()) as { readonly dataset?: unknown[][]; readonly error?: string };
  if (!answer.ok) throw new Error(`${sql}: ${body.error}`);
  return body.dataset ?? [];
}
