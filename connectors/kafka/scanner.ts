import type { KafkaConsumer, Message as KafkaMessage } from '@confluentinc/kafka-javascript';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Message } from '../../graph/contract/log.ts';
import { type Clients, consumed, disconnected } from './client.ts';
import { Arrivals } from './message.ts';
import { expired } from './position-faults.ts';
import type { TopicPartition, Topics } from './topics.ts';

const MOST_MESSAGES = 2_000;
const WAIT_MS = 50;
/** How long the end of a range may stay behind what its offsets promise, ms. */
const SHORT_MS = 15_000;
/** Readers that are kept where they stand: a replay reads several partitions in turn. */
const MOST_IDLE = 8;
/** A reader that nobody used for so long is let go, ms. */
const IDLE_MS = 20_000;

/** A consumer that stands somewhere in a partition. */
interface Reader {
  readonly consumer: KafkaConsumer;
  place: TopicPartition | null;
  /** Messages that came and were not asked for yet. */
  ahead: KafkaMessage[];
  /** Offset after the last message that was given; what lies between it and the next one are markers. */
  given: number;
  /** Everything before this offset has come. */
  reached: number;
  /** Where the library said that the partition ends: told before the messages of the same call, which lie before it. */
  eof: number;
  usedAtMs: number;
}

/** Reads ranges of offsets, however old; ranges that follow each other are one stream. */
export class Scanner {
  readonly #clients: Clients;
  readonly #topics: Topics;
  readonly #arrivals = new Arrivals();
  #idle: Reader[] = [];
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(clients: Clients, topics: Topics) {
    this.#clients = clients;
    this.#topics = topics;
  }

  /** The messages in [from, to), in order. */
  async *scan(topic: string, partition: number, from: number, to: number): AsyncGenerator<Message> {
    if (from >= to) return;
    const reader = await this.#at({ topic, partition }, from);
    let isWhole = false;
    try {
      let heardAtMs = Date.now();
      for (;;) {
        while (reader.ahead.length > 0) {
          const next = reader.ahead[0] as KafkaMessage;
          if (next.offset >= to) break;
          reader.ahead.shift();
          reader.given = next.offset + 1;
          if (next.offset >= from) yield this.#arrivals.of(next);
          heardAtMs = Date.now();
        }
        if (reader.ahead.length > 0 || reader.reached >= to) break;
        if (this.#closed) throw new MillraceError('the log is closed', { code: 'log-closed', domain: 'internal' });
        if (Date.now() - heardAtMs > SHORT_MS) throw short(topic, partition, reader.reached, to);
        await this.#fill(reader);
      }
      isWhole = true;
    } finally {
      if (isWhole) this.#keep(reader);
      else void disconnected(reader.consumer);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    await Promise.all(this.#idle.splice(0).map(({ consumer }) => disconnected(consumer)));
  }

  async #fill(reader: Reader): Promise<void> {
    const { place } = reader;
    const messages = await consumed(reader.consumer, MOST_MESSAGES, WAIT_MS).catch((cause: unknown) => {
      throw this.#clients.error(cause, `reading ${place?.topic}/${place?.partition}`);
    });
    const ours = messages.filter((m) => m.topic === place?.topic && m.partition === place.partition && m.offset >= reader.reached);
    reader.ahead = reader.ahead.concat(ours);
    const last = ours.at(-1);
    reader.reached = Math.max(reader.reached, reader.eof, (last?.offset ?? -1) + 1);
  }

  /** A reader that stands at the offset. */
  async #at(place: TopicPartition, from: number): Promise<Reader> {
    const isThere = (reader: Reader): boolean =>
      reader.place?.topic === place.topic &&
      reader.place.partition === place.partition &&
      from >= reader.given &&
      from <= (reader.ahead[0]?.offset ?? reader.reached);
    const found = this.#idle.findIndex(isThere);
    if (found >= 0) return this.#idle.splice(found, 1)[0] as Reader;
    const [range] = await this.#topics.ranges([place]);
    if (range && from < range.low) throw expired({ ...place, offset: from }, range.low);
    const reader = (this.#idle.length < MOST_IDLE ? undefined : this.#idle.shift()) ?? (await this.#open());
    reader.place = place;
    reader.ahead = [];
    reader.given = from;
    reader.reached = from;
    reader.eof = 0;
    reader.consumer.assign([{ ...place, offset: from }]);
    return reader;
  }

  async #open(): Promise<Reader> {
    const settings = { 'group.id': 'millrace.scan', 'enable.partition.eof': true };
    const consumer = await this.#clients.consumer('scan', settings, { 'fetch.wait.max.ms': 20 });
    const reader: Reader = { consumer, place: null, ahead: [], given: 0, reached: 0, eof: 0, usedAtMs: Date.now() };
    consumer.on('partition.eof', ({ topic, partition, offset }) => {
      if (reader.place?.topic === topic && reader.place.partition === partition) reader.eof = offset;
    });
    return reader;
  }

  #keep(reader: Reader): void {
    if (this.#closed) {
      void disconnected(reader.consumer);
      return;
    }
    reader.usedAtMs = Date.now();
    this.#idle.push(reader);
    this.#timer ??= setInterval(() => {
      const old = this.#idle.filter(({ usedAtMs }) => Date.now() - usedAtMs > IDLE_MS);
      this.#idle = this.#idle.filter((each) => !old.includes(each));
      for (const { consumer } of old) void disconnected(consumer);
    }, IDLE_MS).unref();
  }
}

function short(topic: string, partition: number, reached: number, to: number): MillraceError {
  return new MillraceError(`${topic}/${partition} ends at offset ${reached}, before ${to}, up to where messages were promised`, {
    code: 'kafka-range-short',
    domain: 'external',
    retry: 'backoff',
    remedy: 'look whether the topic was deleted, or lost messages with a broker',
  });
}
