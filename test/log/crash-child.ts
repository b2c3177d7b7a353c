import { writeSync } from 'node:fs';
import { openEmbeddedLog } from '../../connectors/embedded/log.ts';
import type { Root } from '../../graph/contract/log.ts';
import { CRASH, CRASH_TOPICS, messagesOf } from './crash-model.ts';

// commits rounds as fast as it can until it is killed; each acknowledged epoch and intent is a line on standard output
const [dir = '', seedText = ''] = process.argv.slice(2);
const seed = Number(seedText);
const log = await openEmbeddedLog({
  dir,
  clock: () => BigInt(Date.now()) * 1_000_000n,
  note: (message) => process.stderr.write(`${message}\n`),
  budgetBytes: 12 * 1024 * 1024,
  segmentBytes: 1024 * 1024,
});
await log.ensure(CRASH_TOPICS);
const listener = { assigned: () => undefined, revoked: async () => undefined };
await log.lease('crash', CRASH.journal, listener);
await log.lease(CRASH.group, CRASH.topic, listener);
const last = await log.root(CRASH.pipeline, 0);
let snap: Root['snap'] = last?.snap ?? null;

for (let epoch = (last?.epoch ?? -1) + 1; ; epoch++) {
  const ranges = (await log.describe(CRASH.topic))?.ranges ?? [];
  if (epoch % 5 === 4) {
    const journalFrom = (await log.describe(CRASH.journal))?.ranges[0]?.high ?? 0;
    const key = { pipeline: CRASH.pipeline, task: 0, inc: 'i', epoch: epoch - 1 };
    const reference = await log.putState(key, new Map([['n', [Buffer.from(`state of ${epoch - 1}`)]]]));
    snap = { epoch: epoch - 1, reference, journalFrom };
  }
  const reads = ranges.map(({ high }, partition) => ({ topic: CRASH.topic, partition, offset: high }));
  const tasks = Array.from({ length: CRASH.tasks }, (_, task) => ({
    task,
    epoch,
    entry: Buffer.from(JSON.stringify({ epoch })),
    root: { inc: 'i', epoch, plan: 'p', snap: task === 0 ? snap : null, closed: false },
    ...(task === 0 ? { reads } : {}),
  }));
  const result = await log.commit({ pipeline: CRASH.pipeline, journal: CRASH.journal, tasks, messages: messagesOf(seed, epoch) });
  if (result !== 'committed') throw new Error(result);
  writeSync(1, `${epoch}\n`);
  for (const [partition, { high }] of ranges.entries()) {
    await log.intent(CRASH.group, CRASH.topic, partition, { from: high, to: high, token: String(epoch), rows: 0 });
    writeSync(1, `intent ${partition} ${epoch}\n`);
  }
}
