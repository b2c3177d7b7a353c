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
import { Dice } from './faults/dice.ts';
import { FragileLeases } from './faults/leases.ts';
import { SparseOffsets } from './faults/offsets.ts';
import { Visibility } from './faults/visibility.ts';

/** What may go wrong and how often: probabilities a call, each 0 where left out, so that a test names what it means. */
export interface FaultOptions {
  /** The same seed and the same calls meet the same faults; offsets of a stored log depend on it too. */
  readonly seed: number;
  /** Offsets are spread by this factor with seeded gaps; default 1, no gaps. Fixed for the life of a stored log. */
  readonly stride?: number;
  /** A commit answers `unknown`: a third each never happen, happened before the answer, and happen after it. */
  readonly unknown?: number;
  /** Before a commit, the lease of its journal loses partitions, and the commit is fenced; they come back later. */
  readonly lose?: number;
  /** At a poll, some lease is asked to let partitions go; they come back later. */
  readonly revoke?: number;
  /** A committed message is seen only after a while, by polls, scans and ranges alike. */
  readonly late?: number;
  /** A poll gives a single message. */
  readonly short?: number;
  /** A waiting poll comes back early with nothing. */
  readonly wake?: number;
  /** A call takes a while. */
  readonly slow?: number;
  /** A call fails with a `log-unavailable` error to be tried again; nothing of it happened. */
  readonly error?: number;
  /** Longest of the whiles, ms; default 10. */
  readonly maxDelayMs?: number;
}

/** All faults at a rate that a sound engine gets through quickly. */
export function mildFaults(seed: number): FaultOptions {
  return {
    seed,
    stride: 3,
    unknown: 0.05,
    lose: 0.01,
    revoke: 0.01,
    late: 0.1,
    short: 0.1,
    wake: 0.1,
    slow: 0.1,
    error: 0.02,
    maxDelayMs: 5,
  };
}

/** Any log, made meaner than Kafka by seeded faults; all within the contract of `Log`. */
export function withFaults(log: Log, options: FaultOptions): Log {
  return new FaultyLog(log, options);
}

