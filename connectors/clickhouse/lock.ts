import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { MillraceError } from '../../graph/contract/error.ts';

const TIMEOUT_MS = 90_000;
const POLL_MS = 50;

/** Whether a process of that id runs; one that is dead and was not waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether a file was not there. */
export const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** What a promise gives, or null where the file it is about is not there. */
async function orAbsent<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Takes the lock, the holder's process id in it from the start; false when somebody holds it. */
async function take(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Removes the lock of a dead holder, unless somebody has taken it over meanwhile. */
async function clear(path: string, holder: number): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  if ((await orAbsent(rename(path, aside).then(() => true))) === null) return;
  const moved = Number(await readFile(aside, 'utf8'));
  if (moved !== holder) {
    await link(aside, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  await rm(aside, { force: true });
}

/** Runs `work` while no other process does so for the same path; a lock whose holder is dead is taken over. */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await take(path))) {
    const holder = Number((await orAbsent(readFile(path, 'utf8'))) ?? 0);
    if (holder > 0 && !isAlive(holder)) await clear(path, holder);
    else if (Date.now() > deadline) {
      throw new MillraceError(`process ${holder} has been starting the embedded ClickHouse engine for too long`, {
        code: 'clickhouse-engine-locked',
        domain: 'external',
        retry: 'backoff',
        remedy: `end it, or remove ${path}`,
      });
    } else await wait(POLL_MS);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
