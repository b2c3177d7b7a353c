import { MillraceError } from '../../graph/contract/error.ts';
import type {
  CommitResult,
  Credit,
  Fetched,
  Intent,
  Lease,
  LeaseListener,
  Log,
  LogTrouble,
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
import { broken, type Clients } from './client.ts';
import { Fetcher } from './fetcher.ts';
import { Gate } from './gate.ts';
import { Intents } from './intents.ts';
import { GroupLease } from './lease.ts';
import { encodeRoot, rootOf } from './root.ts';
import { Rounds, Transactions } from './rounds.ts';
import { Scanner } from './scanner.ts';
import { Snapshots } from './snapshots.ts';
import { mergedFigures, parseStatistics } from './statistics.ts';
import type { Watchdog } from './stuck.ts';
import type { Topics } from './topics.ts';

export interface KafkaLogParts {
  readonly clients: Clients;
  readonly topics: Topics;
  readonly watchdog: Watchdog;
  /** Name that stays over a restart, or null. */
  readonly member: string | null;
  /** Release of the brokers, null where they do not tell. */
  readonly version: string | null;
  stuck(what: string): void;
}

/** What this process holds of a pipeline's journal. */
interface Journal {
  readonly group: string;
  readonly tasks: number;
  readonly lease: GroupLease;
  readonly gate: Gate;
  readonly rounds: Rounds;
  readonly transactions: Transactions;
}

const PREFIX = 'millrace.';

/** A log on a Kafka cluster: each verb handed to the part that does it. */
export class KafkaLog implements Log {
  readonly description: string;
  readonly #parts: KafkaLogParts;
  readonly #scanner: Scanner;
  readonly #snapshots: Snapshots;
  readonly #intents: Intents;
  readonly #fetchers = new Map<string, Fetcher>();
  readonly #leases = new Map<string, GroupLease>();
  readonly #journals = new Map<string, Journal>();
  #closed: Promise<void> | null = null;

  constructor(parts: KafkaLogParts) {
    const { clients, topics, watchdog, version } = parts;
    this.description = version === null ? 'kafka' : `kafka ${version}`;
    this.#parts = parts;
    this.#scanner = new Scanner(clients, topics);
    this.#snapshots = new Snapshots(
      clients,
      topics,
      this.#scanner,
      (pipeline) => this.#journal(pipeline).tasks,
      (line) => clients.note(line),
    );
    this.#intents = new Intents(clients, watchdog, (group) => this.#fetcher(group).consumer());
  }

  async ensure(specs: readonly TopicSpec[]): Promise<ReadonlyMap<string, TopicFacts>> {
    this.#checkOpen();
    await this.#parts.topics.ensure(specs);
    const facts = await Promise.all(specs.map(({ topic }) => this.describe(topic)));
    return new Map(facts.flatMap((each) => (each ? [[each.topic, each] as const] : [])));
  }

  async describe(topic: string): Promise<TopicFacts | null> {
    this.#checkOpen();
    const facts = await this.#parts.topics.describe(topic);
    if (!facts) return null;
    const fetchers = [...this.#fetchers.values()];
    const ranges = facts.ranges.map(({ low, high }, partition) => ({
      low,
      high: Math.max(low, Math.min(high, ...fetchers.map((fetcher) => fetcher.endOf(topic, partition, high)))),
    }));
    return { ...facts, ranges };
  }

  async lease(group: string, topic: string, listener: LeaseListener): Promise<Lease> {
    this.#checkOpen();
    const key = `${group} ${topic}`;
    if (this.#leases.has(key)) throw broken(`group ${group} already holds ${topic} in this process`);
    const { clients, topics, member, stuck } = this.#parts;
    const isJournal = topics.kind(topic) === 'journal';
    const lease: GroupLease = new GroupLease({
      clients,
      group,
      topic,
      member,
      stuck,
      listener: {
        assigned: (partitions) => {
          if (isJournal) this.#journals.get(pipelineOf(group))?.gate.forget(partitions);
          listener.assigned(partitions);
        },
        revoked: async (partitions, lost) => {
          await listener.revoked(partitions, lost);
          if (!isJournal) this.#fetchers.get(group)?.leave((reader) => partitions.some((partition) => reader === `${group}/${partition}`));
        },
      },
      release: async (partitions) => {
        try {
          if (isJournal) await this.#journals.get(pipelineOf(group))?.rounds.release(partitions);
        } catch (error) {
          clients.note(`tasks ${partitions.join(', ')} are handed over unsaid: ${error instanceof Error ? error.message : error}`);
        }
      },
    });
    this.#leases.set(key, lease);
    try {
      if (isJournal) await this.#own(group, topic, lease);
      await lease.join();
    } catch (error) {
      this.#leases.delete(key);
      throw error;
    }
    return {
      owned: lease.owned,
      release: async () => {
        await lease.release();
        if (this.#leases.get(key) === lease) this.#leases.delete(key);
        if (isJournal) await this.#journals.get(pipelineOf(group))?.transactions.close();
        await this.#intents.leave(lease);
      },
    };
  }

  async root(pipeline: string, task: number): Promise<Root | null> {
    this.#checkOpen();
    const { group, gate, rounds, lease } = this.#journal(pipeline);
    const root = await gate.root(await this.#fetcher(group).consumer(), task);
    if (root && lease.owned.has(task)) rounds.known(task, root);
    return root && rootOf(root);
  }

  poll(reader: string, positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    this.#checkOpen();
    return this.#fetcher(reader.split('/')[0] as string).poll(reader, positions, credit);
  }

  async commit(round: Round): Promise<CommitResult> {
    this.#checkOpen();
    const { rounds } = this.#journal(round.pipeline);
    const result = await this.#parts.clients.asked(
      () => rounds.commit(round),
      (result) => result === 'committed' || result === 'fenced',
    );
    if (result === 'committed') {
      for (const { task, root } of round.tasks) {
        await this.#keep(round.pipeline, task, root);
      }
    }
    return result;
  }

  /** Tidies behind a new snapshot, and keeps the roots of a first epoch, of a new snapshot and of a stop on purpose. */
  async #keep(pipeline: string, task: number, root: Root): Promise<void> {
    const isNew = root.snap !== null && this.#snapshots.pointed(pipeline, task, root.snap.reference);
    if (root.epoch > 0 && !isNew && !root.closed) return;
    const { transactions } = this.#journal(pipeline);
    const kept = this.#snapshots.keep(pipeline, task, encodeRoot({ ...root, by: transactions.id, released: root.closed }));
    if (root.closed) await kept;
    else kept.catch(() => undefined); // it was noted
  }

  async *scan(topic: string, partition: number, from: number, to: number): AsyncIterable<Message> {
    this.#checkOpen();
    for await (const message of this.#scanner.scan(topic, partition, from, to)) {
      yield message;
      this.#checkOpen();
    }
  }

  putState(key: StateKey, chunks: ReadonlyMap<string, readonly Uint8Array[]>): Promise<string> {
    this.#checkOpen();
    return this.#snapshots.put(key, chunks, this.#parts.clients.instance);
  }

  getState(pipeline: string, task: number, reference: string): Promise<ReadonlyMap<string, readonly Uint8Array[]> | null> {
    this.#checkOpen();
    return this.#snapshots.get(pipeline, task, reference);
  }

  pending(group: string, topic: string, partition: number): Promise<Intent | null> {
    this.#checkOpen();
    return this.#intents.pending(group, topic, partition);
  }

  async intent(
    group: string,
    topic: string,
    partition: number,
    intent: Intent,
    outgoing: readonly Outgoing[] = [],
  ): Promise<'committed' | 'fenced'> {
    this.#checkOpen();
    const lease = this.#leases.get(`${group} ${topic}`);
    return lease ? this.#parts.clients.asked(() => this.#intents.announce(lease, partition, intent, outgoing)) : 'fenced';
  }

  async usage(): Promise<LogUsage> {
    this.#checkOpen();
    const clients = [...this.#parts.clients.statistics.values()].map(parseStatistics);
    return { bytes: null, budgetBytes: null, statistics: mergedFigures(clients.filter((client) => client !== null)) };
  }

  trouble(): LogTrouble | null {
    return this.#parts.clients.trouble;
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  async #shut(): Promise<void> {
    await Promise.all([...this.#fetchers.values()].map((fetcher) => fetcher.close()));
    await Promise.all([...this.#leases.values()].map((lease) => lease.release()));
    await Promise.all([...this.#journals.values()].map(({ transactions }) => transactions.close()));
    await Promise.all([this.#snapshots.close(), this.#intents.close()]);
    await this.#scanner.close();
    this.#parts.topics.close();
  }

  /** Gets ready to write a journal: a producer of its own, which ends what a former process of the same name had begun. */
  async #own(group: string, topic: string, lease: GroupLease): Promise<void> {
    const { clients, topics, watchdog } = this.#parts;
    const tasks = (await topics.partitions([topic])).get(topic) ?? 0;
    const transactions = new Transactions(clients, watchdog, lease, `${group}.${clients.instance}`);
    await transactions.open();
    const pipeline = pipelineOf(group);
    const gate = new Gate(clients, topics, watchdog, lease, transactions.id, (task) => this.#snapshots.kept(pipeline, task));
    this.#journals.set(pipeline, { group, tasks, lease, gate, rounds: new Rounds(transactions, lease), transactions });
  }

  #journal(pipeline: string): Journal {
    const journal = this.#journals.get(pipeline);
    if (!journal) throw broken(`the journal of ${pipeline} was never leased by this process`);
    return journal;
  }

  #fetcher(group: string): Fetcher {
    const known = this.#fetchers.get(group);
    if (known) return known;
    const fetcher = new Fetcher(this.#parts.clients, this.#parts.topics, group);
    this.#fetchers.set(group, fetcher);
    return fetcher;
  }

  #checkOpen(): void {
    if (this.#closed) throw new MillraceError('the log is closed', { code: 'log-closed', domain: 'internal' });
  }
}

function pipelineOf(group: string): string {
  return group.startsWith(PREFIX) ? group.slice(PREFIX.length) : group;
}
