import { AsyncLocalStorage } from 'node:async_hooks';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { it, onTestFinished } from 'vitest';

const LAUNCHER = resolve(import.meta.dirname, '../../cli/millrace.cjs');
const OWN_VARIABLES = /^(MILLRACE_|CLICKHOUSE_URL|NO_COLOR|FORCE_COLOR)/;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that runs. */
export interface Started {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error matches; rejects with all of it when the process ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
}

/** How a test that runs beside others says what to do at its end; alone, vitest knows which test it is. */
const beside = new AsyncLocalStorage<typeof onTestFinished>();
const atEnd: typeof onTestFinished = (work) => (beside.getStore() ?? onTestFinished)(work);

/** A test that may run beside others of its file and start processes of its own. */
export function itBeside(name: string, work: () => Promise<void>, timeoutMs?: number): void {
  it(name, ({ onTestFinished: ownEnd }) => beside.run(ownEnd, work), timeoutMs);
}

/** A folder of its own for a test, with the given files. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** Starts the built command line in a folder; it is killed when the test ends before it does. */
export function start(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Started {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.test(name)));
  const child = spawn(process.execPath, [LAUNCHER, ...args], { cwd, env: { ...inherited, ...env } });
  child.stdin.end(input);
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, stdout, stderr })));
  atEnd(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((found, failed) => {
      const look = () => {
        const match = pattern.exec(stderr);
        if (match === null) return;
        listeners.delete(look);
        found(match);
      };
      listeners.add(look);
      look();
      void ended.then(() => failed(new Error(`ended before it said ${pattern}:\n${stderr}`)));
    });
  return { process: child, ended, says };
}

/** Runs the built command line to its end. */
export function run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ''): Promise<Ended> {
  return start(cwd, args, env, input).ended;
}
