import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import type { Lease, LeaseListener } from '../../graph/contract/log.ts';
import { type Clients, CODES, called, consumed, disconnected } from './client.ts';
import { kafkaCode } from './errors.ts';

const POLL_MS = 100;
/** How long one look for the answer to a commit takes, ms: it holds a thread meanwhile. */
const ANSWER_MS = 20;
/** How long letting go may take before the group has to notice by itself, ms. */
const LEAVE_MS = 15_000;
/** How long the coordinator may take to say whether it knows us, ms. */
const ADMIT_MS = 5_000;
/** A partition that no topic has: nobody's transaction holds up what is asked of it. */
const NOWHERE = 2 ** 31 - 1;
/** Offset that the library reads as "from the end"; the lease carries no data. */
const END = -1;

export interface LeaseOptions {
  readonly clients: Clients;
  readonly group: string;
  readonly topic: string;
  readonly listener: LeaseListener;
  /** Name that stays over a restart, so that a restarted process takes its own place again; null: every start is a new member. */
  readonly member: string | null;
  /** Called when the partitions were given up by the engine, before the group hears of it. */
  release(partitions: readonly number[]): Promise<void>;
  /** The process can no longer be a member and has to start again. */
  stuck(what: string): void;
}

/** Membership of a group that shares the partitions of one topic: it says who owns what, and carries no data. */
export class GroupLease implements Lease {
  readonly owned = new Set<number>();
  readonly group: string;
  readonly topic: string;
  readonly #options: LeaseOptions;
  #consumer: KafkaConsumer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> | null = null;
  /** Commits under way, by partition. */
  readonly #commits = new Map<number, { resolve(): void; reject(error: unknown): void }>();
  #changes: Promise<void> = Promise.resolve();
  #changing = 0;
  #released: Promise<void> | null = null;
  /** A transaction that a revocation may not pass. */
  latch: Promise<unknown> | null = null;

  constructor(options: LeaseOptions) {
    this.group = options.group;
    this.topic = options.topic;
    this.#options = options;
  }

  /** The member, for calls that are fenced by its generation. */
  get consumer(): KafkaConsumer {
    if (!this.#consumer) throw new Error(`group ${this.group} is not joined`);
    return this.#consumer;
  }

  /** Whether the group has taken everything from us already. */
  get isThrownOut(): boolean {
    return incremental(this.consumer).assignmentLost();
  }

  /** Whether nothing can be written any more: thrown out, or let go. */
  get lost(): boolean {
    return this.#released !== null || this.isThrownOut;
  }

  /** Whether a change of ownership is being served just now. */
  get isChanging(): boolean {
    return this.#changing > 0;
  }

  /** Whether all these partitions are ours. */
  owns(partitions: readonly number[]): boolean {
    return !this.lost && partitions.every((partition) => this.owned.has(partition));
  }

  async join(): Promise<void> {
    const { clients, member } = this.#options;
    this.#consumer = await clients.consumer(
      `lease-${this.group}`,
      {
        'group.id': this.group,
        'partition.assignment.strategy': 'cooperative-sticky',
        ...(member === null ? {} : { 'group.instance.id': member }),
        offset_commit_cb: true,
        rebalance_cb: (error: { readonly code: number }, places: readonly { readonly partition: number }[]) => this.#heard(error, places),
      },
      { 'session.timeout.ms': 10_000, 'heartbeat.interval.ms': 1_000, 'max.poll.interval.ms': 60_000 },
    );
    this.#consumer.on('event.error', (error) => this.#failed(error));
    this.#consumer.on('offset.commit', (error, places) => this.#told(error, places));
    await this.#admitted(this.#consumer);
    this.#consumer.subscribe([this.topic]);
    this.#timer = setInterval(() => void this.#polled(0), POLL_MS);
  }

