import kafka, { type LibrdKafkaError, type Message } from '@confluentinc/kafka-javascript';
import type { Kafka } from './kafka.ts';

const TIMEOUT_MS = 30_000;
const POLL_MS = 5;

/** A message to write. */
export interface Written {
  readonly key?: string;
  readonly value: string | Buffer | null;
  readonly partition?: number;
}

function connected(client: kafka.Producer | kafka.KafkaConsumer, timeout: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.connect({ timeout }, (error) => (error ? reject(error) : resolve()));
  });
}

const disconnected = (client: kafka.Producer | kafka.KafkaConsumer): Promise<void> =>
  new Promise((resolve) => {
    client.disconnect(() => resolve());
  });

/** Writes messages as an ordinary producer does; resolves when all replicas have them, rejects as soon as one is refused. */
export async function produce(cluster: Kafka, topic: string, messages: readonly Written[], timeoutMs = TIMEOUT_MS): Promise<void> {
  const producer = new kafka.Producer({ ...cluster.client(), acks: -1, dr_cb: true, 'message.timeout.ms': timeoutMs }, {});
  await connected(producer, timeoutMs);
  try {
    producer.setPollInterval(POLL_MS);
    let left = messages.length;
    const done = new Promise<void>((resolve, reject) => {
      if (left === 0) resolve();
      producer.on('delivery-report', (error: LibrdKafkaError | null) => {
        if (error) reject(error);
        else if (--left === 0) resolve();
      });
    });
    for (const { key, value, partition = -1 } of messages)
      producer.produce(topic, partition, typeof value === 'string' ? Buffer.from(value) : value, key ?? null);
    await done;
  } finally {
    await disconnected(producer);
  }
}

/** All committed messages of a partition from its start to its end now, in their order. */
export async function consumeAll(cluster: Kafka, topic: string, partition = 0): Promise<readonly Message[]> {
  const settings = { ...cluster.client(), 'group.id': `reader-${topic}`, 'enable.auto.commit': false };
  const consumer = new kafka.KafkaConsumer({ ...settings, 'isolation.level': 'read_committed', 'enable.partition.eof': true }, {});
  await connected(consumer, TIMEOUT_MS);
  try {
    const ended = new Promise<void>((resolve) => consumer.once('partition.eof', () => resolve()));
    const messages: Message[] = [];
    consumer.assign([{ topic, partition, offset: 0 }]);
    consumer.on('data', (message) => messages.push(message));
    consumer.consume();
    await ended;
    return messages;
  } finally {
    await disconnected(consumer);
  }
}
