import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 10;
const SAID = 2_000;
const SETPRIV = '/usr/bin/setpriv';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server's process, which dies with ours. */
export interface Server {
  readonly pid: number;
  /** Whether it has ended. */
  ended(): boolean;
  /** Resolves once it has ended. */
  readonly gone: Promise<Exit>;
  /** Sends a signal if it still runs. */
  signal(name: NodeJS.Signals): void;
  /** Ends it by that signal and resolves once it is gone. */
  end(name: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

let watched = false;

/** Ends this process when the one that forked it is gone: a worker of a killed test run would live on, and its servers with it. */
function endWithParent(): void {
  if (watched || !process.connected) return;
  watched = true;
  process.once('disconnect', () => process.exit(1));
}

/**
 * Starts a server, what it says going to the end of `log`. The kernel ends it when this process dies, in whatever way; it is not in our
 * process group, so that Ctrl-C reaches only us.
 */
export function launch(program: string, args: readonly string[], log: string, env: NodeJS.ProcessEnv = process.env): Server {
  endWithParent();
  const output = openSync(log, 'a');
  const guarded = existsSync(SETPRIV);
  const child: ChildProcess = guarded
    ? spawn(SETPRIV, ['--pdeathsig', 'KILL', program, ...args], { detached: true, stdio: ['ignore', output, output], env })
    : spawn(program, args, { stdio: ['ignore', output, output], env });
  closeSync(output);
  let failed = false;
  const gone = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => {
      failed = true; // it could not be started
      resolve({ code: null, signal: null });
    });
  });
  const ended = (): boolean => failed || child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    ended,
    gone,
    signal: (name) => void (!ended() && child.kill(name)),
    async end(name) {
      if (ended()) return;
      child.kill(name);
      await gone;
    },
  };
}

/** Resolves once `answers` does with true; throws what `log` says last when the server ends first, or takes longer than `mostMs`. */
export async function ready(what: string, server: Server, log: string, mostMs: number, answers: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + mostMs; Date.now() < until && !server.ended(); await wait(POLL_MS)) if (await answers()) return;
  const said = (await readFile(log, 'utf8')).slice(-SAID);
  throw new Error(`${what} ${server.ended() ? 'ended while it started' : `did not answer within ${mostMs / 1000} s`}: ${said}`);
}
