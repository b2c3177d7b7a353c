import { afterAll, beforeAll } from 'vitest';
import { openKafkaLog } from '../../connectors/kafka/log.ts';
import type { Log } from '../../graph/contract/log.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { conformance } from './conformance.ts';

let broker: Kafka;

beforeAll(async () => {
  broker = await startKafka();
}, 60_000);
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
  };
}, ['peer']);
