import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { atMost, type Bench, figure } from './figure.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const POLL_MS = 10;
const LONGEST_MS = 60_000;

interface Status {
  readonly pipelines: readonly { readonly sinks: readonly { readonly name: string; readonly rows: number }[] }[];
}

/** From the start of the process to the first row that ClickHouse has acknowledged. */
export const start: Bench = {
  name: 'start',
  summary: 'millrace run pipelines.yaml: from the start of the process to the first row in ClickHouse',
  async run({ folder, note }) {
    const dataDir = join(folder, 'data');
    const cold = await firstRow(dataDir, note);
    const again = await firstRow(dataDir, note);
    return [
      figure('first start', cold, 's', null, [atMost(1.5)]),
      figure('second start, which resumes', again, 's', { name: 'first start', figure: cold }, [atMost(1.5)]),
    ];
  },
};

/** Seconds until a sink has written a row; then the process is stopped as Ctrl-C does it. */
async function firstRow(dataDir: string, note: (line: string) => void): Promise<number> {
  const args = ['run', '--file', join(ROOT, 'pipelines.yaml'), '--data-dir', dataDir, '--status-port', '0', '--json'];
  const from = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'millrace.cjs'), ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  try {
    for (let at = 0; at < LONGEST_MS; at = performance.now() - from) {
      if (await hasRows(dataDir, child.pid ?? 0)) return at / 1000;
      if (child.exitCode !== null) throw new Error(`the process ended:\n${said}`);
      await wait(POLL_MS);
    }
    throw new Error(`no row in ${LONGEST_MS / 1000} s:\n${said}`);
  } finally {
    note(`${((performance.now() - from) / 1000).toFixed(2)} s to the first row`);
    child.kill('SIGINT');
    await ended;
  }
}

async function hasRows(dataDir: string, pid: number): Promise<boolean> {
  const path = join(dataDir, 'run.json');
  if (!existsSync(path)) return false;
  const instance = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; status: { url: string } };
  if (instance.pid !== pid) return false;
  const status = (await (await fetch(`${instance.status.url}/status`)).json()) as Status;
  return status.pipelines.some(({ sinks }) => sinks.some(({ rows }) => rows > 0));
}
