import kafka, {
  type IAdminClient,
  type LibrdKafkaError,
  type ListOffsetsResult,
  type TopicDescription,
} from '@confluentinc/kafka-javascript';
import { MillraceError } from '../../graph/contract/error.ts';
import type { TopicFacts, TopicSpec } from '../../graph/contract/log.ts';
import { type Clients, CODES, called, MESSAGE_BYTES } from './client.ts';
import { kafkaCode } from './errors.ts';

const CALL_MS = 5_000;
/** How long a broker that was away may take to answer that it is back, ms. */
const PROBE_MS = 2_000;
const DAY_MS = 86_400_000;

/** How long messages of a kind are kept when the topic does not say, ms; null: as the brokers do. */
const RETENTION_MS: Readonly<Record<TopicSpec['kind'], number | null>> = {
  data: null,
  journal: 14 * DAY_MS,
  exchange: DAY_MS,
  feed: DAY_MS,
  rejected: 14 * DAY_MS,
};

/** A place in a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** First offset kept and the one after the last committed message or marker. */
export interface OffsetRange {
  readonly low: number;
  readonly high: number;
}

/** Topics of a cluster: makes them, counts their partitions, tells their offsets. */
export class Topics {
  readonly #clients: Clients;
  readonly #admin: IAdminClient;
  #probing: Promise<void> | null = null;
  /** A call of the admin found no broker, and none since has. */
  #isAway = false;
  /** Kinds of the topics ensured by this process. */
  readonly #kinds = new Map<string, TopicSpec['kind']>();
  /** Topics as they were first seen: their id and number of partitions. */
  readonly #seen = new Map<string, { readonly id: string; readonly partitions: number }>();

  constructor(clients: Clients) {
    this.#clients = clients;
    this.#admin = clients.admin();
  }

  /** The kind a topic was ensured as, or undefined. */
  kind(topic: string): TopicSpec['kind'] | undefined {
    return this.#kinds.get(topic);
  }

