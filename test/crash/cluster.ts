import { type Clickhouse, startClickhouse } from '../services/clickhouse.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { type Questdb, startQuestdb } from '../services/questdb.ts';
import { type Addresses, PARTITIONS } from './market.ts';

/** Servers that can be killed and started again. */
export interface Cluster {
  readonly kafka: Kafka;
  readonly clickhouse: Clickhouse;
  readonly questdb: Questdb;
  readonly addresses: Addresses;
  close(): Promise<void>;
}

/** Starts the three servers, with an empty topic `prints`. */
export async function startCluster(): Promise<Cluster> {
  const [kafka, clickhouse, questdb] = await Promise.all([
    startKafka({ settings: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000' } }),
    startClickhouse(),
    startQuestdb(),
  ]);
  await kafka.admin.createTopic('prints', { partitions: PARTITIONS });
  return {
    kafka,
    clickhouse,
    questdb,
    addresses: { broker: `kafka://${kafka.bootstrap}`, clickhouse: clickhouse.url, questdb: questdb.url },
    close: async () => void (await Promise.all([kafka.close(), clickhouse.stop(), questdb.stop()])),
  };
}
