import kafka from '@confluentinc/kafka-javascript';
import { consumed } from '../connectors/kafka/client.ts';
import { connected, disconnected } from './broker.ts';

/** What is sent and awaited: `rate` rows a second into `from`, each looked for in `to`. */
export interface LatencyLoad {
  readonly servers: string;
  readonly from: string;
  readonly to: string;
  readonly partitions: number;
  readonly rate: number;
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** Time from the call that sends a row to the arrival of what became of it, ms. */
export interface Latencies {
  readonly rows: number;
  readonly missing: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** How far the sender fell behind its rate, at most, ms. */
  readonly behind: number;
}

const PATIENCE_MS = 20_000;
const MOST_MESSAGES = 5_000;
const WAIT_MS = 20;
const SYMBOLS = 100;
const BASE_NS = 1_723_161_600_000_000_000n;

/** Sends rows at a steady rate and notes when each arrives at a `read_committed` reader. */
export async function measure({ servers, from, to, partitions, rate, warmSeconds, seconds }: LatencyLoad): Promise<Latencies> {
  const common = { 'bootstrap.servers': servers, 'socket.nagle.disable': true };
  const consumer = new kafka.KafkaConsumer(
    { ...common, 'group.id': 'bench.latency', 'enable.auto.commit': false, 'isolation.level': 'read_committed', 'fetch.wait.max.ms': 50 },
    {},
  );
  const producer = new kafka.Producer({ ...common, 'linger.ms': 1, 'queue.buffering.max.messages': 1_000_000 });
  await connected(producer);
  await connected(consumer);
  consumer.assign(Array.from({ length: partitions }, (_, partition) => ({ topic: to, partition, offset: 0 })));
  const total = Math.round(rate * (warmSeconds + seconds));
  const sent = new Float64Array(total);
  const took = new Float64Array(total).fill(Number.NaN);
  let arrived = 0;
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      for (const { value } of await consumed(consumer, MOST_MESSAGES, WAIT_MS)) {
        const found = /"sequence":(\d+)/.exec(value?.toString('latin1') ?? '');
        const sequence = Number(found?.[1] ?? -1);
        if (sequence < 0 || !Number.isNaN(took[sequence] as number)) throw new Error('a row came twice, or is none of ours');
        took[sequence] = performance.now() - (sent[sequence] as number);
        arrived++;
      }
    }
  })();
  let behind = 0;
  const start = performance.now();
  for (let next = 0; next < total; ) {
    const now = performance.now();
    const due = Math.min(total, Math.floor(((now - start) * rate) / 1000));
    if (due > next) behind = Math.max(behind, now - start - (next * 1000) / rate);
    for (; next < due; next++) {
      const value = `{"symbol":"SYM${next % SYMBOLS}","price":${100 + (next % 7)},"size":${1 + (next % 5)},"ts_event":${BASE_NS + BigInt(next)},"sequence":${next}}`;
      sent[next] = performance.now();
      producer.produce(from, next % partitions, Buffer.from(value), null);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const until = performance.now() + PATIENCE_MS; arrived < total && performance.now() < until; )
    await new Promise((resolve) => setTimeout(resolve, 20));
  isOver = true;
  await reading;
  await disconnected(producer);
  await disconnected(consumer);
  const measured = took.subarray(Math.round(rate * warmSeconds)).filter((ms) => !Number.isNaN(ms));
  measured.sort();
  const quantile = (share: number): number => measured[Math.min(measured.length - 1, Math.floor(share * measured.length))] ?? Number.NaN;
  return { rows: measured.length, missing: total - arrived, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1), behind };
}

const [given] = process.argv.slice(2);
if (given !== undefined) process.stdout.write(JSON.stringify(await measure(JSON.parse(given) as LatencyLoad)));
