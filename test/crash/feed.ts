import kafka, { type Producer } from '@confluentinc/kafka-javascript';
import type { Kafka } from '../services/kafka.ts';
import { aborted, type Line, type Market, PARTITIONS } from './market.ts';
import { pause } from './process.ts';

const TICK_MS = 20;
/** Between two transactions that come to nothing, ms. */
const GAP_MS = 300;
const CALL_MS = 5_000;
/** How long the broker may take for what was sent, ms: it may be down meanwhile. */
const FLUSH_MS = 120_000;

const called = (call: (done: (error: unknown) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));

/** Writes a market's prints into the input topic, so many a second, and between them transactions that are aborted: offsets have gaps. */
export class Feed {
  readonly #cluster: Kafka;
  readonly #market: Market;
  readonly #topic: string;
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(cluster: Kafka, market: Market, topic: string) {
    this.#cluster = cluster;
    this.#market = market;
    this.#topic = topic;
  }

  start(rate: number): void {
    this.#running = Promise.all([this.#write(rate), this.#spoil()]);
  }

  /** Ends with what closes all bars; resolves when the broker has everything. */
  async finish(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #write(rate: number): Promise<void> {
    const settings = { 'enable.idempotence': true, 'message.timeout.ms': FLUSH_MS, 'reconnect.backoff.max.ms': 500, 'linger.ms': 5 };
    const producer = new kafka.Producer({ ...this.#cluster.client(), ...settings });
    await called((done) => producer.connect({ timeout: FLUSH_MS }, done));
    producer.setPollInterval(50);
    let sent = 0;
    for (const start = performance.now(); !this.#isOver; await pause(TICK_MS)) {
      for (const due = ((performance.now() - start) / 1000) * rate; sent < due; sent++) this.#send(producer, this.#market.next());
    }
    for (const line of this.#market.closing()) this.#send(producer, line);
    await called((done) => producer.flush(FLUSH_MS, done));
    await called((done) => producer.disconnect(CALL_MS, done));
  }

  #send(producer: Producer, { partition, value }: Line): void {
    producer.produce(this.#topic, partition, Buffer.from(value));
  }

  /** Transactions that are never committed, by one producer after the other: a broker that dies may end them. */
  async #spoil(): Promise<void> {
    for (let life = 0; !this.#isOver; life++) {
      const settings = { 'transactional.id': `spoiler-${life}`, 'transaction.timeout.ms': 5_000, 'retry.backoff.ms': 5 };
      const producer = new kafka.Producer({ ...this.#cluster.client(), ...settings });
      producer.on('event.error', () => undefined); // the broker is down: the next life begins when it is back
      try {
        await called((done) => producer.connect({ timeout: CALL_MS }, done));
        await called((done) => producer.initTransactions(CALL_MS, done));
        for (; !this.#isOver; await pause(GAP_MS)) {
          await called((done) => producer.beginTransaction(done));
          for (let partition = 0; partition < PARTITIONS; partition++) this.#send(producer, aborted(partition));
          await called((done) => producer.flush(CALL_MS, done));
          await called((done) => producer.abortTransaction(CALL_MS, done));
        }
      } catch {
        await pause(GAP_MS);
      } finally {
        if (producer.isConnected()) producer.disconnect(CALL_MS, () => undefined);
      }
    }
  }
}
