import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKafkaLog } from '../../connectors/kafka/log.ts';
import type { Log } from '../../graph/contract/log.ts';
import { until } from '../log/scene.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';

let broker: Kafka;
let log: Log;
let isOver = false;
let askedAtMs = 0;

beforeAll(async () => {
  broker = await startKafka();
  const url = `kafka://${broker.bootstrap}`;
  log = await openKafkaLog({ connection: { name: 'broker', url, shown: url, options: {} }, folder: '.', note: () => {}, stuck: () => {} });
  await log.ensure([{ topic: 'silence', partitions: 1, kind: 'data', retentionMs: null }]);
  void looks();
});
afterAll(async () => {
  isOver = true;
  await log?.close();
  await broker?.close();
});

/** Looks the topic up again and again, as the status does. */
async function looks(): Promise<void> {
  while (!isOver) {
    askedAtMs = Date.now();
    await log.describe('silence').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('a frozen broker is a trouble until it answers again', async () => {
  expect(log.trouble?.()).toBeNull();
  const lastAskedAtMs = askedAtMs; // maybe without an answer yet
  broker.stop();
  await until(() => log.trouble?.() !== null);
  const trouble = log.trouble?.();
  expect(trouble?.message).toContain(`Kafka at kafka://${broker.bootstrap} `);
  expect(trouble?.sinceMs).toBeGreaterThanOrEqual(lastAskedAtMs);
  expect(Date.now() - (trouble?.sinceMs ?? 0)).toBeGreaterThanOrEqual(5_000);
  broker.cont();
  await until(() => log.trouble?.() === null);
});

test('a dead broker is not reached until it is there again', async () => {
  await broker.kill();
  await until(() => log.trouble?.()?.code === 'kafka-unreachable');
  expect(log.trouble?.()?.remedy).toContain('start the brokers');
  await broker.start();
  await until(() => log.trouble?.() === null);
});
