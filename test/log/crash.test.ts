import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { Dice } from '../../connectors/embedded/faults/dice.ts';
import type { Log, Outgoing } from '../../graph/contract/log.ts';
import { CRASH, difference, messagesOf } from './crash-model.ts';
import { openTestLog, temporaryFolder } from './embedded-fixture.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_121);
const KILLS = 26;
const CHILD = join(import.meta.dirname, 'crash-child.ts');

test(`kill -9 at any instant loses nothing, doubles nothing, leaves no part of a round (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const dice = new Dice(SEED);
  const book = new Book();
  for (let kill = 0; kill < KILLS; kill++) {
    // one in four dies while it opens or soon after, the others some time after a few commits
    const acknowledged = dice.hits('when', 0.25)
      ? await runAndKill(folder.dir, book.announced, 0, dice.between('early', 150, 500))
      : await runAndKill(folder.dir, book.announced, dice.between('commits', 1, 4), dice.between('late', 0, 150));
    const log = await openTestLog(folder.dir);
    await book.check(log, acknowledged);
    await log.close();
  }
  expect(book.epoch).toBeGreaterThan(KILLS);
  folder.remove();
});

/** Lets a child commit and kills it `ms` after it has acknowledged `after` epochs; the last epoch it acknowledged, or null; intents go to `announced`. */
async function runAndKill(dir: string, announced: number[], after: number, ms: number): Promise<number | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, dir, String(SEED)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = (): void => {
    setTimeout(() => child.kill('SIGKILL'), ms);
  };
  let acknowledged: number | null = null;
  let count = 0;
  if (after === 0) kill();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [word = '', partition, epoch] = line.split(' ');
    if (word === 'intent') {
      announced[Number(partition)] = Number(epoch);
      return;
    }
    acknowledged = Number(word);
    if (++count === after) kill();
  });
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')]);
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  return acknowledged;
}

/** What must be in the log, grown epoch by epoch from the model. */
class Book {
  epoch = -1;
  /** Epoch of the last acknowledged intent, by partition. */
  readonly announced = Array.from({ length: CRASH.partitions }, () => -1);
  readonly #sent = Array.from({ length: CRASH.partitions }, (): Outgoing[] => []);

  async check(log: Log, acknowledged: number | null): Promise<void> {
    const roots = await Promise.all([log.root(CRASH.pipeline, 0), log.root(CRASH.pipeline, 1)]);
    const epoch = roots[0]?.epoch ?? -1;
    expect(roots[1]?.epoch ?? -1).toBe(epoch);
    const least = acknowledged ?? this.epoch;
    expect([least, least + 1]).toContain(epoch);
    while (this.epoch < epoch) for (const message of messagesOf(SEED, ++this.epoch)) this.#sent[message.partition]?.push(message);
    const facts = await log.describe(CRASH.topic);
    for (const [partition, sent] of this.#sent.entries()) {
      const { low, high } = facts?.ranges[partition] ?? { low: 0, high: 0 };
      expect(high).toBe(sent.length);
      let next = low;
      for await (const message of log.scan(CRASH.topic, partition, low, high)) {
        expect(message.offset).toBe(next);
        const expected = sent[next++];
        expect(expected && difference(message, expected)).toBeNull();
      }
      expect(next).toBe(high);
      expect(Number((await log.pending(CRASH.group, CRASH.topic, partition))?.token ?? -1)).toBeGreaterThanOrEqual(
        this.announced[partition] ?? 0,
      );
    }
    for (let task = 0; task < CRASH.tasks; task++) await this.#checkJournal(log, task);
    const snap = roots[0]?.snap;
    if (!snap) return;
    const state = await log.getState(CRASH.pipeline, 0, snap.reference);
    expect(Buffer.from(state?.get('n')?.[0] ?? []).toString()).toBe(`state of ${snap.epoch}`);
  }

  async #checkJournal(log: Log, task: number): Promise<void> {
    const { low, high } = (await log.describe(CRASH.journal))?.ranges[task] ?? { low: 0, high: 0 };
    expect(high).toBe(this.epoch + 1);
    const entries: unknown[] = [];
    for await (const { value } of log.scan(CRASH.journal, task, low, high)) entries.push(JSON.parse(Buffer.from(value).toString()));
    expect(entries).toEqual(Array.from({ length: high - low }, (_, i) => ({ epoch: low + i })));
    const snap = (await log.root(CRASH.pipeline, task))?.snap;
    if (snap) expect(low).toBeLessThanOrEqual(snap.journalFrom);
  }
}
