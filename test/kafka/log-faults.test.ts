import kafka from '@confluentinc/kafka-javascript';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openKafkaLog } from '../../connectors/kafka/log.ts';
import type { Log, Position } from '../../graph/contract/log.ts';
import { leaseAll, Scene, text, until } from '../log/scene.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';

const CREDIT = { messages: 5_000, bytes: 16 * 1024 * 1024, waitMs: 100 };

let broker: Kafka;
const opened: Log[] = [];
let names = 0;

beforeAll(async () => {
  broker = await startKafka();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((log) => log.close()));
});
afterAll(() => broker?.close());

async function open(): Promise<Log> {
  const url = `kafka://${broker.bootstrap}`;
  const log = await openKafkaLog({
    connection: { name: 'broker', url, shown: url, options: { 'session.timeout.ms': 6_000 } },
    folder: '.',
    note: () => {},
    stuck: (what) => {
      throw new Error(what);
    },
  });
  opened.push(log);
  return log;
}

async function topicOf(log: Log, partitions = 1): Promise<string> {
  const topic = `faults-${names++}`;
  await log.ensure([{ topic, partitions, kind: 'data', retentionMs: null }]);
  return topic;
}

/** Writes messages as any other program would, outside of transactions. */
async function produce(topic: string, count: number, partition = 0): Promise<void> {
  const producer = new kafka.Producer(broker.client());
  await new Promise<void>((resolve, reject) => {
    producer.connect({ timeout: 60_000 }, (error) => (error ? reject(error) : resolve()));
  });
  for (let i = 0; i < count; i++) producer.produce(topic, partition, Buffer.from(String(i)));
  await new Promise<void>((resolve, reject) => {
    producer.flush(60_000, (error) => (error ? reject(error) : resolve()));
  });
  await new Promise<void>((resolve) => {
    producer.disconnect(() => resolve());
  });
}

/** Deletes what lies before the offset, as retention would. */
function deleteBefore(topic: string, offset: number): Promise<void> {
  const admin = kafka.AdminClient.create(broker.client());
  return new Promise<void>((resolve, reject) => {
    admin.deleteRecords([{ topic, partition: 0, offset }], { timeout: 60_000 }, (error) => (error ? reject(error) : resolve()));
  }).finally(() => admin.disconnect());
}