class FaultyLog implements Log {
  readonly description: string;
  readonly #inner: Log;
  readonly #options: FaultOptions;
  readonly #dice: Dice;
  readonly #offsets: SparseOffsets;
  readonly #leases = new FragileLeases();
  readonly #visibility = new Visibility();
  /** The last commit, while nobody knows its outcome. */
  #undecided: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(inner: Log, options: FaultOptions) {
    this.description = `${inner.description}, with faults of seed ${options.seed}`;
    this.#inner = inner;
    this.#options = options;
    this.#dice = new Dice(options.seed);
    this.#offsets = new SparseOffsets(options.seed, options.stride ?? 1);
  }

  async ensure(topics: readonly TopicSpec[]): Promise<ReadonlyMap<string, TopicFacts>> {
    await this.#trouble('ensure');
    const found = await this.#inner.ensure(topics);
    return new Map([...found].map(([topic, facts]) => [topic, this.#shown(facts)]));
  }

  async describe(topic: string): Promise<TopicFacts | null> {
    await this.#trouble('describe');
    const facts = await this.#inner.describe(topic);
    return facts && this.#shown(facts);
  }

  async lease(group: string, topic: string, listener: LeaseListener): Promise<Lease> {
    await this.#trouble('lease');
    return this.#leases.take(this.#inner, group, topic, listener, () => this.#undecided);
  }

  async root(pipeline: string, task: number): Promise<Root | null> {
    await this.#trouble('root');
    await this.#undecided;
    const root = await this.#inner.root(pipeline, task);
    return root && this.#offsets.shownRoot(root);
  }

  async poll(reader: string, positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    await this.#trouble('poll');
    if (this.#chance('revoke') && this.#leases.count(null) > 0) void this.#move(null, false);
    const messages = this.#chance('short') ? 1 : credit.messages;
    const waitMs = this.#chance('wake') ? Math.min(credit.waitMs, this.#delay('wake')) : credit.waitMs;
    const until = performance.now() + waitMs;
    for (;;) {
      const fetched = await this.#look(reader, positions, { ...credit, messages, waitMs: Math.max(0, until - performance.now()) });
      if (fetched.length > 0 || performance.now() >= until || this.#isClosed) return fetched;
    }
  }

  async commit(round: Round): Promise<CommitResult> {
    await this.#trouble('commit');
    await this.#undecided;
    while (this.#visibility.isAnyHidden) await this.#visibility.changed(this.#options.maxDelayMs ?? 10); // as Kafka's coordinator does
    const tasks = round.tasks.map(({ task }) => task);
    if (this.#chance('lose') && this.#leases.ownsAll(round.journal, tasks)) void this.#move(round.journal, true);
    if (!this.#leases.ownsAll(round.journal, tasks)) return 'fenced';
    await this.#hideSome(round);
    if (!this.#chance('unknown')) return this.#send(round);
    const kind = this.#dice.between('unknown-kind', 0, 2);
    if (kind === 0) return 'unknown';
    const sent = kind === 1 ? this.#send(round) : wait(this.#delay('unknown')).then(() => this.#send(round));
    const decided = sent.then(() => undefined);
    this.#undecided = decided.catch(() => undefined); // whoever asks for the root learns the outcome there
    if (kind === 1) await decided;
    return 'unknown';
  }

  async *scan(topic: string, partition: number, from: number, to: number): AsyncIterable<Message> {
    await this.#trouble('scan');
    const facts = await this.#inner.describe(topic);
    const end = this.#visibility.end(topic, partition, facts?.ranges[partition]?.high ?? 0);
    const innerTo = Math.min(end, this.#offsets.inner(topic, partition, to));
    for await (const message of this.#inner.scan(topic, partition, this.#offsets.inner(topic, partition, from), innerTo)) {
      yield { ...message, offset: this.#offsets.shown(topic, partition, message.offset) };
    }
  }

  async putState(key: StateKey, chunks: ReadonlyMap<string, readonly Uint8Array[]>): Promise<string> {
    await this.#trouble('putState');
    return this.#inner.putState(key, chunks);
  }

  async getState(pipeline: string, task: number, reference: string): Promise<ReadonlyMap<string, readonly Uint8Array[]> | null> {
    await this.#trouble('getState');
    return this.#inner.getState(pipeline, task, reference);
  }

  async pending(group: string, topic: string, partition: number): Promise<Intent | null> {
    await this.#trouble('pending');
    const intent = await this.#inner.pending(group, topic, partition);
    return intent && this.#offsets.shownIntent(intent);
  }

  async intent(
    group: string,
    topic: string,
    partition: number,
    intent: Intent,
    outgoing: readonly Outgoing[] = [],
  ): Promise<'committed' | 'fenced'> {
    await this.#trouble('intent');
    if (!this.#leases.owns(group, topic, partition)) return 'fenced';
    return this.#inner.intent(group, topic, partition, this.#offsets.innerIntent(topic, partition, intent), outgoing);
  }

  usage(): Promise<LogUsage> {
    return this.#inner.usage();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#undecided;
    await this.#inner.close();
  }

  /** One look at what is visible; waits at most until something may have become so. */
  async #look(reader: string, positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    const inner = positions.map((position) => this.#offsets.position(position));
    const open = inner.filter(({ topic, partition, offset }) => offset < this.#visibility.end(topic, partition, Number.POSITIVE_INFINITY));
    if (open.length === 0 && positions.length > 0) {
      if (credit.waitMs > 0) await this.#visibility.changed(credit.waitMs);
      for (const { topic, partition, offset } of inner) this.#offsets.reached(topic, partition, offset);
      return [];
    }
    const waitMs = this.#visibility.isAnyHidden ? Math.min(credit.waitMs, this.#options.maxDelayMs ?? 10) : credit.waitMs;
    const fetched = await this.#inner.poll(reader, open, { ...credit, waitMs });
    if (fetched.length === 0) for (const { topic, partition, offset } of inner) this.#offsets.reached(topic, partition, offset);
    return fetched
      .map(({ topic, partition, messages }) => {
        const end = this.#visibility.end(topic, partition, Number.POSITIVE_INFINITY);
        const visible = messages.filter(({ offset }) => offset < end);
        return { topic, partition, messages: visible.map((m) => ({ ...m, offset: this.#offsets.shown(topic, partition, m.offset) })) };
      })
      .filter(({ messages }) => messages.length > 0);
  }

  async #send(round: Round): Promise<CommitResult> {
    const tasks = round.tasks.map((task) => ({
      ...task,
      root: this.#offsets.innerRoot(task.root, round.journal, task.task),
      ...(task.reads === undefined ? {} : { reads: task.reads.map((position) => this.#offsets.position(position)) }),
    }));
    return this.#inner.commit({ ...round, tasks });
  }

  /** Decides which of the round's partitions, its journal too, will show it late. */
  async #hideSome(round: Round): Promise<void> {
    if (!this.#chance('late')) return;
    const touched = new Map(round.messages.map(({ topic, partition }) => [`${topic}/${partition}`, { topic, partition }]));
    for (const { task } of round.tasks) touched.set(`${round.journal}/${task}`, { topic: round.journal, partition: task });
    for (const { topic, partition } of touched.values()) {
      if (this.#dice.roll('late-partition') < 0.5) continue;
      const facts = await this.#inner.describe(topic);
      const high = facts?.ranges[partition]?.high;
      if (high !== undefined) this.#visibility.hide(topic, partition, high, this.#delay('late'));
    }
  }

  #move(topic: string | null, lost: boolean): Promise<void> {
    const pick = (owned: readonly number[]): readonly number[] => {
      const some = owned.filter(() => this.#dice.roll('partition') < 0.5);
      return some.length > 0 ? some : owned;
    };
    return this.#leases.move(topic, pick, lost, this.#delay('away'));
  }

  #shown(facts: TopicFacts): TopicFacts {
    return this.#offsets.facts(facts, (partition, high) => this.#visibility.end(facts.topic, partition, high));
  }

  /** A slow call, or one that fails before anything happened. */
  async #trouble(verb: string): Promise<void> {
    if (this.#dice.hits(`slow ${verb}`, this.#options.slow ?? 0)) await wait(this.#delay(`slow ${verb}`));
    if (!this.#dice.hits(`error ${verb}`, this.#options.error ?? 0)) return;
    throw new MillraceError(`the log did not answer "${verb}" (a fault of seed ${this.#options.seed})`, {
      code: 'log-unavailable',
      domain: 'external',
      retry: 'backoff',
    });
  }

  #chance(fault: 'unknown' | 'lose' | 'revoke' | 'late' | 'short' | 'wake'): boolean {
    return this.#dice.hits(fault, this.#options[fault] ?? 0);
  }

  #delay(name: string): number {
    return this.#dice.between(`delay ${name}`, 0, this.#options.maxDelayMs ?? 10);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
