import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import type { Log, Outgoing } from '../graph/contract/log.ts';

// MB/s and commits/s of the embedded log, each beside the same bytes written and synced to a plain file in the same run
const VALUE_BYTES = 350_000;
const GROUP = 20;
const ROUNDS = 60;
const TINY_ROUNDS = 1000;
const TINY_BYTES = 200;
const JOURNAL = 'bench.tasks';
const DATA = 'bench.data';
const PARTITIONS = 4;

const dir = mkdtempSync(join(process.env.MILLRACE_BENCH_DIR ?? tmpdir(), 'millrace-bench-'));
const options = {
  dir,
  clock: (): bigint => BigInt(Date.now()) * 1_000_000n,
  note: (message: string): void => void process.stderr.write(`${message}\n`),
};
let log: Log = await openEmbeddedLog(options);
await log.ensure([
  { topic: JOURNAL, partitions: 1, kind: 'journal', retentionMs: null },
  { topic: DATA, partitions: PARTITIONS, kind: 'data', retentionMs: null },
]);
await log.lease('bench', JOURNAL, { assigned: () => undefined, revoked: async () => undefined });
let epoch = 0;
const payload = new Uint8Array(VALUE_BYTES).map((_, i) => (i * 31) ^ (i >> 7));

const plainMb = await plain(GROUP * VALUE_BYTES, ROUNDS);
const logMb = await commits(GROUP, VALUE_BYTES, ROUNDS);
report(`commit, ${GROUP} messages of ${VALUE_BYTES} bytes a round`, logMb, plainMb, (GROUP * VALUE_BYTES) / 1e6);

const plainTiny = await plain(TINY_BYTES, TINY_ROUNDS);
const logTiny = await commits(1, TINY_BYTES, TINY_ROUNDS);
report(`commit, 1 message of ${TINY_BYTES} bytes a round`, logTiny, plainTiny, null);

process.stdout.write(`poll behind the writer (from memory): ${(await scanned('poll')).toFixed(0)} MB/s\n`);
await log.close();
log = await openEmbeddedLog(options);
process.stdout.write(`scan after reopening (page cache): ${(await scanned('scan')).toFixed(0)} MB/s\n`);
await log.close();
rmSync(dir, { recursive: true });

/** ms of each round. */
async function commits(messages: number, bytes: number, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++, epoch++) {
    const outgoing = Array.from({ length: messages }, (_, i): Outgoing => {
      return { topic: DATA, partition: i % PARTITIONS, key: null, value: payload.slice(0, bytes), headers: {}, timestampNs: 0n };
    });
    const root = { inc: 'i', epoch, plan: 'p', snap: null, closed: false };
    const startedAt = performance.now();
    const result = await log.commit({
      pipeline: 'bench',
      journal: JOURNAL,
      tasks: [{ task: 0, epoch, entry: Buffer.from(JSON.stringify({ epoch })), root }],
      messages: outgoing,
    });
    times.push(performance.now() - startedAt);
    if (result !== 'committed') throw new Error(result);
  }
  return times;
}

/** The same to a plain file: one append and one fdatasync a round. */
async function plain(bytes: number, rounds: number): Promise<number[]> {
  const file = await open(join(dir, 'plain'), 'w');
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const value = Buffer.alloc(bytes, round);
    const startedAt = performance.now();
    await file.write(value);
    await file.datasync();
    times.push(performance.now() - startedAt);
  }
  await file.close();
  rmSync(join(dir, 'plain'));
  return times;
}

/** MB/s of reading all data once. */
async function scanned(how: 'poll' | 'scan'): Promise<number> {
  const ranges = (await log.describe(DATA))?.ranges ?? [];
  let bytes = 0;
  const startedAt = performance.now();
  for (const [partition, { high }] of ranges.entries()) {
    if (how === 'scan') for await (const { value } of log.scan(DATA, partition, 0, high)) bytes += value.length;
    else {
      // what the log still has in memory: about the last 60 MB
      let offset = Math.max(0, high - TINY_ROUNDS - 20);
      while (offset < high) {
        const [fetched] = await log.poll('bench', [{ topic: DATA, partition, offset }], { messages: 64, bytes: 8e6, waitMs: 0 });
        for (const message of fetched?.messages ?? []) {
          bytes += message.value.length;
          offset = message.offset + 1;
        }
      }
    }
  }
  return bytes / 1000 / (performance.now() - startedAt);
}

function report(name: string, times: number[], baseline: number[], megabytes: number | null): void {
  const rate = (list: readonly number[]): number => 1000 / (list.reduce((a, b) => a + b) / list.length);
  const at = (list: readonly number[], q: number): string => (list.toSorted((a, b) => a - b)[Math.floor(q * list.length)] ?? 0).toFixed(2);
  const amount = (list: readonly number[]): string =>
    megabytes === null ? `${rate(list).toFixed(0)} commits/s` : `${(rate(list) * megabytes).toFixed(0)} MB/s`;
  process.stdout.write(
    `${name}: ${amount(times)}, p50 ${at(times, 0.5)} ms, p99 ${at(times, 0.99)} ms; ` +
      `plain append + fdatasync: ${amount(baseline)}, p50 ${at(baseline, 0.5)} ms; ratio ${(rate(times) / rate(baseline)).toFixed(2)}\n`,
  );
}
