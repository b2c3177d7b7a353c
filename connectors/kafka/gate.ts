import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Clients, called, consumed, disconnected } from './client.ts';
import { type Committed, committed, type GroupLease } from './lease.ts';
import { decodeRoot, type KafkaRoot } from './root.ts';
import type { Watchdog } from './stuck.ts';
import type { Topics } from './topics.ts';

/** Time-out of one question, ms: the first short, so that an undecided commit of a dead process is settled soon. */
const ASK_MS = { first: 400, later: 5_000 };
/** How long a commit may stay undecided, ms: longer than a transaction lives, with the brokers' clean-up. */
const DECIDED_MS = 45_000;
/** Header of a journal entry that holds its root, for the case that the group's offsets have expired. */
export const ROOT_HEADER = 'm.root';

/** The gate before a task's state: the last root that is decided, and nobody else can decide any more. */
export class Gate {
  readonly #clients: Clients;
  readonly #topics: Topics;
  readonly #watchdog: Watchdog;
  readonly #lease: GroupLease;
  /** Our own transactional id. */
  readonly #self: string;
  /** The root kept beside the snapshots, as it was encoded; null when there is none. */
  readonly #kept: (task: number) => Promise<string | null>;
  readonly #fencing = new Map<string, Promise<void>>();
  /** Tasks of this lease whose former owner cannot commit any more. */
  readonly #safe = new Set<number>();

  constructor(
    clients: Clients,
    topics: Topics,
    watchdog: Watchdog,
    lease: GroupLease,
    self: string,
    kept: (task: number) => Promise<string | null>,
  ) {
    this.#kept = kept;
    this.#clients = clients;
    this.#topics = topics;
    this.#watchdog = watchdog;
    this.#lease = lease;
    this.#self = self;
  }

  /** These tasks have a new owner; their former one may be us. */
  forget(tasks: readonly number[]): void {
    for (const task of tasks) this.#safe.delete(task);
  }

  /** The root of a task, through a client of the group that is no member. Fences a former owner that did not let go. */
  async root(consumer: KafkaConsumer, task: number): Promise<KafkaRoot | null> {
    const root = (await this.#decided(consumer, task)) ?? (await this.#journalled(task));
    if (!this.#lease.owned.has(task) || this.#safe.has(task)) return root;
    if (root !== null && root.by !== this.#self && !root.released) {
      await this.#fence(root.by);
      const settled = (await this.#decided(consumer, task)) ?? (await this.#journalled(task));
      this.#safe.add(task);
      return settled;
    }
    this.#safe.add(task);
    return root;
  }

  /** Asks until the answer is decided: an error in place of an offset, or a time-out, says nothing (trap H29). */
  async #decided(consumer: KafkaConsumer, task: number): Promise<KafkaRoot | null> {
    const place = { topic: this.#lease.topic, partition: task };
    const until = Date.now() + DECIDED_MS;
    for (let asked = 0; ; asked++) {
      let cause: unknown;
      try {
        const [answer] = await committed(consumer, [place], asked < 4 ? ASK_MS.first : ASK_MS.later);
        if (answer !== undefined && !(answer instanceof Error)) {
          this.#clients.works();
          return answer.offset === undefined ? null : this.#read(answer);
        }
        cause = answer ?? new Error('no answer');
      } catch (error) {
        cause = error;
      }
      if (Date.now() > until) throw this.#undecided(task, cause);
      if (asked < 4 && this.#lease.owned.has(task)) await this.#fencePredecessor(place);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #read({ metadata }: Committed): KafkaRoot {
    if (metadata) return decodeRoot(metadata);
    throw new MillraceError(`group ${this.#lease.group} holds an offset of ${this.#lease.topic} that is not ours`, {
      code: 'kafka-group-foreign',
      domain: 'user',
      remedy: 'another tool committed offsets of this group; start from nothing with --lose-state, or delete the group',
    });
  }

  #undecided(task: number, cause: unknown): MillraceError {
    const doing = `waiting for the last commit of task ${task} to be decided`;
    const { message, remedy } = this.#clients.error(cause, doing);
    return new MillraceError(message, {
      code: 'kafka-undecided',
      domain: 'external',
      retry: 'backoff',
      cause,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  /** Looks up who wrote the last decided root, and fences that one. */
  async #fencePredecessor(place: { topic: string; partition: number }): Promise<void> {
    const looker = await this.#clients.consumer('look', { 'group.id': this.#lease.group, 'isolation.level': 'read_uncommitted' });
    try {
      const [answer] = await committed(looker, [place], ASK_MS.later);
      if (answer === undefined || answer instanceof Error || !answer.metadata) return;
      const { by } = decodeRoot(answer.metadata);
      if (by !== this.#self) await this.#fence(by);
    } catch (error) {
      if (!(error instanceof Error)) throw error; // asked again by the caller
    } finally {
      void disconnected(looker);
    }
  }

  /** Makes sure that nothing the owner of a transactional id began can still be committed. */
  #fence(id: string): Promise<void> {
    const running = this.#fencing.get(id) ?? this.#initialise(id).finally(() => this.#fencing.delete(id));
    this.#fencing.set(id, running);
    return running;
  }

  async #initialise(id: string): Promise<void> {
    const fence = await this.#clients.producer('fence', {
      'transactional.id': id,
      'transaction.timeout.ms': 10_000,
      'retry.backoff.ms': 2,
    });
    try {
      await this.#watchdog.watch(
        'fencing',
        60_000,
        called<void>((done) => fence.initTransactions(15_000, (error) => done(error, undefined))),
      );
    } catch (cause) {
      throw this.#clients.error(cause, `fencing ${id}`);
    } finally {
      void disconnected(fence);
    }
  }

  /** The root in the last entry of the journal, for a group whose offsets have expired; null for a task that is new. */
  async #journalled(task: number): Promise<KafkaRoot | null> {
    const place = { topic: this.#lease.topic, partition: task };
    const [range] = await this.#topics.ranges([place]);
    if (!range || range.low >= range.high) {
      const kept = await this.#kept(task);
      return kept === null ? null : decodeRoot(kept);
    }
    const reader = await this.#clients.consumer('journal', { 'group.id': this.#lease.group, 'enable.partition.eof': true });
    try {
      let isOver = false;
      reader.on('partition.eof', () => {
        isOver = true;
      });
      let root: KafkaRoot | null = null;
      for (let from = Math.max(range.low, range.high - 64); ; from = Math.max(range.low, range.high - (range.high - from) * 8)) {
        isOver = false;
        reader.assign([{ ...place, offset: from }]);
        while (!isOver) {
          for (const { headers } of await consumed(reader, 1_000, 100)) {
            const text = headers?.find((header) => ROOT_HEADER in header)?.[ROOT_HEADER];
            if (text !== undefined) root = decodeRoot(String(text));
          }
        }
        if (root !== null || from === range.low) return root;
      }
    } finally {
      void disconnected(reader);
    }
  }
}
