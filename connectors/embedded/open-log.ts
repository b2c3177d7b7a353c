import { MillraceError } from '../../graph/contract/error.ts';
import type {
  CommitResult,
  Credit,
  Fetched,
  Intent,
  Lease,
  LeaseListener,
  Log,
  LogUsage,
  Message,
  Outgoing,
  Position,
  Root,
  Round,
  StateKey,
  TopicFacts,
  TopicSpec,
} from '../../graph/contract/log.ts';
import type { Committer } from './committer.ts';
import { expired } from './errors.ts';
import type { Layout } from './layout.ts';
import type { Leases } from './leases.ts';
import type { Ledger } from './ledger.ts';
import type { FolderLock } from './lock.ts';
import type { Partition } from './partition.ts';
import type { Reader } from './reader.ts';
import type { Segments } from './segments.ts';
import type { StateFiles } from './state.ts';
import type { Store } from './store.ts';
import type { Topics } from './topics.ts';

/** What an open log is made of. */
interface OpenLogParts {
  readonly layout: Layout;
  readonly lock: FolderLock;
  readonly budgetBytes: number | null;
  readonly store: Store;
  readonly segments: Segments;
  readonly topics: Topics;
  readonly leases: Leases;
  readonly committer: Committer;
  readonly reader: Reader;
  readonly state: StateFiles;
  readonly ledger: Ledger;
}

/** A log in a folder of this machine. */
export interface EmbeddedLog extends Log {
  /** Drops what a sink's group announced, so that no message is kept for it any more. */
  forget(group: string): Promise<void>;
}

/** The log once it is open: each verb handed to the part that does it. */
export class OpenLog implements EmbeddedLog {
  readonly description = 'embedded';
  readonly #parts: OpenLogParts;
  /** Where the next poll of a reader begins, so that no partition starves the others. */
  readonly #turns = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #closed: Promise<void> | null = null;
  /** Calls under way that close must wait for. */
  readonly #busy = new Set<Promise<unknown>>();

  constructor(parts: OpenLogParts) {
    this.#parts = parts;
  }

  ensure(topics: readonly TopicSpec[]): Promise<ReadonlyMap<string, TopicFacts>> {
    return this.#do(() => this.#parts.topics.ensure(topics));
  }

  describe(topic: string): Promise<TopicFacts | null> {
    return this.#do(async () => this.#parts.topics.describe(topic));
  }

  lease(group: string, topic: string, listener: LeaseListener): Promise<Lease> {
    const { leases, topics, committer } = this.#parts;
    return this.#do(async () => leases.take(group, topic, topics.partitions(topic).length, listener, () => committer.settled()));
  }

  root(pipeline: string, task: number): Promise<Root | null> {
    return this.#do(async () => {
      await this.#parts.committer.settled();
      return this.#parts.committer.root(pipeline, task)?.root ?? null;
    });
  }

  poll(reader: string, positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    return this.#do(async () => {
      const turn = (this.#turns.get(reader) ?? 0) % Math.max(1, positions.length);
      this.#turns.set(reader, turn + 1);
      const turned = turn === 0 ? positions : [...positions.slice(turn), ...positions.slice(0, turn)];
      const fetched = await this.#parts.reader.fetch(turned, credit);
      if (fetched.length > 0 || credit.waitMs <= 0) return fetched;
      await this.#somethingAt(positions, credit.waitMs);
      return this.#closed ? [] : this.#parts.reader.fetch(turned, credit);
    });
  }

  commit(round: Round): Promise<CommitResult> {
    return this.#do(() => this.#parts.committer.commit(round));
  }

  async *scan(topic: string, partition: number, from: number, to: number): AsyncIterable<Message> {
    this.#checkOpen();
    const range = this.#parts.topics.partition(topic, partition);
    if (from < to && from < range.low) throw expired(topic, partition, from, range.low);
    for await (const message of this.#parts.reader.scan(topic, partition, from, to)) {
      yield message;
      this.#checkOpen();
    }
  }

  putState(key: StateKey, chunks: ReadonlyMap<string, readonly Uint8Array[]>): Promise<string> {
    return this.#do(() => this.#parts.state.put(key, chunks));
  }

  getState(pipeline: string, task: number, reference: string): Promise<ReadonlyMap<string, readonly Uint8Array[]> | null> {
    return this.#do(async () => this.#parts.state.get(pipeline, task, reference));
  }

  pending(group: string, topic: string, partition: number): Promise<Intent | null> {
    return this.#do(async () => {
      await this.#parts.committer.settled();
      return this.#parts.committer.pending(group, topic, partition);
    });
  }

  intent(
    group: string,
    topic: string,
    partition: number,
    intent: Intent,
    outgoing: readonly Outgoing[] = [],
  ): Promise<'committed' | 'fenced'> {
    return this.#do(() => this.#parts.committer.intend({ group, topic, partition, intent, outgoing }));
  }

  forget(group: string): Promise<void> {
    return this.#do(() => this.#parts.committer.forget(group));
  }

  async usage(): Promise<LogUsage> {
    this.#checkOpen();
    const { ledger, state, store, budgetBytes } = this.#parts;
    return { bytes: ledger.fileBytes + state.bytes + store.fileBytes(), budgetBytes };
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<void> {
    const { committer, segments, store, lock } = this.#parts;
    for (const wake of this.#waiting) wake();
    await Promise.resolve();
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy);
    await committer.settled();
    await segments.close();
    await store.close();
    lock.release();
  }

  /** Resolves when one of the positions has a message, after `waitMs`, or when the log closes. */
  async #somethingAt(positions: readonly Position[], waitMs: number): Promise<void> {
    const partitions = positions.map(({ topic, partition, offset }): [Partition, number] => [
      this.#parts.topics.partition(topic, partition),
      offset,
    ]);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        for (const [partition] of partitions) partition.waiters.delete(look);
        this.#waiting.delete(done);
        resolve();
      };
      const look = (): void => {
        if (partitions.some(([partition, offset]) => offset < partition.high)) done();
      };
      const timer = setTimeout(done, waitMs);
      timer.unref();
      this.#waiting.add(done);
      for (const [partition] of partitions) partition.waiters.add(look);
      look(); // what was committed while the first look was under way
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw new MillraceError('the log is closed', { code: 'log-closed', domain: 'internal' });
  }

  async #do<T>(call: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    const result = call();
    this.#busy.add(result);
    try {
      return await result;
    } finally {
      this.#busy.delete(result);
    }
  }
}
