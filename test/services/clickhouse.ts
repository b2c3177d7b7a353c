import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort } from './port.ts';
import { launch, ready, type Server } from './process.ts';

const START_MS = 60_000;

/** Of the repository: two folders above this file, or three above its compiled form. */
const ROOT =
  ['../..', '../../..'].map((up) => join(import.meta.dirname, up)).find((folder) => existsSync(join(folder, 'package-lock.json'))) ?? '';
const HOST = join(ROOT, 'native', 'build', 'clickhouse-host');

/** Starts the listener and then sleeps: the engine lives as long as its one query. */
const SERVE =
  'SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM numbers(1000000000) ' +
  'SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null';

/** Where a ClickHouse lives and who may use it. */
export interface ClickhouseSetup {
  /** The one user who may do anything; without it everybody may. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Users beside that one, who may do what their grants say; statements of a `readonly` user change nothing. */
  readonly limited?: readonly {
    readonly name: string;
    readonly password: string;
    readonly grants: readonly string[];
    readonly readonly?: boolean;
  }[];
  /** Where its data stays after `stop`; a temporary folder, removed by `stop`, when not given. */
  readonly folder?: string;
  readonly port?: number;
}

/** A ClickHouse server of its own, in a temporary folder, at an address that stays over a restart. */
export interface Clickhouse {
  /** With the user and password, if it wants them. */
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

/** The library of the engine, or null where the package `chdb` is not installed. */
function library(): string | null {
  const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  const chdb = join(ROOT, 'node_modules', 'chdb', 'package.json');
  if (!existsSync(chdb)) return null;
  return join(dirname(createRequire(chdb).resolve(`@chdb/lib-${platform}/package.json`)), 'libchdb.so');
}

/** Why ClickHouse cannot run here, or null. */
export function clickhouseMissing(): string | null {
  if (library() === null) return 'the package chdb is not installed';
  return existsSync(HOST) ? null : 'native/build/clickhouse-host is not built';
}

const limitedUser = ({ name, password, grants, readonly }: NonNullable<ClickhouseSetup['limited']>[number]): string => `<${name}>
      <password>${password}</password><networks><ip>127.0.0.1</ip></networks><profile>${readonly ? 'reader' : 'default'}</profile><quota>default</quota>
      <grants>${grants.map((grant) => `<query>GRANT ${grant}</query>`).join('')}</grants>
    </${name}>`;

/** The engine's own query runs as `default`, who may do nothing else. */
const users = ({ name, password }: NonNullable<ClickhouseSetup['user']>, limited: ClickhouseSetup['limited'] = []): string => `<clickhouse>
  <profiles><default/><reader><readonly>1</readonly></reader></profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants>
    </default>
    <${name}>
      <password>${password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      <access_management>1</access_management>
    </${name}>
    ${limited.map(limitedUser).join('\n    ')}
  </users>
</clickhouse>
`;

const configuration = (port: number, usersFile: string | null): string => `<clickhouse>
  <http_port>${port}</http_port>
  <listen_host>127.0.0.1</listen_host>
  <keep_alive_timeout>60</keep_alive_timeout>
  <mark_cache_size>67108864</mark_cache_size>
  <index_mark_cache_size>16777216</index_mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  ${usersFile === null ? '' : `<users_config>${usersFile}</users_config>`}
</clickhouse>
`;

/** Starts a server. */
export async function startClickhouse(setup: ClickhouseSetup = {}): Promise<Clickhouse> {
  const libchdb = library();
  if (libchdb === null) throw new Error('the package chdb is not installed');
  const folder = setup.folder ?? (await mkdtemp(join(tmpdir(), 'millrace-clickhouse-')));
  const port = setup.port ?? (await freePort());
  const files = { config: join(folder, 'config.xml'), users: join(folder, 'users.xml'), log: join(folder, 'out.log') };
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true });
  if (setup.user) await writeFile(files.users, users(setup.user, setup.limited));
  await writeFile(files.config, configuration(port, setup.user ? files.users : null));
  const login = setup.user ? `${encodeURIComponent(setup.user.name)}:${encodeURIComponent(setup.user.password)}@` : '';
  const address = `http://127.0.0.1:${port}`;
  let server: Server | null = null;
  const start = async (): Promise<void> => {
    await rm(join(data, 'status'), { force: true }); // what a killed engine leaves
    const args = [libchdb, `--config-file=${files.config}`, `--path=${data}`, '--multiquery', `--query=${SERVE}`];
    server = launch(HOST, args, files.log);
    await ready('ClickHouse', server, files.log, START_MS, () => answers(address));
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
  const headers = setup.user && { 'x-clickhouse-user': setup.user.name, 'x-clickhouse-key': setup.user.password };
  return { url: `http://${login}127.0.0.1:${port}`, pids, rows: (sql) => rowsOf(address, sql, headers ?? {}), kill, start, stop };
}

const answers = async (address: string): Promise<boolean> => (await fetch(`${address}/ping`).catch(() => null))?.ok === true;

async function rowsOf(address: string, sql: string, headers: Record<string, string>): Promise<unknown[][]> {
  const answer = await fetch(`${address}/?default_format=JSONCompact`, { method: 'POST', body: sql, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${sql}: ${text}`);
  return text === '' ? [] : (JSON.parse(text) as { readonly data: unknown[][] }).data;
}
