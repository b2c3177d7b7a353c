import kafka, { type KafkaConsumer, type LibrdKafkaError, type Message, type Producer } from '@confluentinc/kafka-javascript';
import { consumerSettings, producerSettings, type Settings } from '../../connectors/kafka/settings.ts';
import type { Connection } from '../../graph/contract/connector.ts';
import { shownUrl } from '../../graph/resolve/connections.ts';

/** A connection as a file would have it. */
export const broker = (url: string, options: Record<string, unknown> = {}): Connection => ({
  name: 'broker',
  url,
  shown: shownUrl(url),
  options,
});

/** The promise of a call with a callback. */
export function called<T>(call: (done: (error: LibrdKafkaError | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** A producer that is not connected. */
export function rawProducer(connection: Connection, settings: Settings = {}): Producer {
  return new kafka.Producer({ ...producerSettings(connection, 'test'), ...settings } as object, {});
}

/** A consumer that is not connected; it fails where a position is gone. */
export function rawConsumer(connection: Connection, settings: Settings = {}): KafkaConsumer {
  const own = { 'group.id': 'test', 'enable.auto.commit': false, ...settings };
  return new kafka.KafkaConsumer({ ...consumerSettings(connection, 'test'), ...own } as object, { 'auto.offset.reset': 'error' });
}

/** Lets clients go. */
export async function gone(...clients: readonly (Producer | KafkaConsumer)[]): Promise<void> {
  await Promise.all(
    clients
      .filter((client) => client.isConnected())
      .map((client) => new Promise<void>((resolve) => void client.disconnect(() => resolve()))),
  );
}

/** A message to write. */
export interface Written {
  readonly value: Uint8Array;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes messages, and waits until the broker has them. */
export async function writeAll(
  connection: Connection,
  topic: string,
  messages: readonly Written[],
  settings: Settings = {},
): Promise<void> {
  const producer = rawProducer(connection, settings);
  await called((done) => producer.connect({ timeout: 60_000 }, done));
  try {
    for (const { value, partition = 0, headers = {} } of messages) {
      const pairs = Object.entries(headers).map(([name, text]) => ({ [name]: Buffer.from(text) }));
      producer.produce(topic, partition, Buffer.from(value), null, Date.now(), null, pairs);
    }
    await called<void>((done) => producer.flush(60_000, (error) => done(error, undefined)));
  } finally {
    await gone(producer);
  }
}

/** The committed messages of a topic, by partition and offset, until there are `count` of them. */
export async function readAll(
  connection: Connection,
  topic: string,
  partitions: number,
  count: number,
  waitMs = 30_000,
): Promise<Message[]> {
  const consumer = rawConsumer(connection, { 'isolation.level': 'read_committed', 'fetch.wait.max.ms': 50 });
  await called((done) => consumer.connect({ timeout: 60_000 }, done));
  try {
    consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset: 0 })));
    consumer.setDefaultConsumeTimeout(100);
    const messages: Message[] = [];
    for (const until = Date.now() + waitMs; messages.length < count; ) {
      if (Date.now() > until) throw new Error(`${topic}: ${messages.length} of ${count} messages in ${waitMs} ms`);
      messages.push(...(await called<Message[]>((done) => consumer.consume(1_000, done))));
    }
    return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  } finally {
    await gone(consumer);
  }
}
