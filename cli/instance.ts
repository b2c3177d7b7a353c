import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Place } from './settings.ts';

const INSTANCE = z.object({
  pid: z.number(),
  startedAt: z.string(),
  file: z.string(),
  pipelines: z.array(z.string()),
  status: z.object({ url: z.string() }),
  clickhouse: z.object({ url: z.string(), pid: z.number().nullable() }).nullable(),
});

/** What the running instance tells other commands, in `run.json` of its data folder. Holds no secrets. */
export type Instance = z.infer<typeof INSTANCE>;

const pathOf = (place: Place) => join(place.dataDir, 'run.json');

/** Whether a process of that id exists. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The running instance of a data folder, or null; what a killed one left behind does not count. */
export function runningInstance(place: Place): Instance | null {
  if (!existsSync(pathOf(place))) return null;
  let text: unknown;
  try {
    text = JSON.parse(readFileSync(pathOf(place), 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const instance = INSTANCE.safeParse(text);
  return instance.success && alive(instance.data.pid) ? instance.data : null;
}

/** Tells other commands where this process is to be found. */
export function announce(place: Place, instance: Instance): void {
  mkdirSync(place.dataDir, { recursive: true });
  const fresh = `${pathOf(place)}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, pathOf(place));
}

/** Takes the announcement of this process back. */
export function withdraw(place: Place): void {
  if (runningInstance(place)?.pid === process.pid) rmSync(pathOf(place), { force: true });
}
