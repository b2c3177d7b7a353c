import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openEmbeddedClickhouse } from '../../connectors/clickhouse/embedded.ts';
import { query, queryText } from '../../connectors/clickhouse/query.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'cli', 'millrace.cjs');

/** Folder of the captures, or null where there is none. */
export const DATA: string | null =
  [process.env.MILLRACE_DATA ?? '', resolve(ROOT, '../shared/data')].find((path) => existsSync(path)) ?? null;

/** What `run --json` prints of one pipeline. */
export interface Summary {
  readonly pipeline: string;
  readonly seconds: number;
  readonly epochs: number;
  readonly nodes: Readonly<Record<string, { readonly rows_in: number; readonly rows_out: number; readonly rejected: number }>>;
  readonly sinks: Readonly<Record<string, { readonly rows: number; readonly latency_ms: { readonly p50: number; readonly p99: number } }>>;
}

/** A row as ClickHouse answers it: integers beyond 2^53 as strings. */
export type Answer = Readonly<Record<string, unknown>>;

/** A folder for data that goes when `remove` is called. */
export function temporary(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A copy of an example in `folder`, without what runs left in it; gives the copy's path. */
export function copyOf(name: string, folder: string): string {
  const copy = join(folder, name);
  cpSync(join(ROOT, 'examples', name), copy, {
    recursive: true,
    filter: (path) => !/(\.millrace|\.venv|__pycache__|bars\.csv|signals[/\\]real)$/.test(path),
  });
  return copy;
}

export const folderOf = (name: string): string => join(ROOT, 'examples', name);

/** Runs the built command line in a folder; throws with all it said when it does not end with 0. */
export function done(
  folder: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const { CLICKHOUSE_URL: _, SIGNALS_DATA: __, ...inherited } = process.env;
  const env = { ...inherited, ...(DATA === null ? {} : { MILLRACE_DATA: DATA }), ...variables };
  return new Promise((resolved, failed) => {
    execFile(process.execPath, [LAUNCHER, ...args], { cwd: folder, env, maxBuffer: 1e9 }, (error, stdout, stderr) => {
      if (error) failed(new Error(`millrace ${args.join(' ')} ended with ${error.code}:\n${stderr}${stdout}`));
      else resolved({ stdout, stderr });
    });
  });
}

/** Runs the pipeline of a folder to its end. */
export async function runOnce(folder: string, dataDir: string, variables: Readonly<Record<string, string>> = {}): Promise<Summary> {
  const { stdout } = await done(folder, ['run', '--json', '--status-port', '0', '--data-dir', dataDir], variables);
  return JSON.parse(stdout) as Summary;
}

/** Asks the embedded engine of a data folder several questions; it is started once. */
export async function asked<T>(dataDir: string, questions: (ask: (sql: string) => Promise<readonly Answer[]>) => Promise<T>): Promise<T> {
  const engine = await openEmbeddedClickhouse({ dataDir, note: () => undefined });
  try {
    return await questions(async (sql) => (await query(engine.url, sql)).rows);
  } finally {
    await engine.stop();
  }
}

/** A sum over all rows of a table, in any order, of the columns that are not lineage; and whether every row is there once. */
export function tableDigest(table: string, columns: readonly string[]): string {
  return (
    `SELECT toUInt64(count()) AS rows, toString(sum(cityHash64(toString(tuple(${columns.join(', ')}))))) AS digest, ` +
    `toUInt64(uniqExact(_src, _seq)) AS identities FROM ${table}`
  );
}

/** The columns of a table that hold what it says, not where it came from. */
export const businessColumns = (table: string): string =>
  `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '${table}' AND NOT startsWith(name, '_') ORDER BY name`;

/** The queries of an example's README, each with the answer that is shown under it and the one that the tables give. */
export async function documented(name: string, dataDir: string): Promise<{ readonly shown: string; readonly given: string }[]> {
  const readme = readFileSync(join(folderOf(name), 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```sql\n(.*?)```\s*```text\n(.*?)```/gs)];
  const engine = await openEmbeddedClickhouse({ dataDir, note: () => undefined });
  try {
    const answers = [];
    for (const [, sql = '', shown = ''] of blocks) answers.push({ shown: shown.trim(), given: (await queryText(engine.url, sql)).trim() });
    return answers;
  } finally {
    await engine.stop();
  }
}
