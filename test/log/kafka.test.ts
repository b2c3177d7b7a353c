import kafka from '@confluentinc/kafka-javascript';
import { afterAll, beforeAll } from 'vitest';
import { openKafkaLog } from '../../connectors/kafka/log.ts';
import type { Log } from '../../graph/contract/log.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { conformance } from './conformance.ts';

let broker: Kafka;

beforeAll(async () => {
  broker = await startKafka();
});
afterAll(() => broker?.close());

const open = (): Promise<Log> =>
  openKafkaLog({
    connection: {
      name: 'broker',
      url: `kafka://${broker.bootstrap}`,
      shown: `kafka://${broker.bootstrap}`,
      options: { 'session.timeout.ms': 6_000 },
    },
    folder: '.',
    note: () => {},
    stuck: (what) => {
      throw new Error(what);
    },
  });

/** Deletes what the topics for this purpose hold, as retention would. */
async function deleteOld(log: Log): Promise<void> {
  const admin = kafka.AdminClient.create(broker.client());
  const topics = await new Promise<string[]>((resolve, reject) => {
    admin.listTopics({ timeout: 60_000 }, (error, names) => (error ? reject(error) : resolve(names)));
  });
  for (const topic of topics.filter((name) => name.endsWith('.old'))) {
    const high = (await log.describe(topic))?.ranges[0]?.high ?? 0;
    await new Promise<void>((resolve, reject) => {
      admin.deleteRecords([{ topic, partition: 0, offset: high }], { timeout: 60_000 }, (error) => (error ? reject(error) : resolve()));
    });
  }
  admin.disconnect();
}

conformance('kafka', async () => {
  const opened: Log[] = [];
  const another = async (): Promise<Log> => {
    const log = await open();
    opened.push(log);
    return log;
  };
  const log = await another();
  return {
    log,
    async reopen() {
      await opened.pop()?.close();
      return another();
    },
    async destroy() {
      await Promise.all(opened.map((each) => each.close()));
    },
    peer: another,
    age: () => deleteOld(log),
  };
}, ['peer', 'age']);
