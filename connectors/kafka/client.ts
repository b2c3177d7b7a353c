import kafka, { type IAdminClient, type KafkaConsumer, type Message, type Producer } from '@confluentinc/kafka-javascript';
import type { Connection } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { LogTrouble } from '../../graph/contract/log.ts';
import { connectConsumer, connectProducer, made } from './connect.ts';
import { kafkaCode, kafkaError } from './errors.ts';
import { clientSettings, consumerSettings, producerSettings, type Settings } from './settings.ts';

/** Codes of the client library. */
export const CODES = kafka.CODES.ERRORS;

/** How long a client may take to reach the cluster, ms. */
const CONNECT_MS = 10_000;
/** How long a client may take to say good-bye, ms. */
const DISCONNECT_MS = 5_000;
/** How long a trouble lasts before it is told, ms: a broken connection is mostly there again by then. */
const TOLD_MS = 3_000;
/** How long the brokers may leave every call without an answer before that is a trouble, ms. */
const SILENT_MS = 5_000;
/** Largest message we send or fetch, bytes. */
export const MESSAGE_BYTES = 10 * 1024 * 1024;

/** Events that need no word: ends of partitions, calls that took too long, a broker that went away for a moment. */
const QUIET: ReadonlySet<number> = new Set([
  CODES.ERR__PARTITION_EOF,
  CODES.ERR__TIMED_OUT,
  CODES.ERR__TRANSPORT,
  CODES.ERR__MAX_POLL_EXCEEDED,
]);

/** Codes of calls that got no answer. */
const AWAY: ReadonlySet<string> = new Set(['kafka-unreachable', 'kafka-unknown-host', 'kafka-timeout']);

const COMMON_CONSUMER: Settings = {
  'fetch.queue.backoff.ms': 10,
  'fetch.wait.max.ms': 200,
  'queued.max.messages.kbytes': 65_536,
  'fetch.message.max.bytes': MESSAGE_BYTES,
};
const COMMON_PRODUCER: Settings = { 'compression.type': 'zstd', 'linger.ms': 0, 'message.max.bytes': MESSAGE_BYTES };

/** Turns a call with a callback into a promise; what it throws at once rejects too. */
export function called<T>(call: (done: (error: unknown, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value)));
  });
}

/** Makes the clients of one connection, and tells of its troubles: once, and once that they are over. */
export class Clients {
  readonly connection: Connection;
  /** Name of this process among those of the cluster. */
  readonly instance: string;
  readonly #folder: string;
  readonly #note: (line: string) => void;
  readonly #statistics = new Map<string, string>();
  /** What a client said of its brokers, until a call works. */
  #heardOf: { readonly error: MillraceError; readonly sinceMs: number } | null = null;
  /** Calls under way that wait for an answer. */
  #asking = 0;
  /** Since when no call has had an answer, of those that wait or failed; null when the last one had. */
  #silentSinceMs: number | null = null;
  /** How the last call failed, of those without an answer. */
  #failure: MillraceError | null = null;
  #wasTold = false;
  #telling: NodeJS.Timeout | undefined;

  constructor(connection: Connection, instance: string, folder: string, note: (line: string) => void) {
    this.connection = connection;
    this.instance = instance;
    this.#folder = folder;
    this.#note = note;
  }

  /** Newest statistics of each client by its role, JSON as the library gives them. */
  get statistics(): ReadonlyMap<string, string> {
    return this.#statistics;
  }

  /** A line for people. */
  note(line: string): void {
    this.#note(line);
  }

  /** Resolves when the cluster lets us in: a producer is told why it does not, other clients are not. */
  async reach(): Promise<void> {
    await disconnected(await this.producer('reach', {}));
  }

  /** What a failed call means; `doing` says what was tried. */
  error(cause: unknown, doing: string): MillraceError {
    return kafkaError(cause, doing, this.connection.shown);
  }

  /** Whether there is a trouble that is not over. */
  get isTroubled(): boolean {
    return this.#heardOf !== null;
  }