  /**
   * Throws where the group may not be joined. The library asks for the coordinator again and again then, and says why only once, to whoever
   * polls; a subscribed member would just never be given anything.
   */
  async #admitted(consumer: KafkaConsumer): Promise<void> {
    let isAnswered = false;
    const asked = called<unknown>((done) => consumer.committed([{ topic: this.topic, partition: NOWHERE }], ADMIT_MS, done));
    void asked
      .catch(() => undefined)
      .finally(() => {
        isAnswered = true;
      });
    while (!isAnswered) {
      try {
        await consumed(consumer, 1, ANSWER_MS);
      } catch (cause) {
        const error = this.#options.clients.error(cause, `joining group ${this.group}`);
        if (error.code === 'kafka-denied') {
          this.#consumer = null;
          void disconnected(consumer);
          throw error;
        }
      }
    }
  }

  /**
   * Commits an offset, fenced by the generation, and resolves once the group's coordinator has it. One at a time a partition. (`commitCb`
   * of the library calls back when the commit is queued, not when it is made.)
   */
  async commit(offset: { topic: string; partition: number; offset: number; metadata: string }): Promise<void> {
    const told = new Promise<void>((resolve, reject) => {
      this.#commits.set(offset.partition, { resolve, reject });
    });
    let isOver = false;
    const over = told.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    this.consumer.commit([offset]);
    while (!isOver && this.#timer) await Promise.race([over, this.#polled(ANSWER_MS)]).catch(() => undefined);
    if (!isOver) this.#told(new Error('the group was left'), [{ partition: offset.partition }]);
    await over;
  }

  release(): Promise<void> {
    this.#released ??= this.#leave();
    return this.#released;
  }

  #told(error: unknown, places: readonly { readonly partition: number; readonly error?: unknown }[]): void {
    for (const { partition, error: own } of places) {
      const waiting = this.#commits.get(partition);
      this.#commits.delete(partition);
      const cause = error ?? own;
      if (cause) waiting?.reject(cause);
      else waiting?.resolve();
    }
  }

  /** Lets the library call back; waits `waitMs` for something to tell. */
  #polled(waitMs: number): Promise<void> {
    this.#polling ??= this.#poll(waitMs).finally(() => {
      this.#polling = null;
    });
    return this.#polling;
  }

  async #poll(waitMs: number): Promise<void> {
    try {
      if (this.#consumer) await consumed(this.#consumer, 1, waitMs);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    const code = kafkaCode(error);
    const isFatal = error instanceof Error && 'isFatal' in error && error.isFatal === true;
    if (isFatal || code === CODES.ERR__FATAL || code === CODES.ERR_FENCED_INSTANCE_ID)
      this.#options.stuck(`group ${this.group}: this process is no member any more (${error instanceof Error ? error.message : code})`);
  }

  #heard({ code }: { readonly code: number }, places: readonly { readonly partition: number }[]): void {
    const partitions = places.map(({ partition }) => partition);
    this.#changing++;
    const change = async (): Promise<void> => {
      if (code === CODES.ERR__ASSIGN_PARTITIONS) this.#assigned(partitions);
      else await this.#revoked(partitions);
    };
    this.#changes = this.#changes
      .then(change)
      .catch((error) => {
        if (this.#released === null) this.#options.stuck(`group ${this.group}: ${error instanceof Error ? error.message : error}`);
      })
      .finally(() => {
        this.#changing--;
      });
  }

  #assigned(partitions: readonly number[]): void {
    const places = partitions.map((partition) => ({ topic: this.topic, partition }));
    incremental(this.consumer).incrementalAssign(places.map((place) => ({ ...place, offset: END })));
    if (places.length > 0) this.consumer.pause(places);
    for (const partition of partitions) this.owned.add(partition);
    if (partitions.length > 0) this.#options.listener.assigned(partitions);
  }

  async #revoked(partitions: readonly number[]): Promise<void> {
    const lost = incremental(this.consumer).assignmentLost();
    const held = partitions.filter((partition) => this.owned.has(partition));
    if (lost) for (const partition of held) this.owned.delete(partition);
    await this.#options.listener.revoked(held, lost);
    while (this.latch) await this.latch;
    if (!lost && held.length > 0) await this.#options.release(held);
    for (const partition of held) this.owned.delete(partition);
    incremental(this.consumer).incrementalUnassign(partitions.map((partition) => ({ topic: this.topic, partition })));
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    if (!consumer) return;
    consumer.unsubscribe();
    const until = Date.now() + LEAVE_MS;
    do await new Promise((resolve) => setTimeout(resolve, 10));
    while ((this.owned.size > 0 || this.#changing > 0) && Date.now() < until);
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#polling;
    await disconnected(consumer);
    const left = [...this.owned];
    this.owned.clear();
    if (left.length > 0) await this.#options.listener.revoked(left, true);
  }
}

/** Calls of the member that the package's types lack. */
interface Incremental {
  incrementalAssign(places: readonly { topic: string; partition: number; offset: number }[]): void;
  incrementalUnassign(places: readonly { topic: string; partition: number }[]): void;
  assignmentLost(): boolean;
}

/** The member with the calls that the package's types lack. */
export function incremental(consumer: KafkaConsumer): Incremental {
  if (!('incrementalAssign' in consumer && 'incrementalUnassign' in consumer && 'assignmentLost' in consumer))
    throw new Error('the Kafka client lacks cooperative rebalancing');
  return consumer as KafkaConsumer & Incremental;
}

/** The last offsets that a group committed, through a client of it that is no member. */
export function committed(
  consumer: KafkaConsumer,
  places: readonly { topic: string; partition: number }[],
  timeoutMs: number,
): Promise<readonly (Committed | Error)[]> {
  return called((done) =>
    consumer.committed([...places], timeoutMs, (error, answers) => done(error, answers as readonly (Committed | Error)[])),
  );
}

/** A committed offset; none at all when `offset` is missing. */
export interface Committed {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number;
  readonly metadata?: string | null;
}
