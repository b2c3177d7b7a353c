import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { wallClockNs } from '../cli/engines.ts';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import type { Log, Outgoing } from '../graph/contract/log.ts';
import { type Bench, figure } from './figure.ts';
import { costOfAsync } from './measure.ts';

const VALUE_BYTES = 350_000;
const GROUP = 20;
const ROUNDS = 60;
const TINY_ROUNDS = 1000;
const TINY_BYTES = 200;
const JOURNAL = 'bench.tasks';
const DATA = 'bench.data';
const PARTITIONS = 4;

/** The embedded log beside the same bytes written and synced to a plain file. */
export const embeddedLog: Bench = {
  name: 'log',
  summary: 'embedded log: commits, polls and scans, beside append + fdatasync of a plain file',
  async run({ folder, note }) {
    const options = { dir: join(folder, 'log'), clock: wallClockNs, note };
    let log = await openEmbeddedLog(options);
    await log.ensure([
      { topic: JOURNAL, partitions: 1, kind: 'journal', retentionMs: null },
      { topic: DATA, partitions: PARTITIONS, kind: 'data', retentionMs: null },
    ]);
    await log.lease('bench', JOURNAL, { assigned: () => undefined, revoked: async () => undefined });
    const megabytes = (GROUP * VALUE_BYTES * ROUNDS) / 1e6;
    const plainFile = { name: 'plain append + fdatasync', figure: megabytes / (await plain(folder, GROUP * VALUE_BYTES, ROUNDS)) };
    const large = megabytes / (await commits(log, 0, { messages: GROUP, bytes: VALUE_BYTES, rounds: ROUNDS }));
    const plainTiny = { name: plainFile.name, figure: TINY_ROUNDS / (await plain(folder, TINY_BYTES, TINY_ROUNDS)) };
    const tiny = TINY_ROUNDS / (await commits(log, ROUNDS, { messages: 1, bytes: TINY_BYTES, rounds: TINY_ROUNDS }));
    const polled = await readOnce(log, 'poll');
    await log.close();
    log = await openEmbeddedLog(options);
    const scanned = await readOnce(log, 'scan');
    await log.close();
    return [
      figure(`commit, ${GROUP} messages of ${VALUE_BYTES / 1000} kB a round`, large, 'MB/s', plainFile),
      figure(`commit, 1 message of ${TINY_BYTES} B a round`, tiny, 'commits/s', plainTiny),
      figure('poll behind the writer, from memory', polled, 'MB/s'),
      figure('scan after reopening, from the page cache', scanned, 'MB/s'),
    ];
  },
};

interface Load {
  readonly messages: number;
  readonly bytes: number;
  readonly rounds: number;
}

/** Seconds of that many rounds, from epoch `first` on. */
async function commits(log: Log, first: number, { messages, bytes, rounds }: Load): Promise<number> {
  const payload = new Uint8Array(VALUE_BYTES).map((_, i) => (i * 31) ^ (i >> 7));
  let seconds = 0;
  for (let epoch = first; epoch < first + rounds; epoch++) {
    const outgoing = Array.from({ length: messages }, (_, i): Outgoing => {
      return { topic: DATA, partition: i % PARTITIONS, key: null, value: payload.slice(0, bytes), headers: {}, timestampNs: 0n };
    });
    const root = { inc: 'i', epoch, plan: 'p', snap: null, closed: false };
    const tasks = [{ task: 0, epoch, entry: Buffer.from(JSON.stringify({ epoch })), root }];
    const { wall } = await costOfAsync(async () => {
      const result = await log.commit({ pipeline: 'bench', journal: JOURNAL, tasks, messages: outgoing });
      if (result !== 'committed') throw new Error(result);
    });
    seconds += wall;
  }
  return seconds;
}

/** Seconds of the same to a plain file: one append and one fdatasync a round. */
async function plain(folder: string, bytes: number, rounds: number): Promise<number> {
  const path = join(folder, 'plain');
  const file = await open(path, 'w');
  let seconds = 0;
  for (let round = 0; round < rounds; round++) {
    const value = Buffer.alloc(bytes, round);
    const { wall } = await costOfAsync(async () => {
      await file.write(value);
      await file.datasync();
    });
    seconds += wall;
  }
  await file.close();
  await rm(path);
  return seconds;
}

/** MB/s of reading all data once; `poll` reads what the log still has in memory, about the last 60 MB. */
async function readOnce(log: Log, how: 'poll' | 'scan'): Promise<number> {
  const ranges = (await log.describe(DATA))?.ranges ?? [];
  let bytes = 0;
  const { wall } = await costOfAsync(async () => {
    for (const [partition, { high }] of ranges.entries()) {
      if (how === 'scan') for await (const { value } of log.scan(DATA, partition, 0, high)) bytes += value.length;
      else bytes += await pollOnce(log, partition, Math.max(0, high - TINY_ROUNDS - GROUP), high);
    }
  });
  return bytes / 1e6 / wall;
}

async function pollOnce(log: Log, partition: number, from: number, to: number): Promise<number> {
  let bytes = 0;
  for (let offset = from; offset < to; ) {
    const [fetched] = await log.poll('bench', [{ topic: DATA, partition, offset }], { messages: 64, bytes: 8e6, waitMs: 0 });
    for (const message of fetched?.messages ?? []) {
      bytes += message.value.length;
      offset = message.offset + 1;
    }
  }
  return bytes;
}