/** Offsets that a reader gets, until there are `count`. */
async function offsets(log: Log, reader: string, start: Position, count: number): Promise<number[]> {
  const seen: number[] = [];
  let { offset } = start;
  while (seen.length < count) {
    for (const { messages } of await log.poll(reader, [{ ...start, offset }], CREDIT)) {
      seen.push(...messages.map((message) => message.offset));
      offset = (seen.at(-1) ?? offset - 1) + 1;
    }
  }
  return seen;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test('a scan gives all of its range when the end of the partition comes with the last messages', async () => {
  const log = await open();
  const topic = await topicOf(log);
  await produce(topic, 3_000);
  for (const step of [3_000, 100]) {
    const found: number[] = [];
    for (let from = 0; from < 3_000; from += step) for await (const { offset } of log.scan(topic, 0, from, from + step)) found.push(offset);
    expect(found).toEqual(upTo(3_000));
  }
});

test('the end of a partition is told behind its last message, not before', async () => {
  const log = await open();
  const topic = await topicOf(log);
  const start = { topic, partition: 0, offset: 0 };
  await log.poll('millrace.end', [start], CREDIT);
  await produce(topic, 10);
  expect(await offsets(log, 'millrace.end', start, 10)).toEqual(upTo(10));
  expect((await log.describe(topic))?.ranges).toEqual([{ low: 0, high: 10 }]);
});

test('a message is not lost when an error of another partition follows it', async () => {
  const log = await open();
  const topic = await topicOf(log, 2);
  await produce(topic, 3);
  const wrong = { topic, partition: 1, offset: 60 };
  const read = log.poll('millrace.hole', [{ topic, partition: 0, offset: 0 }, wrong], CREDIT);
  const first = (await read.catch(() => [])).flatMap(({ messages }) => messages.map(({ offset }) => offset));
  const rest = first.length < 3 ? await offsets(log, 'millrace.hole', { topic, partition: 0, offset: first.length }, 3 - first.length) : [];
  expect([...first, ...rest]).toEqual([0, 1, 2]);
});

test('when only the marker behind the last message is left to read, and goes, nothing has expired', async () => {
  const log = await open();
  const scene = new Scene(log);
  await scene.begin(1, { feed: 1 });
  const topic = scene.topic('feed');
  await scene.send([text(topic, 0, 'row')]);
  const [offset = -1] = await offsets(log, 'millrace.marker', { topic, partition: 0, offset: 0 }, 1);
  const position = { topic, partition: 0, offset: offset + 1 };
  const high = offset + 2;
  await deleteBefore(topic, high);
  await until(async () => (await log.describe(topic))?.ranges[0]?.low === high);
  await log.poll('millrace.marker', [position], CREDIT);
  await log.poll('millrace.marker-restarted', [position], CREDIT);
  await scene.send([text(topic, 0, 'next')]);
  expect(await offsets(log, 'millrace.marker-restarted', position, 1)).toEqual([high]);
  await scene.release();
});

test('a task that is let go on purpose says so: its successor need not fence anybody', async () => {
  const log = await open();
  const scene = new Scene(log);
  await scene.begin(1, {});
  await scene.send([]);
  await scene.release();
  const reader = new kafka.KafkaConsumer({ ...broker.client(), 'group.id': scene.pipeline }, {});
  await new Promise<void>((resolve, reject) => {
    reader.connect({ timeout: 60_000 }, (error) => (error ? reject(error) : resolve()));
  });
  const [answer] = await new Promise<{ readonly metadata?: string | null }[]>((resolve, reject) => {
    reader.committed([{ topic: scene.journal, partition: 0 }], 60_000, (error, answers) => (error ? reject(error) : resolve(answers)));
  });
  reader.disconnect();
  const root = JSON.parse(Buffer.from(String(answer?.metadata).replace(/\0+$/, ''), 'base64url').toString('utf8'));
  expect(root).toMatchObject({ epoch: 0, released: true });
});

test('a root outlives the offsets of its group and its journal', async () => {
  const log = await open();
  const scene = new Scene(log);
  await scene.begin(1, {});
  await scene.send([]);
  const root = { ...scene.root(1), closed: true };
  await scene.commit(scene.round([], [0], { root }));
  await scene.release();
  await log.close();
  const high = (await (await open()).describe(scene.journal))?.ranges[0]?.high ?? 0;
  const admin = kafka.AdminClient.create(broker.client());
  await new Promise<void>((resolve, reject) => {
    admin.deleteGroups([scene.pipeline], { timeout: 60_000 }, (error) => (error ? reject(error) : resolve()));
  });
  admin.disconnect();
  const byJournal = await open();
  await scene.knows(byJournal, 1);
  const first = await leaseAll(byJournal, scene.pipeline, scene.journal, 1);
  expect(await byJournal.root(scene.pipeline, 0)).toEqual(root);
  await first.release();
  await deleteBefore(scene.journal, high);
  const byState = await open();
  await scene.knows(byState, 1);
  const second = await leaseAll(byState, scene.pipeline, scene.journal, 1);
  expect(await byState.root(scene.pipeline, 0)).toEqual(root);
  await second.release();
});

test('a poll under way settles when the log closes', async () => {
  const log = await open();
  const topic = await topicOf(log, 8);
  const polls = upTo(8).map((partition) =>
    log.poll(`millrace.close/${partition}`, [{ topic, partition, offset: 0 }], { ...CREDIT, waitMs: 3_600_000 }),
  );
  await log.poll('millrace.close/first', [], CREDIT);
  await log.close();
  const settled = await Promise.allSettled(polls);
  expect(settled.map((each) => (each.status === 'fulfilled' ? each.value : []))).toEqual(upTo(8).map(() => []));
});
