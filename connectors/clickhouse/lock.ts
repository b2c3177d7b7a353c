import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { MillraceError } from '../../graph/contract/error.ts';

const TIMEOUT_MS = 90_000;
const POLL_MS = 50;

/** Whether a process of that id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a file was not there. */
export const isAbsent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Runs `work` while no other process does so for the same path; a lock whose holder is dead is taken over. */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch((error: unknown) => (isAbsent(error) ? '' : Promise.reject(error))));
    if (holder > 0 && !isAlive(holder)) await rm(path, { force: true });
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
