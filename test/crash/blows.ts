import { Dice } from '../../connectors/embedded/faults/dice.ts';
import type { Cluster } from './cluster.ts';
import { pause } from './process.ts';
import type { Worker } from './workers.ts';

const KINDS = ['kill', 'freeze', 'clickhouse', 'questdb', 'broker', 'leave', 'kill all'] as const;
export type Kind = (typeof KINDS)[number];
/** What the short test does, each once. */
const EACH: readonly Kind[] = ['kill', 'freeze', 'clickhouse', 'questdb', 'broker', 'kill'];
/** How often each kind comes in a campaign. */
const WEIGHTS: readonly Kind[] = [...KINDS, 'kill', 'kill', 'freeze', 'freeze', 'freeze', 'broker', 'leave'];
/** How long what was struck stays as it is, ms: shorter and longer than a session, which is 6 s. */
const LENGTHS_MS: Readonly<Record<Kind, readonly number[]>> = {
  kill: [0, 300, 1_500, 9_000],
  freeze: [9_000, 9_000, 12_000, 3_000],
  clickhouse: [0, 1_000, 4_000],
  questdb: [0, 1_000, 4_000],
  broker: [0, 1_000, 3_000, 8_000],
  leave: [0, 2_000],
  'kill all': [0, 1_000, 7_000],
};
/** The same in the short test, where a frozen worker always outlasts its session, and nothing else does. */
const SHORT_MS: Readonly<Partial<Record<Kind, readonly number[]>>> = {
  kill: [0, 300, 1_500],
  freeze: [9_000],
  clickhouse: [0, 1_000],
  questdb: [0, 1_000],
  broker: [0, 1_000, 3_000],
};
/** Longest time from the moment all runs again to the next blow, ms. */
const BETWEEN_MS = 2_500;
/** How long the workers may take to commit something before they are struck again anyway, ms. */
const PATIENCE_MS = 20_000;

/** One thing that is done to a run. */
export interface Blow {
  readonly kind: Kind;
  /** Worker that is struck, where one is. */
  readonly worker: number;
  readonly lengthMs: number;
  /** Wait before it. */
  readonly afterMs: number;
  /** The next one comes before this one is over. */
  readonly overlaps: boolean;
}

/** What a seed does to a run: `count` blows; null: each kind of the short test once, in an order of the seed's. */
export function blowsOf(seed: number, count: number | null, workers: number): readonly Blow[] {
  const dice = new Dice(seed);
  const pick = <T>(name: string, items: readonly T[]): T => items[dice.between(name, 0, items.length - 1)] as T;
  const shuffled = EACH.map((kind) => ({ kind, at: dice.roll('order') })).toSorted((a, b) => a.at - b.at);
  const kinds = count === null ? shuffled.map(({ kind }) => kind) : Array.from({ length: count }, () => pick('kind', WEIGHTS));
  return kinds.map((kind) => {
    const lengths = count === null ? SHORT_MS[kind] : undefined;
    return {
      kind,
      worker: dice.between('worker', 0, workers - 1),
      lengthMs: pick('length', lengths ?? LENGTHS_MS[kind]),
      afterMs: dice.roll('after') * BETWEEN_MS,
      overlaps: dice.hits('overlaps', count === null ? 0.2 : 0.3),
    };
  });
}

export const blowText = ({ kind, worker, lengthMs, overlaps }: Blow): string =>
  `${kind}${kind === 'kill' || kind === 'freeze' || kind === 'leave' ? ` ${worker}` : ''} ${lengthMs} ms${overlaps ? ' +' : ''}`;

/** A blow that was struck: when, and when it was over. */
export interface Struck {
  readonly blow: Blow;
  readonly atMs: number;
  readonly overMs: number;
}

/** Strikes one blow after the other; resolves when the last one is over and every server and worker runs again. */
export async function strike(blows: readonly Blow[], cluster: Cluster, workers: readonly Worker[]): Promise<readonly Struck[]> {
  const struck: Struck[] = [];
  const running: Promise<void>[] = [];
  for (const blow of blows) {
    await committed(workers);
    await pause(blow.afterMs);
    const atMs = Date.now();
    const over = dealt(blow, cluster, workers).then(() => void struck.push({ blow, atMs, overMs: Date.now() }));
    running.push(over);
    over.catch(() => undefined); // told below
    if (!blow.overlaps) await over;
  }
  await Promise.all(running);
  return struck;
}

async function dealt({ kind, worker, lengthMs }: Blow, { kafka, clickhouse, questdb }: Cluster, workers: readonly Worker[]): Promise<void> {
  const one = workers[worker] as Worker;
  switch (kind) {
    case 'kill':
    case 'kill all': {
      const struck = kind === 'kill' ? [one] : workers;
      await Promise.all(struck.map((each) => each.kill()));
      await pause(lengthMs);
      for (const each of struck) each.start();
      return;
    }
    case 'leave': {
      const exit = await one.leave();
      if (exit && exit.signal === null && exit.code !== 0) one.faults.push(`${one.name} left with ${exit.code}`);
      await pause(lengthMs);
      return one.start();
    }
    case 'freeze':
      one.freeze();
      await pause(lengthMs);
      return one.thaw();
    case 'broker':
      await kafka.kill();
      await pause(lengthMs);
      return kafka.start();
    default: {
      const store = kind === 'clickhouse' ? clickhouse : questdb;
      await store.kill();
      await pause(lengthMs);
      return store.start();
    }
  }
}

/** Resolves when some worker has committed anew, or after a while: on a slow machine a start takes longer than the time between blows. */
async function committed(workers: readonly Worker[]): Promise<void> {
  const epochs = async (): Promise<readonly number[]> => Promise.all(workers.map(async (each) => (await each.view())?.epochs ?? 0));
  const before = await epochs();
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await pause(50)) {
    const now = await epochs();
    if (now.some((count, i) => count > (before[i] ?? 0))) return;
  }
}
