import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Dice } from '../../connectors/embedded/faults/dice.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import { asked, businessColumns, tableDigest } from '../examples/example.ts';
import { enginePid, freshFolder, launch, pause, type Running, until, view } from './process.ts';
import { SHAPES, type Shape, write } from './shapes.ts';

const SEEDS = (process.env.MILLRACE_SEEDS ?? process.env.MILLRACE_SEED ?? '1').split(',').map(Number);
const KILLS = Number(process.env.MILLRACE_KILLS ?? 4);
/** Longest time between two kills, ms: a start and some work. */
const BETWEEN_MS = 2000;
/** Looks at a pipeline that does nothing more before it counts as done. */
const QUIET_LOOKS = 4;

/**
 * What is done to a run: a kill of all of it, of its ClickHouse, of both in turn, or of all while ClickHouse hangs, so that a block is
 * announced and its fate unknown; Ctrl-C, and Ctrl-C followed by a kill while it drains.
 */
type Blow = 'process' | 'engine' | 'both' | 'hanging' | 'stop' | 'stop and kill';
const BLOWS: readonly Blow[] = ['process', 'process', 'hanging', 'engine', 'hanging', 'both', 'stop', 'stop and kill'];

const allWritten = (seen: PipelineView): boolean =>
  seen.state === 'running' &&
  seen.sources.every((source) =>
    source.partitions.every((partition) => (source.use === 'topic' ? partition.lag === 0 : partition.ended)),
  ) &&
  seen.sinks.every((sink) => sink.state === 'running' && sink.queuedRows === 0 && sink.lagMessages === 0);

/** Lets a run come to its end: by itself, or by Ctrl-C once nothing is left to do. */
async function finish(running: Running, folder: string, shape: Shape): Promise<void> {
  if (!shape.finite) {
    const quiet = { looks: 0, epochs: -1 };
    await until(running, 'all written', async () => {
      const seen = await view(folder);
      const still = seen !== null && allWritten(seen) && seen.epochs === quiet.epochs;
      quiet.epochs = seen?.epochs ?? -1;
      quiet.looks = still ? quiet.looks + 1 : 0;
      if (quiet.looks < QUIET_LOOKS) await pause(200);
      return quiet.looks >= QUIET_LOOKS;
    });
    running.process.kill('SIGINT');
  }
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
}

/** Resolves when a run has written a block, or after a while: on a slow machine the start alone takes longer than the time between blows. */
async function written(folder: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await pause(50)) {
    if ((await view(folder))?.sinks.some((sink) => sink.blocks > 0)) return;
  }
}

/** Strikes a run at instants that the seed draws, and starts it again each time. Gives what was done. */
async function tormented(folder: string, shape: Shape, seed: number): Promise<{ readonly blows: Blow[]; readonly last: Running }> {
  const dice = new Dice(seed);
  const draw = () => dice.roll(shape.name);
  const blows: Blow[] = [];
  let running = launch(folder);
  while (blows.length < KILLS) {
    const moment = draw() < 0.25 ? pause(draw() * BETWEEN_MS) : written(folder).then(() => pause(draw() * BETWEEN_MS));
    const over = await Promise.race([running.ended, moment]);
    if (over) return { blows, last: running };
    const blow = BLOWS[Math.floor(draw() * BLOWS.length)] as Blow;
    blows.push(blow);
    if (blow === 'engine' || blow === 'both') signalTo(enginePid(folder), 'SIGKILL');
    if (blow === 'hanging') {
      signalTo(enginePid(folder), 'SIGSTOP');
      await pause(draw() * BETWEEN_MS);
    }
    if (blow === 'engine') continue;
    if (blow === 'stop' || blow === 'stop and kill') running.process.kill('SIGINT');
    if (blow === 'both' || blow === 'stop and kill') await pause(draw() * 100);
    if (blow !== 'stop') running.process.kill('SIGKILL');
    const { code, signal, stderr } = await running.ended;
    if (blow === 'stop' && signal === null) expect(code, stderr).toBe(0); // a signal: it came before it was listened to
    running = launch(folder);
  }
  return { blows, last: running };
}

/** Signals a process that may have ended just now. */
function signalTo(pid: number | null, signal: NodeJS.Signals): void {
  if (pid === null) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What the tables hold, whatever the order of rows. */
function contents(folder: string, shape: Shape): Promise<Record<string, unknown>> {
  return asked(join(folder, '.millrace'), async (ask) => {
    const digest = async (table: string, columns: readonly string[] | null) => {
      const named = columns ?? (await ask(businessColumns(table))).map((row) => String(row.name));
      return (await ask(tableDigest(table, named)))[0];
    };
    return { trades: await digest('trades', null), bars: await digest('bars', null), rejected: await digest('rejected', shape.rejected) };
  });
}

/** A life under blows, and the folder of one without. */
interface Struck {
  readonly calm: string;
  readonly rough: string;
  readonly blows: readonly Blow[];
  readonly last: Running;
}

/** Torments a life of so many seconds; null when it was over before the first blow. */
async function lived(shape: Shape, seed: number, seconds: number): Promise<Struck | null> {
  const [calm, rough] = [freshFolder(), freshFolder()];
  const life = { seed, start: new Date(), seconds };
  write(shape, life, rough);
  write(shape, life, calm);
  const { blows, last } = await tormented(rough, shape, seed);
  return blows.length === 0 ? null : { calm, rough, blows, last };
}

describe.each(SEEDS)('kill -9 at any instant, seed %i', (seed) => {
  it.each(SHAPES)('$name: the tables hold what an undisturbed run writes', { timeout: 300_000 }, async (shape) => {
    let struck: Struck | null = null;
    // a slow machine may end a short life before the first blow
    for (let seconds = Math.ceil((KILLS * BETWEEN_MS) / 2000) + 1; struck === null; seconds *= 2)
      struck = await lived(shape, seed, seconds);
    const { calm, rough, blows, last } = struck;
    const label = `seed ${seed}, blows: ${blows.join(', ')}`;
    try {
      await finish(last, rough, shape);
    } catch (error) {
      throw new Error(`${label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    await finish(launch(calm), calm, shape);
    const wanted = await contents(calm, shape);
    expect(await contents(rough, shape), label).toEqual(wanted);
    for (const table of Object.values(wanted)) {
      const { rows, identities } = table as { rows: number; identities: number };
      expect(rows).toBeGreaterThan(0);
      expect(identities).toBe(rows);
    }
  });
});
