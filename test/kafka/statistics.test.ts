import type { KafkaConsumer, Producer } from '@confluentinc/kafka-javascript';
import kafka from '@confluentinc/kafka-javascript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientStatistics, mergedFigures, parseStatistics } from '../../connectors/kafka/statistics.ts';
import { FIGURES } from '../../graph/contract/log-figures.ts';
import { type Kafka, kafkaMissing, startKafka } from '../services/kafka.ts';
import { broker, called, gone, rawConsumer, rawProducer, writeAll } from './raw-clients.ts';

const missing = kafkaMissing();
const MESSAGE_BYTES = 100;

/** The first statistics of a client of which something holds; a consumer is read meanwhile, message by message, as only then it tells. */
async function statistics(client: Producer | KafkaConsumer, holds: (found: ClientStatistics) => boolean): Promise<ClientStatistics> {
  return new Promise((resolve, reject) => {
    const consumer = client instanceof kafka.KafkaConsumer ? client : null;
    let last: ClientStatistics | null = null;
    const done = (end: () => void): void => {
      clearInterval(reading);
      clearTimeout(timer);
      client.removeAllListeners('event.stats');
      end();
    };
    const reading = setInterval(() => consumer?.consume(1, () => undefined), 50);
    const timer = setTimeout(() => done(() => reject(new Error(`never: ${JSON.stringify(last)}`))), 20_000);
    (client as Producer).on('event.stats', ({ message }) => {
      last = parseStatistics(message);
      if (last === null) done(() => reject(new Error(message)));
      else if (holds(last)) done(() => resolve(last as ClientStatistics));
    });
  });
}

describe('statistics that are none', () => {
  it.each(['', 'null', '{}', '[1]', '{"type":"producer"}'])('%s', (text) => {
    expect(parseStatistics(text)).toBeNull();
  });
});

describe.skipIf(missing !== null && !process.env.CI)(
  `statistics of clients of a real broker${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: Kafka;
    const clients: (Producer | KafkaConsumer)[] = [];
    const connection = () => broker(`kafka://${server.bootstrap}`);
    const connected = async <T extends Producer | KafkaConsumer>(client: T): Promise<T> => {
      clients.push(client);
      await called((done) => (client as Producer).connect({ timeout: 60_000 }, done));
      return client;
    };

    beforeAll(async () => {
      server = await startKafka();
      await server.admin.createTopic('trades', { partitions: 2 });
      const value = Buffer.alloc(MESSAGE_BYTES, 'x');
      const messages = Array.from({ length: 60 }, (_, i) => ({ value, partition: i < 40 ? 0 : 1 }));
      await writeAll(connection(), 'trades', messages);
    }, 120_000);
    afterAll(async () => {
      await gone(...clients);
      await server?.close();
    });

    it('of a producer', async () => {
      const producer = await connected(rawProducer(connection(), { 'linger.ms': 20_000 }));
      producer.setPollInterval(20);
      for (let i = 0; i < 5; i++) producer.produce('trades', 0, Buffer.alloc(MESSAGE_BYTES, 'x'));
      const waiting = await statistics(producer, ({ figures }) => figures.brokers_up === 1 && figures.queued_messages === 5);
      expect(waiting).toMatchObject({ role: 'producer', partitions: [], group: null });
      expect(waiting.figures.queued_bytes).toBeGreaterThanOrEqual(5 * MESSAGE_BYTES);
      // listened to before it is sent: only the statistics of that interval tell how long it took
      const [sent] = await Promise.all([
        statistics(producer, ({ figures }) => figures.queued_messages === 0 && figures.round_trip_p99_ms > 0),
        called<void>((done) => producer.flush(60_000, (error) => done(error, undefined))),
      ]);
      expect(sent.figures.sent_bytes_total).toBeGreaterThan(5 * MESSAGE_BYTES);
      expect(sent.figures.round_trip_p99_ms).toBeLessThan(60_000);
      expect(Object.keys(sent.figures).sort()).toEqual(Object.keys(FIGURES).sort());
    });

    it('of a consumer: how far it is, partition by partition', async () => {
      const consumer = await connected(rawConsumer(connection(), { 'isolation.level': 'read_committed' }));
      consumer.assign([
        { topic: 'trades', partition: 0, offset: 10 },
        { topic: 'trades', partition: 1, offset: 0 },
      ]);
      const end = (of: ClientStatistics, partition: number) => of.partitions.find((one) => one.partition === partition);
      const isFetched = (found: ClientStatistics) => end(found, 0)?.nextOffset === 45 && end(found, 1)?.nextOffset === 20;
      const halfway = await statistics(
        consumer,
        (found) => isFetched(found) && found.figures.lag_messages > 0 && found.figures.lag_messages < 55,
      );
      expect(end(halfway, 0)).toMatchObject({ topic: 'trades', fetchState: 'active', loOffset: 0, nextOffset: 45 }); // 5 more are written above
      expect(end(halfway, 1)).toMatchObject({ topic: 'trades', fetchState: 'active', loOffset: 0, nextOffset: 20 });
      expect(halfway.figures).toMatchObject({ partitions: 2, queued_messages: 0 });
      expect(halfway.figures.prefetched_messages).toBeGreaterThan(0);
      const over = await statistics(consumer, ({ figures }) => figures.received_bytes_total > 0 && figures.lag_messages === 0);
      expect(over.figures.prefetched_messages).toBe(0);
      expect(over.figures.received_bytes_total).toBeGreaterThan(55 * MESSAGE_BYTES);
    });

    it('of a consumer whose position is gone: the partition stands still, and says so', async () => {
      const admin = kafka.AdminClient.create({ 'bootstrap.servers': server.bootstrap });
      await called((done) => admin.deleteRecords([{ topic: 'trades', partition: 0, offset: 30 }], {}, done));
      admin.disconnect();
      const consumer = await connected(rawConsumer(connection()));
      consumer.assign([
        { topic: 'trades', partition: 0, offset: 5 },
        { topic: 'trades', partition: 1, offset: 0 },
      ]);
      const stuck = await statistics(consumer, ({ partitions }) => partitions.some(({ fetchState }) => fetchState === 'none'));
      expect(stuck.partitions.map(({ partition, fetchState }) => [partition, fetchState])).toEqual([
        [0, 'none'],
        [1, 'active'],
      ]);
    });

    it('of a broker that went away', async () => {
      const producer = await connected(rawProducer(connection()));
      producer.setPollInterval(20);
      await statistics(producer, ({ figures }) => figures.brokers_up === 1);
      await server.kill();
      const down = await statistics(producer, ({ figures }) => figures.brokers_up === 0 && figures.disconnects_total > 0);
      expect(down.figures.brokers_down).toBe(1);
      await server.start();
      const back = await statistics(producer, ({ figures }) => figures.brokers_up === 1);
      expect(back.figures.connects_total).toBeGreaterThan(1);
      const two = mergedFigures([back, { ...back, figures: { ...back.figures, round_trip_p99_ms: 77_000 } }]);
      expect(two).toMatchObject({ brokers_up: 1, round_trip_p99_ms: 77_000, connects_total: 2 * back.figures.connects_total });
    });
  },
);
