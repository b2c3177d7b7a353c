import { hash32 } from '../../connectors/embedded/faults/dice.ts';
import type { Message, Outgoing, TopicSpec } from '../../graph/contract/log.ts';

/** Names of the crash test's topics and groups. */
export const CRASH = {
  pipeline: 'crash',
  journal: 'crash.tasks',
  topic: 'crash.data',
  group: 'crash.sink',
  tasks: 2,
  partitions: 3,
} as const;

/** Its topics. */
export const CRASH_TOPICS: readonly TopicSpec[] = [
  { topic: CRASH.journal, partitions: CRASH.tasks, kind: 'journal', retentionMs: null },
  { topic: CRASH.topic, partitions: CRASH.partitions, kind: 'data', retentionMs: null },
];

const SIZES = [0, 12, 900, 1024, 4000, 64_000, 300_000];

/** What the round of an epoch sends: a function of seed and epoch alone, so that both processes know it. */
export function messagesOf(seed: number, epoch: number): Outgoing[] {
  const count = hash32(`${seed}/count`, epoch) % 6;
  return Array.from({ length: count }, (_, i) => {
    const random = hash32(`${seed}/${epoch}`, i);
    const size = SIZES[random % SIZES.length] ?? 0;
    return {
      topic: CRASH.topic,
      partition: (random >>> 8) % CRASH.partitions,
      key: Buffer.from(`${epoch}/${i}`),
      value: new Uint8Array(size).fill(random >>> 16),
      headers: { epoch: String(epoch) },
      timestampNs: BigInt(epoch) * 1_000_000n,
    };
  });
}

/** How a message differs from what was sent, or null. */
export function difference(message: Message, sent: Outgoing): string | null {
  if (Buffer.compare(message.key ?? Buffer.alloc(0), sent.key ?? Buffer.alloc(0)) !== 0) return `key ${message.key}, not ${sent.key}`;
  if (Buffer.compare(message.value, sent.value) !== 0) return `${message.value.length} bytes that are not the ${sent.value.length} sent`;
  if (message.headers.epoch !== sent.headers.epoch) return `epoch ${message.headers.epoch}`;
  return null;
}
