import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { clickhouseMissing } from '../services/clickhouse.ts';
import { kafkaMissing } from '../services/kafka.ts';
import { questdbMissing } from '../services/questdb.ts';
import { describeWith } from '../services/suite.ts';
import { blowsOf, blowText, type Struck, strike } from './blows.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { Feed } from './feed.ts';
import { Market, PARTITIONS, pipeline } from './market.ts';
import { pause } from './process.ts';
import { type Truth, truthOf } from './truth.ts';
import { differences, inputOf, journalFaults, journalOf, outputsOf } from './verdict.ts';
import { Worker } from './workers.ts';

const SEEDS = (process.env.MILLRACE_SEEDS ?? process.env.MILLRACE_SEED ?? String(Math.floor(Math.random() * 2 ** 30)))
  .split(',')
  .map(Number);
/** Blows of a campaign; without it each kind comes once. */
const BLOWS = process.env.MILLRACE_BLOWS === undefined ? null : Number(process.env.MILLRACE_BLOWS);
const WORKERS = 2;
/** Prints a second. */
const RATE = 400;
/** How long all may stand still before it counts as stuck, ms: longer than a session, an undecided commit and a restart together. */
const STILL_MS = 60_000;

/** The truth, once the input shows all of it: a transaction that a dying broker left open may hide its end for a while. */
async function truth(cluster: Cluster): Promise<Truth> {
  for (;;) {
    const input = await inputOf(cluster);
    if (input.filter(({ value }) => value.includes('"END"')).length === PARTITIONS) return truthOf(input);
    await pause(500);
  }
}

/** Rows in each table of both stores; null while it cannot be asked. */
async function counts({ clickhouse, questdb }: Cluster): Promise<readonly number[]> {
  const count = async (store: { rows(sql: string): Promise<unknown[][]> }, table: string): Promise<number> =>
    Number((await store.rows(`SELECT count() FROM ${table}`).catch(() => []))[0]?.[0] ?? -1);
  return [
    await count(clickhouse, 'totals'),
    await count(clickhouse, 'bars'),
    await count(clickhouse, 'rejected'),
    await count(questdb, 'totals'),
    await count(questdb, 'bars'),
  ];
}

/** Resolves when both stores have as many rows as they should; false when nothing changes any more before. */
async function settled(cluster: Cluster, { totals, bars, rejected }: Truth): Promise<boolean> {
  const rows = [...totals.values()].flat().length;
  const wanted = [rows, bars.length, rejected.length, rows, bars.length];
  for (let [seen, since] = ['', Date.now()]; Date.now() - since < STILL_MS; await pause(200)) {
    const now = await counts(cluster);
    if (now.every((count, i) => count >= (wanted[i] ?? 0))) return true;
    if (now.join() !== seen) [seen, since] = [now.join(), Date.now()];
  }
  return false;
}

const missing = [kafkaMissing(), questdbMissing(), clickhouseMissing()];

describeWith('two workers on a real Kafka, QuestDB and ClickHouse, all of them killed at random', missing, () => {
  it.each(SEEDS)('seed %i: every output holds what a plain computation gives', { timeout: 600_000 }, async (seed) => {
    const root = mkdtempSync(join(tmpdir(), 'millrace-services-'));
    const cluster = await startCluster();
    onTestFinished(() => cluster.close());
    const named = seed % 2 === 0;
    const text = pipeline(cluster.addresses);
    const workers = Array.from({ length: WORKERS }, (_, i) => new Worker(root, `w${i}`, text, named));
    onTestFinished(async ({ task }) => {
      await Promise.all(workers.map((worker) => worker.kill()));
      if (task.result?.state === 'fail' && process.env.MILLRACE_KEEP) process.stderr.write(`kept: ${root}\n`);
      else rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    });
    const blows = blowsOf(seed, BLOWS, WORKERS);
    const label = `MILLRACE_SEED=${seed}${BLOWS === null ? '' : ` MILLRACE_BLOWS=${BLOWS}`}: ${blows.map(blowText).join(', ')}`;
    process.stderr.write(`${label}\n`);

    const feed = new Feed(cluster.kafka, new Market(seed), 'prints');
    feed.start(RATE);
    for (const worker of workers) worker.start();
    const struck = await strike(blows, cluster, workers);
    await feed.finish();
    const wanted = await truth(cluster);
    const isSettled = await settled(cluster, wanted);
    const exits = await Promise.all(workers.map((worker) => worker.leave()));

    const journal = await journalOf(cluster);
    const faults = [
      ...(isSettled ? [] : [`nothing changed for ${STILL_MS / 1000} s`]),
      ...workers.flatMap((worker) => worker.faults),
      ...exits.flatMap((exit, i) => (exit?.code === 0 ? [] : [`w${i} ended with ${exit?.code ?? exit?.signal}`])),
      ...differences(wanted, await outputsOf(cluster)),
      ...journalFaults(journal),
    ];
    const said = workers.map((worker) => `${worker.name}:\n${worker.said()}`).join('\n');
    expect(faults, `${label}\n${struckText(struck)}\n${said}`).toEqual([]);
    expect(wanted.bars.length).toBeGreaterThan(0);
    expect(wanted.rejected.length).toBeGreaterThan(0);
  });
});

const struckText = (struck: readonly Struck[]): string =>
  struck
    .map(({ blow, atMs, overMs }) => `${new Date(atMs).toISOString()} to ${new Date(overMs).toISOString()}: ${blowText(blow)}`)
    .join('\n');
