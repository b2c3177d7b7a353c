import kafka, { type Message } from '@confluentinc/kafka-javascript';
import { called, connected, disconnected } from './broker.ts';
import type { RunCost } from './kafka-run.ts';
import { cpuOf, ownCpu } from './measure.ts';

const GROUP = 'bench.plain';
const CALL_MS = 15_000;

/** What the plain copy is to do. */
export interface PlainCopy {
  readonly servers: string;
  readonly from: string;
  readonly to: string;
  readonly partitions: number;
  readonly messages: number;
  /** Messages of one transaction. */
  readonly group: number;
  readonly compression: string;
  readonly brokerPid: number;
}

/** Reads a topic and writes the same bytes to another with transactions, offsets in them: what any exactly-once program does at least. */
export async function plainCopy({ servers, from, to, partitions, messages, group, compression, brokerPid }: PlainCopy): Promise<RunCost> {
  const common = { 'bootstrap.servers': servers, 'socket.nagle.disable': true };
  const consumer = new kafka.KafkaConsumer(
    {
      ...common,
      'group.id': GROUP,
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
      'fetch.wait.max.ms': 50,
      'fetch.queue.backoff.ms': 10,
      'fetch.message.max.bytes': 10_485_760,
    },
    {},
  );
  const producer = new kafka.Producer({
    ...common,
    'transactional.id': GROUP,
    'compression.type': compression as 'zstd',
    'linger.ms': 0,
    'retry.backoff.ms': 2,
    'message.max.bytes': 10_485_760,
  });
  await connected(producer);
  await called((done) => producer.initTransactions(CALL_MS, (error) => done(error, undefined)));
  await connected(consumer);
  producer.setPollInterval(50);
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic: from, partition, offset: 0 })));
  consumer.setDefaultConsumeTimeout(20);
  const next = Array.from({ length: partitions }, () => 0);
  try {
    let done = 0;
    let counted = 0;
    let rounds = 0;
    let start = { at: 0, cpu: 0, broker: 0 };
    while (done < messages) {
      const batch = await called<Message[]>((back) => consumer.consume(group, back));
      if (batch.length === 0) continue;
      await called((back) => producer.beginTransaction((error) => back(error, undefined)));
      for (const { partition, value, offset } of batch) {
        producer.produce(to, partition, value, null);
        next[partition] = offset + 1;
      }
      const offsets = next.map((offset, partition) => ({ topic: from, partition, offset }));
      await called((back) => producer.sendOffsetsToTransaction(offsets, consumer, CALL_MS, (error) => back(error, undefined)));
      await called((back) => producer.commitTransaction(-1, (error) => back(error, undefined)));
      done += batch.length;
      if (rounds++ === 0) {
        counted = done;
        start = { at: performance.now(), cpu: ownCpu(), broker: cpuOf(brokerPid) };
      }
    }
    return {
      messages: done - counted,
      rounds: rounds - 1,
      wall: (performance.now() - start.at) / 1000,
      cpu: ownCpu() - start.cpu,
      broker: cpuOf(brokerPid) - start.broker,
    };
  } finally {
    await disconnected(consumer);
    await disconnected(producer);
  }
}
