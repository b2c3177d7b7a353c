import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Engine, serves, startEngine } from './engine.ts';
import { isAbsent, isAlive, locked } from './lock.ts';

const GONE_POLL_MS = 10;
const BACKOFF_MS = { first: 100, most: 10_000 } as const;

export interface EmbeddedSetup {
  /** Folder of local data; the engine's lies in `clickhouse` below it. */
  readonly dataDir: string;
  /** A line for people. */
  note(message: string): void;
}

/** The engine of a data folder: ours, or one that another process of ours already runs. */
export interface EmbeddedClickhouse {
  /** Address of the engine, which may have been started anew since. */
  address(): Promise<string>;
  readonly url: string;
  /** Ends the engine if it is ours. */
  stop(): Promise<void>;
}

/** Who serves a data folder: `<dataDir>/clickhouse.json`. */
interface Served {
  readonly url: string;
  readonly pid: number;
}

async function readServed(path: string): Promise<Served | null> {
  try {
    const { url, pid } = JSON.parse(await readFile(path, 'utf8')) as Partial<Served>;
    return typeof url === 'string' && typeof pid === 'number' ? { url, pid } : null;
  } catch (error) {
    if (isAbsent(error) || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Whether that process is an engine over `folder`; a process id may have gone to another program since, or to nobody but a zombie. */
async function isEngine(pid: number, folder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') return true;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').includes(`--path=${folder}`);
  } catch (error) {
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * The embedded ClickHouse of a data folder: joins the engine that is already running, else starts one in a child process, starts it
 * again when it dies, and ends it with its owner. Throws `clickhouse-engine-absent` where the package `chdb` is not installed.
 */
export async function openEmbeddedClickhouse({ dataDir, note }: EmbeddedSetup): Promise<EmbeddedClickhouse> {
  const folder = join(resolve(dataDir), 'clickhouse');
  const record = `${folder}.json`;
  let own: Engine | null = null;
  let url = '';
  let stopped = false;
  let opening: Promise<string> | null = null;

  const joinOrStart = async (): Promise<string> => {
    await mkdir(resolve(dataDir), { recursive: true });
    return locked(`${folder}.lock`, async () => {
      const served = await readServed(record);
      if (served && (await isEngine(served.pid, folder))) {
        if (await serves(served.url, folder)) return served.url;
        // two engines over one folder would ruin it
        for (process.kill(served.pid, 'SIGKILL'); await isEngine(served.pid, folder); ) await wait(GONE_POLL_MS);
      }
      const engine = await startEngine(folder);
      // whole or not at all: others read it at any time
      await writeFile(`${record}.new`, JSON.stringify({ url: engine.url, pid: engine.process.pid ?? 0 }));
      await rename(`${record}.new`, record);
      own = engine;
      engine.process.once('exit', (code, signal) => {
        if (own === engine) own = null;
        if (stopped) return;
        note(`the embedded ClickHouse engine ended (${signal ?? code}) and is started again`);
        void revive();
      });
      return engine.url;
    });
  };

  const address = (): Promise<string> => {
    opening ??= joinOrStart().finally(() => {
      opening = null;
    });
    return opening.then((found) => {
      url = found;
      return found;
    });
  };

  const revive = async (): Promise<void> => {
    for (let delay: number = BACKOFF_MS.first; !stopped && own === null; delay = Math.min(2 * delay, BACKOFF_MS.most)) {
      await wait(delay, undefined, { ref: false });
      try {
        if (!stopped) await address();
        return;
      } catch (error) {
        note(error instanceof Error ? error.message : String(error));
      }
    }
  };

  await address();
  return {
    address,
    get url() {
      return url;
    },
    async stop() {
      stopped = true;
      await opening?.catch(() => undefined); // whoever asked for it has heard why it failed
      const engine = own;
      if (!engine) return;
      own = null;
      engine.process.ref(); // or the process would end before the promise below
      await new Promise<void>((ended) => {
        engine.process.once('exit', () => ended());
        if (engine.process.exitCode !== null || engine.process.signalCode !== null) ended();
        else engine.process.kill('SIGKILL');
      });
      await rm(record, { force: true });
    },
  };
}
