import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  workers: z.array(z.object({ name: z.string(), pid: z.number().nullable(), url: z.string().nullable() })).optional(),
});

/** What a running instance tells other commands, in `run.json` of its data folder. Holds no secrets. */
export type Instance = z.infer<typeof INSTANCE>;

/** Files of instances in a data folder: the first has `run.json`, others on a broker that they share have a file of their own. */
export const RUN_FILE = /^run(\.\d+)?\.json$/;

const ownFile = (place: Pick<Place, 'dataDir'>): string => join(place.dataDir, `run.${process.pid}.json`);

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
export function runningInstance(place: Pick<Place, 'dataDir'>): Instance | null {
  return runningInstances(place)[0] ?? null;
}

/** All running instances of a data folder, the first in front; on the embedded log there is one at most. */
export function runningInstances({ dataDir }: Pick<Place, 'dataDir'>): readonly Instance[] {
  const files = existsSync(dataDir) ? readdirSync(dataDir).filter((name) => RUN_FILE.test(name)) : [];
  const first = (name: string): number => (name === 'run.json' ? 0 : 1);
  return files
    .sort((a, b) => first(a) - first(b) || (a < b ? -1 : 1))
    .flatMap((name) => instanceIn(join(dataDir, name)) ?? [])
    .filter(({ pid }) => alive(pid));
}

function instanceIn(path: string): Instance | null {
  try {
    const instance = INSTANCE.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return instance.success ? instance.data : null;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) return null;
    throw error;
  }
}

/** Where this process tells of itself: `run.json`, unless another that runs has it. */
function pathOf(place: Pick<Place, 'dataDir'>): string {
  const main = join(place.dataDir, 'run.json');
  const holder = existsSync(main) ? instanceIn(main) : null;
  return holder === null || holder.pid === process.pid || !alive(holder.pid) ? main : ownFile(place);
}

/** Tells other commands where this process is to be found. */
export function announce(place: Place, instance: Instance): void {
  mkdirSync(place.dataDir, { recursive: true });
  const path = pathOf(place);
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(instance, null, 2)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}

/** Takes the announcement of this process back. */
export function withdraw(place: Place): void {
  for (const path of [join(place.dataDir, 'run.json'), ownFile(place)])
    if (existsSync(path) && instanceIn(path)?.pid === process.pid) rmSync(path, { force: true });
}
