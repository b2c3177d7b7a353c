import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kafka, kafkaMissing, startKafka } from './kafka.ts';
import { consumeAll, produce } from './kafka-client.ts';
import { describeWith } from './suite.ts';

const POLL = { timeout: 20_000, interval: 10 };

const values = async (kafka: Kafka, topic: string): Promise<readonly string[]> =>
  (await consumeAll(kafka, topic)).map(({ value }) => String(value));

describeWith('one Kafka broker', [kafkaMissing()], () => {
  let kafka: Kafka;

  beforeAll(async () => {
    kafka = await startKafka();
  });

  afterAll(() => kafka?.close());

  test('manages topics', async () => {
    await kafka.admin.createTopic('managed', { partitions: 2, settings: { 'max.message.bytes': '1000' } });
    expect(await kafka.admin.describeTopic('managed')).toEqual({ leaders: [1, 1] });
    await expect(kafka.admin.createTopic('managed')).rejects.toThrow('error 36');
    await kafka.admin.addPartitions('managed', 3);
    expect(await kafka.admin.describeTopic('managed')).toEqual({ leaders: [1, 1, 1] });
    await kafka.admin.alterTopic('managed', { 'max.message.bytes': '2000' });
    await produce(kafka, 'managed', [{ value: 'a'.repeat(1500), partition: 0 }]);
    expect((await values(kafka, 'managed')).map((text) => text.length)).toEqual([1500]);
    await kafka.admin.deleteTopic('managed');
    expect(await kafka.admin.describeTopic('managed')).toBeNull();
  });

  test('keeps what it acknowledged, and its address, when it is killed and started again', async () => {
    const { bootstrap } = kafka;
    await kafka.admin.createTopic('kept');
    await produce(kafka, 'kept', [{ value: 'a' }, { value: 'b' }]);
    await kafka.kill();
    expect(kafka.pids()).toEqual([]);
    await kafka.start();
    expect(kafka.bootstrap).toBe(bootstrap);
    await produce(kafka, 'kept', [{ value: 'c' }]);
    expect(await values(kafka, 'kept')).toEqual(['a', 'b', 'c']);
  });

  test('can be frozen and go on', async () => {
    const state = (): string => /State:\s+(\w)/.exec(readFileSync(`/proc/${kafka.pids()[0]}/status`, 'utf8'))?.[1] ?? '';
    kafka.stop();
    await expect.poll(state, POLL).toBe('T');
    kafka.cont();
    await expect.poll(state, POLL).not.toBe('T');
  });
});

describeWith('three Kafka brokers', [kafkaMissing()], () => {
  let kafka: Kafka;

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
  });

  afterAll(() => kafka?.close());

  test('go on when one of them is killed, and take it back', async () => {
    await kafka.admin.createTopic('t', { partitions: 3 });
    const before = await kafka.admin.describeTopic('t');
    expect(new Set(before?.leaders)).toEqual(new Set([1, 2, 3]));
    const partition = before?.leaders.indexOf(1) ?? -1;
    await produce(kafka, 't', [{ value: 'a', partition }]);
    await kafka.kill(0);
    await produce(kafka, 't', [{ value: 'b', partition }]);
    expect((await consumeAll(kafka, 't', partition)).map(({ value }) => String(value))).toEqual(['a', 'b']);
    expect((await kafka.admin.describeTopic('t'))?.leaders).not.toContain(1);
    await kafka.start(0);
    expect(kafka.pids()).toHaveLength(3);
  });
});
