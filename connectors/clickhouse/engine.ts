import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../graph/contract/error.ts';

const START_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 5000;
const POLL_MS = 20;
const LOG_LINES = 5;

/** Starts the listener and then sleeps: the engine lives as long as its one query. */
const SERVE =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) ' +
  'SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null';

/** An engine that answers. */
export interface Engine {
  readonly url: string;
  readonly process: ChildProcess;
}

/** The library of the engine: part of the optional package `chdb`. */
function library(): string {
  const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  try {
    const chdb = createRequire(import.meta.url).resolve('chdb/package.json');
    return join(dirname(createRequire(chdb).resolve(`@chdb/lib-${platform}/package.json`)), 'libchdb.so');
  } catch (cause) {
    throw new MillraceError('the embedded ClickHouse engine is not installed', {
      code: 'clickhouse-engine-absent',
      domain: 'user',
      remedy: 'run `npm install chdb@3.4.0` (560 MB), or name a server in connections.clickhouse',
      cause,
    });
  }
}

/** The program that hosts the library; built by the set-up, beside the sources or two folders above the compiled code. */
function host(): string {
  const given = process.env.MILLRACE_CLICKHOUSE_HOST;
  const built = ['../../native/build/clickhouse-host', '../../../native/build/clickhouse-host'];
  const path = [...(given ? [given] : []), ...built.map((relative) => fileURLToPath(new URL(relative, import.meta.url)))].find((one) =>
    existsSync(one),
  );
  if (path) return path;
  throw new MillraceError('the program that hosts the embedded ClickHouse engine is not built', {
    code: 'clickhouse-host-absent',
    domain: 'user',
    remedy: 'run `npm run setup`, or name a server in connections.clickhouse',
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Answer of a GET, or null when there is none with status 200. */
function ask(url: string): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: PROBE_TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve(response.statusCode === 200 ? text : null)).once('error', () => resolve(null));
    });
    request.once('timeout', () => request.destroy()).once('error', () => resolve(null));
  });
}

/** Whether the engine at that address is up and keeps its data in `folder`. */
export async function serves(url: string, folder: string): Promise<boolean> {
  const path = await ask(`${url}/?query=${encodeURIComponent("SELECT value FROM system.server_settings WHERE name = 'path'")}`);
  return path?.trim() === folder;
}

/** Modest where a server is generous; the cache and memory limits suit a laptop that does other things. */
const configuration = (port: number): string => `<clickhouse>
  <http_port>${port}</http_port>
  <listen_host>127.0.0.1</listen_host>
  <keep_alive_timeout>60</keep_alive_timeout>
  <mark_cache_size>67108864</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <max_server_memory_usage_to_ram_ratio>0.5</max_server_memory_usage_to_ram_ratio>
</clickhouse>
`;

/** Ports that are tried, each free when it was looked for: what listens on it when the engine does may be another. */
const PORTS_TRIED = 5;

/**
 * Starts an engine over `folder` on a loopback port, a free one unless it is given; resolves when it answers. It is told to die with
 * this process, and is not in its process group, so that Ctrl-C reaches only us and what is in flight can still be written.
 */
export async function startEngine(folder: string, givenPort?: number, free: () => Promise<number> = freePort): Promise<Engine> {
  for (let tried = 1; ; tried++) {
    const started = await startAt(folder, givenPort ?? (await free()));
    if (!('reason' in started)) return started;
    const { reason, said } = started;
    if (said.includes('Address already in use') && givenPort === undefined && tried < PORTS_TRIED) continue;
    throw new MillraceError(`the embedded ClickHouse engine does not start: ${reason}${said ? `\n${said}` : ''}`, {
      code: 'clickhouse-engine-start',
      domain: 'external',
      retry: 'backoff',
      remedy: `look at ${logOf(folder)}`,
    });
  }
}

const logOf = (folder: string): string => `${folder}.log`;

/** The engine at a port, or why it does not start and what it said last. */
async function startAt(folder: string, port: number): Promise<Engine | { readonly reason: string; readonly said: string }> {
  const program = host();
  const libchdb = library();
  await mkdir(folder, { recursive: true });
  // what a killed engine leaves; nobody else serves the folder, or the caller would not start one
  await rm(join(folder, 'status'), { force: true });
  const config = `${folder}.xml`;
  const log = logOf(folder);
  await writeFile(config, configuration(port));
  const output = openSync(log, 'w');
  const child = spawn(
    program,
    ['--parent', String(process.pid), libchdb, `--config-file=${config}`, `--path=${folder}`, '--multiquery', `--query=${SERVE}`],
    {
      detached: true,
      stdio: ['ignore', output, output],
    },
  );
  closeSync(output);
  child.unref();
  const failed: { reason: string | null } = { reason: null };
  child.once('error', (error) => {
    failed.reason = error.message;
  });
  child.once('exit', (code, signal) => {
    failed.reason ??= `it ended with ${signal ?? code}`;
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (failed.reason === null && Date.now() < deadline) {
    if (await serves(url, folder)) return { url, process: child }; // not whoever else may have taken the port
    await wait(POLL_MS);
  }
  child.kill('SIGKILL');
  const said = (await readFile(log, 'utf8')).trim().split('\n').slice(-LOG_LINES).join('\n');
  return { reason: failed.reason ?? 'it does not answer', said };
}
