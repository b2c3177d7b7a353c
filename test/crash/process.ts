import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { PipelineView } from '../../graph/contract/view.ts';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/millrace.cjs');

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `millrace run` as a child process. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it said on standard error up to now. */
  said(): string;
}

/** A folder of the test's own; removed with it, or kept and named when it failed. */
export function freshFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'millrace-crash-'));
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail' && process.env.MILLRACE_KEEP) process.stderr.write(`kept: ${folder}\n`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  return folder;
}

/** Starts the pipelines of a folder; killed when the test ends before it does. */
export function launch(folder: string, args: readonly string[] = []): Running {
  const { CLICKHOUSE_URL: _, MILLRACE_BROKER: __, ...env } = process.env;
  const child = spawn(process.execPath, [LAUNCHER, 'run', '--json', '--status-port', '0', ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    text.stdout += data;
  });
  child.stderr.on('data', (data) => {
    text.stderr += data;
  });
  const ended = new Promise<Ended>((done) => child.on('close', (code, signal) => done({ code, signal, ...text })));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { process: child, ended, said: () => text.stderr };
}

/** A document of the data folder, or null while it is not there. */
function document<T>(folder: string, name: string): T | null {
  try {
    return JSON.parse(readFileSync(join(folder, '.millrace', name), 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // also one that goes just now
    throw error;
  }
}

/** Process id of the ClickHouse engine of a folder, or null. */
export const enginePid = (folder: string): number | null => document<{ pid: number }>(folder, 'clickhouse.json')?.pid ?? null;

/** What a path of the status endpoint answers; null while nobody does. */
export async function endpoint<T>(folder: string, path: string): Promise<{ readonly status: number; readonly body: T } | null> {
  const url = document<{ status: { url: string } }>(folder, 'run.json')?.status.url;
  if (url === undefined) return null;
  try {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: (await response.json()) as T };
  } catch (error) {
    if (error instanceof TypeError) return null; // not listening yet, or no more
    throw error;
  }
}

/** The view of the first pipeline, or null. */
export async function view(folder: string): Promise<PipelineView | null> {
  return (await endpoint<{ pipelines: PipelineView[] }>(folder, '/status'))?.body.pipelines[0] ?? null;
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Looks until the condition holds; throws what the process said when it ends before or `maxMs` pass. */
export async function until(running: Running, what: string, holds: () => Promise<boolean> | boolean, maxMs = 90_000): Promise<void> {
  let over: Ended | null = null;
  void running.ended.then((ended) => {
    over = ended;
  });
  for (const deadline = Date.now() + maxMs; !(await holds()); ) {
    if (over !== null) throw new Error(`ended before ${what}:\n${running.said()}`);
    if (Date.now() > deadline) throw new Error(`still not ${what} after ${maxMs} ms:\n${running.said()}`);
    await pause(50);
  }
}