  /** Creates the missing ones; `topic-mismatch` when one is there with another number of partitions. */
  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const counts = await this.partitions(specs.map(({ topic }) => topic));
    for (const spec of specs) {
      const count = counts.get(spec.topic);
      if (count !== undefined && count !== spec.partitions) throw mismatch(spec, count);
    }
    const missing = specs.filter(({ topic }, i) => !counts.has(topic) && specs.findIndex((spec) => spec.topic === topic) === i);
    const retention = (spec: TopicSpec): number | null => spec.retentionMs ?? RETENTION_MS[spec.kind];
    await Promise.all(
      missing.map((spec) => {
        if (spec.latest) return this.create(spec.topic, spec.partitions, { 'cleanup.policy': 'compact', 'retention.ms': '-1' });
        const ms = retention(spec);
        return this.create(spec.topic, spec.partitions, {
          'cleanup.policy': 'delete',
          ...(ms === null ? {} : { 'retention.ms': String(ms) }),
        });
      }),
    );
    if (missing.length > 0) await this.#known(missing);
    for (const { topic, kind } of specs) this.#kinds.set(topic, kind);
  }

  /** Creates a topic that may have been created meanwhile. */
  async create(topic: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    const wanted = {
      topic,
      num_partitions: partitions,
      replication_factor: -1,
      config: { 'max.message.bytes': String(MESSAGE_BYTES), ...config },
    };
    try {
      await called<void>((done) => this.#admin.createTopic(wanted, CALL_MS, (error) => done(error, undefined)));
    } catch (cause) {
      if (kafkaCode(cause) !== CODES.ERR_TOPIC_ALREADY_EXISTS) throw this.#clients.error(cause, `creating topic ${topic}`);
    }
  }

  /** Makes sure that a topic of our own is there. */
  async ensured(topic: string, partitions: number, config: Readonly<Record<string, string>>): Promise<void> {
    const spec: TopicSpec = { topic, partitions, kind: 'journal', retentionMs: null };
    const found = (await this.partitions([topic])).get(topic);
    if (found !== undefined && found !== partitions) throw mismatch(spec, found);
    if (found !== undefined) return;
    await this.create(topic, partitions, config);
    await this.#known([spec]);
  }

  /** Number of partitions of the topics that exist. */
  async partitions(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    if (topics.length === 0) return new Map();
    const counts = new Map<string, number>();
    const described = await this.#call(`looking up ${topics.join(', ')}`, () =>
      called<TopicDescription[]>((done) => this.#admin.describeTopics([...new Set(topics)], { timeout: CALL_MS }, done)),
    );
    for (const { name, error, partitions, topicId } of described) {
      const code = error ? error.code : 0;
      if (code === CODES.ERR_UNKNOWN_TOPIC_OR_PART) continue;
      if (error && code !== 0) throw this.#clients.error(asError(error), `looking up topic ${name}`);
      counts.set(name, partitions.length);
      if (!this.#seen.has(name)) this.#seen.set(name, { id: idOf(topicId), partitions: partitions.length });
    }
    return counts;
  }

  /** Throws where a topic is not what it was when it was first seen: gone, made anew, or with more partitions. */
  async unchanged(topics: readonly string[]): Promise<void> {
    await this.partitions(topics.filter((topic) => !this.#seen.has(topic)));
    const before = new Map(topics.map((topic) => [topic, this.#seen.get(topic)]));
    for (const topic of topics) this.#seen.delete(topic);
    await this.partitions(topics);
    for (const [topic, seen] of before) {
      const now = this.#seen.get(topic);
      if (seen) this.#seen.set(topic, seen);
      if (now === undefined) throw gone(topic);
      if (seen && now.id !== seen.id) throw recreated(topic);
      if (seen && now.partitions !== seen.partitions) throw changed(topic, seen.partitions, now.partitions);
    }
  }

  /** Offsets of partitions that exist, in their order; `high` counts committed messages only. */
  async ranges(places: readonly TopicPartition[]): Promise<OffsetRange[]> {
    if (places.length === 0) return [];
    const ask = async (offset: kafka.OffsetSpec): Promise<Map<string, number>> => {
      const asked = places.map(({ topic, partition }) => ({ topic, partition, offset }));
      const options = { timeout: CALL_MS, isolationLevel: kafka.IsolationLevel.READ_COMMITTED };
      const answers = await called<ListOffsetsResult[]>((done) => this.#admin.listOffsets(asked, options, done));
      for (const { error } of answers) if (error && error.code !== 0) throw asError(error);
      return new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer.offset]));
    };
    const name = places.length === 1 ? `${places[0]?.topic}/${places[0]?.partition}` : `${places.length} partitions`;
    const [low, high] = await this.#call(`looking up offsets of ${name}`, () =>
      Promise.all([ask(kafka.OffsetSpec.EARLIEST), ask(kafka.OffsetSpec.LATEST)]),
    );
    return places.map(({ topic, partition }) => {
      const key = `${topic}/${partition}`;
      return { low: low.get(key) ?? 0, high: high.get(key) ?? 0 };
    });
  }

  async describe(topic: string): Promise<TopicFacts | null> {
    const count = (await this.partitions([topic])).get(topic);
    if (count === undefined) return null;
    const ranges = await this.ranges(Array.from({ length: count }, (_, partition) => ({ topic, partition })));
    const id = this.#seen.get(topic)?.id;
    return { topic, partitions: count, ranges, ...(id === undefined ? {} : { id }) };
  }

  close(): void {
    this.#admin.disconnect();
  }

  /** Resolves once the brokers tell of new topics: they are there a moment after they were made. */
  async #known(specs: readonly TopicSpec[]): Promise<void> {
    for (const until = Date.now() + CALL_MS; ; ) {
      const counts = await this.partitions(specs.map(({ topic }) => topic));
      for (const spec of specs) {
        const count = counts.get(spec.topic);
        if (count !== undefined && count !== spec.partitions) throw mismatch(spec, count);
      }
      const isThere = specs.every(({ topic }) => counts.has(topic)) && (await this.#haveLeaders(specs));
      if (isThere) break;
      if (Date.now() > until)
        throw this.#clients.error(new Error('new topics do not show'), `creating ${specs.map(({ topic }) => topic).join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #haveLeaders(specs: readonly TopicSpec[]): Promise<boolean> {
    const places = specs.flatMap(({ topic, partitions }) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
    try {
      await this.ranges(places);
      return true;
    } catch (error) {
      if (error instanceof MillraceError && (error.retry === 'backoff' || error.code === 'kafka-topic-missing')) return false;
      throw error;
    }
  }

  /**
   * Throws while no broker answers. A call of the library's admin that finds none connects again and again without a pause, which keeps a
   * core busy until its time-out; to list topics waits at rest, so one of that goes ahead of all others.
   */
  #probe(): Promise<void> {
    this.#probing ??= called<void>((done) => this.#admin.listTopics({ timeout: PROBE_MS }, (error) => done(error, undefined)))
      .then(() => {
        this.#isAway = false;
      })
      .finally(() => {
        this.#probing = null;
      });
    return this.#probing;
  }

  #call<T>(doing: string, call: () => Promise<T>): Promise<T> {
    return this.#clients.asked(() => this.#tried(doing, call));
  }

  async #tried<T>(doing: string, call: () => Promise<T>): Promise<T> {
    try {
      if (this.#isAway || this.#clients.isTroubled) await this.#probe();
      const value = await call();
      this.#clients.works();
      return value;
    } catch (cause) {
      const error = this.#clients.error(cause, doing);
      this.#isAway ||= error.retry === 'backoff';
      throw error;
    }
  }
}

/** A topic's id; its text is under another name than the typings say. */
const idOf = ({ mostSignificantBits, leastSignificantBits }: TopicDescription['topicId']): string =>
  `${mostSignificantBits} ${leastSignificantBits}`;

/** An error of one partition comes as a plain object. */
function asError(error: LibrdKafkaError): Error {
  return error instanceof Error ? error : Object.assign(new Error(error.message), { code: error.code });
}

function mismatch({ topic, partitions }: TopicSpec, found: number): MillraceError {
  return new MillraceError(`topic "${topic}" is there with partitions ${found}, not ${partitions}`, {
    code: 'topic-mismatch',
    domain: 'user',
    remedy:
      'give its sink the settings it was made with (for example `partitions:`), write to another topic, or start over with `millrace reset`',
  });
}

function gone(topic: string): MillraceError {
  return new MillraceError(`topic "${topic}" is gone`, {
    code: 'topic-missing',
    domain: 'user',
    remedy: 'create it again and start from nothing with --lose-state: its messages are gone',
  });
}

/** A topic that has been deleted and created again: offsets mean other messages. */
export function recreated(topic: string): MillraceError {
  return new MillraceError(`topic "${topic}" was made anew while it was read: what was read up to here is gone`, {
    code: 'topic-recreated',
    domain: 'user',
    remedy: 'bring the old topic back, or start from nothing with --lose-state',
  });
}

function changed(topic: string, before: number, now: number): MillraceError {
  return new MillraceError(`topic "${topic}" had ${before} partitions when the run started and has ${now} now: keys move between tasks`, {
    code: 'partitions-changed',
    domain: 'user',
    remedy: 'start from nothing with --lose-state, so that the state of a key is where its rows go',
  });
}
