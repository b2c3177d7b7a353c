import kafka, { type LibrdKafkaError } from '@confluentinc/kafka-javascript';
import { openKafkaLog } from '../connectors/kafka/log.ts';
import type { Connection } from '../graph/contract/connector.ts';
import type { Log } from '../graph/contract/log.ts';
import { type Kafka, startKafka } from '../test/services/kafka.ts';

/** A broker as people run it: the compiler that takes its time, and a heap for page-sized batches. */
const JVM = ['-XX:TieredStopAtLevel=4', '-XX:-UseSerialGC', '-XX:+UseG1GC', '-Xms1g', '-Xmx1g'];
const FLUSH_MS = 30_000;
const CALL_MS = 15_000;
/** Messages that wait in the library, at most, while topics are filled. */
const WAITING = 2_000;

/** A message of a load. */
export interface Load {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** Starts a broker, hands it over, and ends it. */
export async function withBroker<R>(work: (broker: Kafka) => Promise<R>): Promise<R> {
  const broker = await startKafka({ jvm: JVM });
  try {
    return await work(broker);
  } finally {
    await broker.close();
  }
}

/** The broker as `connections.broker` names it. */
export function connectionTo(servers: string, options: Connection['options'] = {}): Connection {
  return {
    name: 'broker',
    url: `kafka://${servers}`,
    shown: `kafka://${servers}`,
    options,
  };
}

/** Opens the log on a broker; a process that hangs ends the bench. */
export function openLogAt(
  servers: string,
  folder: string,
  note: (line: string) => void,
  options: Connection['options'] = {},
): Promise<Log> {
  const stuck = (what: string): void => {
    throw new Error(what);
  };
  return openKafkaLog({ connection: connectionTo(servers, options), folder, note, stuck });
}

/** A call with a callback as a promise. */
export function called<T = void>(call: (done: (error: LibrdKafkaError | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}

export type Client = kafka.Producer | kafka.KafkaConsumer;

export const connected = (client: Client): Promise<unknown> =>
  called<unknown>((done) => client.connect({ timeout: CALL_MS }, (error, metadata) => done(error, metadata)));

export const disconnected = (client: Client): Promise<void> =>
  new Promise((resolve) => {
    client.disconnect(() => resolve());
  });

/** Fills a topic as an ordinary producer does; resolves when the broker has all. */
export async function fill(servers: string, topic: string, load: Iterable<Load> | AsyncIterable<Load>): Promise<number> {
  const producer = new kafka.Producer({
    'bootstrap.servers': servers,
    'compression.type': 'lz4',
    'linger.ms': 20,
    'message.max.bytes': 10_485_760,
    'queue.buffering.max.messages': 1_000_000,
  });
  await connected(producer);
  let count = 0;
  try {
    for await (const { partition, key, value } of load) {
      for (;;) {
        try {
          producer.produce(topic, partition, value, key);
          break;
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === kafka.CODES.ERRORS.ERR__QUEUE_FULL)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
      if (++count % WAITING === 0) await new Promise(setImmediate);
    }
    await called((done) => producer.flush(FLUSH_MS, (error) => done(error, undefined)));
    return count;
  } finally {
    await disconnected(producer);
  }
}