  /** What keeps the brokers from being reached, once it has lasted for some seconds: a frozen one breaks no connection, it is only silent. */
  get trouble(): LogTrouble | null {
    const sinces = [this.#heardOf?.sinceMs, this.#silentSinceMs].filter((ms) => typeof ms === 'number');
    const sinceMs = Math.min(...sinces);
    if (Date.now() - sinceMs < SILENT_MS || sinces.length === 0) return null;
    const place = `Kafka at ${this.connection.shown}`;
    const error = this.#heardOf?.error ?? this.#failure;
    if (error?.code === 'kafka-unreachable')
      return { code: error.code, message: `${place} is not reached`, remedy: error.remedy ?? null, sinceMs };
    if (error && this.#heardOf) return { code: error.code, message: error.message, remedy: error.remedy ?? null, sinceMs };
    const remedy = 'look whether all brokers run, and how busy they are';
    return { code: 'kafka-timeout', message: `${place} does not answer`, remedy, sinceMs };
  }

  /** A call that the brokers answer, be it with an error, unless they are away; `isAnswer` says of a value whether it came from them. */
  async asked<T>(call: () => Promise<T>, isAnswer: (value: T) => boolean = () => true): Promise<T> {
    this.#asking++;
    this.#silentSinceMs ??= Date.now();
    let isAnswered = true;
    try {
      const value = await call();
      isAnswered = isAnswer(value);
      return value;
    } catch (error) {
      if (error instanceof MillraceError && AWAY.has(error.code)) {
        isAnswered = false;
        this.#failure = error;
      }
      throw error;
    } finally {
      this.#asking--;
      if (isAnswered) this.#answered();
    }
  }

  #answered(): void {
    this.#silentSinceMs = this.#asking === 0 ? null : Date.now();
    this.#failure = null;
  }

  /** A call that worked: a trouble is over. */
  works(): void {
    this.#answered();
    if (!this.#heardOf) return;
    this.#heardOf = null;
    clearTimeout(this.#telling);
    if (this.#wasTold) this.#note(`Kafka at ${this.connection.shown}: reached again`);
  }

  /** A consumer that is connected; `fixed` are settings that the file cannot change. */
  async consumer(role: string, fixed: Readonly<Record<string, unknown>>, defaults: Settings = {}): Promise<KafkaConsumer> {
    const settings = consumerSettings(this.connection, this.#name(role), { ...COMMON_CONSUMER, ...defaults }, this.#folder);
    const own = { 'enable.auto.commit': false, 'enable.auto.offset.store': false, 'isolation.level': 'read_committed' };
    const topic = { 'auto.offset.reset': 'error' } as const;
    const consumer = made(() => new kafka.KafkaConsumer({ ...settings, ...own, ...fixed }, topic), this.connection.shown);
    consumer.on('event.error', (error) => this.#heard(error));
    consumer.on('event.stats', (event: { readonly message: string }) => this.#statistics.set(role, event.message));
    try {
      await connectConsumer(consumer, this.connection.shown, CONNECT_MS);
    } catch (error) {
      void disconnected(consumer);
      throw error;
    }
    return consumer;
  }

  /** A producer that is connected. */
  async producer(role: string, fixed: Settings, defaults: Settings = {}): Promise<Producer> {
    const settings = producerSettings(this.connection, this.#name(role), { ...COMMON_PRODUCER, ...defaults }, this.#folder);
    const producer = made(() => new kafka.Producer({ ...settings, ...fixed }), this.connection.shown);
    producer.on('event.error', (error) => this.#heard(error));
    producer.on('event.stats', (event: { readonly message: string }) => this.#statistics.set(role, event.message));
    try {
      await connectProducer(producer, this.connection.shown, CONNECT_MS);
    } catch (error) {
      void disconnected(producer);
      throw error;
    }
    producer.setPollInterval(50);
    return producer;
  }

  /** A client that asks the cluster about its topics. */
  admin(): IAdminClient {
    const { 'statistics.interval.ms': _, ...settings } = clientSettings(this.connection, this.#name('admin'), this.#folder);
    return made(() => kafka.AdminClient.create(settings, { error: (error: unknown) => this.#heard(error) }), this.connection.shown);
  }

  #name(role: string): string {
    return `millrace-${this.instance}-${role}`;
  }

  #heard(error: unknown): void {
    const code = kafkaCode(error);
    if (code === null || QUIET.has(code) || this.#heardOf) return;
    const meant = this.error(error, 'talking to the brokers');
    this.#heardOf = { error: meant, sinceMs: Date.now() };
    this.#wasTold = false;
    this.#telling = setTimeout(() => {
      this.#wasTold = true;
      const { message, remedy, retry } = meant;
      this.#note(`${message}${remedy ? ` (${remedy})` : ''}${retry === 'backoff' ? '; trying again' : ''}`);
    }, TOLD_MS).unref();
  }
}

/** Lets a client go; resolves when it has gone, or after a few seconds. */
export async function disconnected(client: KafkaConsumer | Producer): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DISCONNECT_MS);
    client.disconnect(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * What a consumer has now, at most `count` messages; waits `waitMs` for the first. Waiting and taking are two calls: a single one would
 * go on for as long as a message comes every millisecond.
 */
export async function consumed(consumer: KafkaConsumer, count: number, waitMs: number): Promise<Message[]> {
  const late = LATE.get(consumer);
  LATE.delete(consumer);
  if (late !== undefined) throw late;
  const first = await taken(consumer, 1, waitMs);
  if (first.length === 0 || count === 1) return first;
  try {
    return first.concat(await taken(consumer, count - 1, 0));
  } catch (error) {
    LATE.set(consumer, error); // the messages before it were taken
    return first;
  }
}

/** Errors that followed messages: told by the next call. */
const LATE = new WeakMap<KafkaConsumer, unknown>();

function taken(consumer: KafkaConsumer, count: number, waitMs: number): Promise<Message[]> {
  consumer.setDefaultConsumeTimeout(waitMs);
  return called<Message[]>((done) => consumer.consume(count, done));
}

/** The caller broke the contract of the log. */
export function broken(message: string): MillraceError {
  return new MillraceError(message, { code: 'log-protocol', domain: 'internal' });
}
