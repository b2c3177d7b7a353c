import { MillraceError } from '../../graph/contract/error.ts';
import type { CommitResult, Lease, Log, Message, Outgoing, Position, Root, Round, RoundTask, TopicSpec } from '../../graph/contract/log.ts';

let scenes = 0;

/** A message to send, with what the test does not care about filled in. */
export type Draft = Pick<Outgoing, 'topic'> & Partial<Outgoing>;

/** An owner of a journal with its topics under names of its own; retries, waits and looks up unknown outcomes as an engine must. */
export class Scene {
  log: Log;
  readonly name = `c${process.pid}-${Date.now().toString(36)}-${scenes++}`;
  readonly pipeline = this.name;
  readonly journal = this.topic('tasks');
  readonly #epochs = new Map<number, number>();
  #lease: Lease | null = null;

  constructor(log: Log) {
    this.log = log;
  }

  topic(suffix: string): string {
    return `${this.name}.${suffix}`;
  }

  /** Makes the journal and the given data topics, and takes the lease of the journal. */
  async begin(tasks: number, data: Readonly<Record<string, number>>, retentionMs: number | null = null): Promise<void> {
    const specs: TopicSpec[] = [{ topic: this.journal, partitions: tasks, kind: 'journal', retentionMs: null }];
    for (const [suffix, partitions] of Object.entries(data))
      specs.push({ topic: this.topic(suffix), partitions, kind: 'data', retentionMs });
    await patient(() => this.log.ensure(specs));
    await this.lead();
  }

  /** Tells a log of the journal, as every process does before it leases it. */
  async knows(log: Log, tasks: number): Promise<void> {
    await patient(() => log.ensure([{ topic: this.journal, partitions: tasks, kind: 'journal', retentionMs: null }]));
  }

  /** Takes the lease of the journal and waits until it owns all of it. */
  async lead(): Promise<void> {
    const tasks = (await patient(() => this.log.describe(this.journal)))?.partitions ?? 0;
    await this.knows(this.log, tasks);
    this.#lease = await leaseAll(this.log, this.pipeline, this.journal, tasks);
  }

  async release(): Promise<void> {
    await this.#lease?.release();
  }

  /** The next round of these tasks, not committed yet. */
  round(messages: readonly Draft[], tasks: readonly number[] = [0], change: Partial<RoundTask> = {}): Round {
    return {
      pipeline: this.pipeline,
      journal: this.journal,
      messages: messages.map(outgoing),
      tasks: tasks.map((task) => {
        const epoch = (this.#epochs.get(task) ?? -1) + 1;
        return { task, epoch, entry: Buffer.from(JSON.stringify({ epoch, task })), root: this.root(epoch), ...change };
      }),
    };
  }

  root(epoch: number, snap: Root['snap'] = null): Root {
    return { inc: this.name, epoch, plan: '3f2a', snap, closed: false };
  }

  /** Commits until it is known to be committed, and counts its epochs. */
  async commit(round: Round): Promise<void> {
    for (;;) {
      const result = await this.attempt(round);
      if (result === 'committed' || (result === 'unknown' && (await this.isThere(round)))) break;
      await tick();
    }
    this.settle(round);
  }

  /** One answer of the log to the round, errors to be tried again aside. */
  attempt(round: Round): Promise<CommitResult> {
    return patient(() => this.log.commit(round));
  }

  async isThere(round: Round): Promise<boolean> {
    const [first] = round.tasks;
    const root = first ? await patient(() => this.log.root(round.pipeline, first.task)) : null;
    return root?.epoch === first?.epoch;
  }

  /** Counts the epochs of a round that is known to be committed. */
  settle(round: Round): void {
    for (const { task, epoch } of round.tasks) this.#epochs.set(task, epoch);
  }

  /** Commits one round with these messages. */
  send(messages: readonly Draft[], tasks: readonly number[] = [0]): Promise<void> {
    return this.commit(this.round(messages, tasks));
  }

  /** Reads on from the positions until `count` messages are there; what it got by `topic/partition`, with the positions after. */
  async read(reader: string, positions: readonly Position[], count: number): Promise<Map<string, Message[]>> {
    const next = new Map(positions.map((position) => [`${position.topic}/${position.partition}`, position]));
    const read = new Map<string, Message[]>();
    for (let left = count; left > 0; ) {
      for (const { topic, partition, messages } of await patient(() =>
        this.log.poll(reader, [...next.values()], { messages: left, bytes: 64 * 1024 * 1024, waitMs: 1000 }),
      )) {
        const key = `${topic}/${partition}`;
        read.set(key, [...(read.get(key) ?? []), ...messages]);
        next.set(key, { topic, partition, offset: (messages.at(-1)?.offset ?? 0) + 1 });
        left -= messages.length;
      }
    }
    return read;
  }

  /** First and end offset of a partition, once at least `count` messages of it are seen. */
  async range(topic: string, partition: number, count: number): Promise<{ low: number; high: number }> {
    const facts = await patient(() => this.log.describe(topic));
    const low = facts?.ranges[partition]?.low ?? 0;
    if (count > 0) await this.read('range', [{ topic, partition, offset: low }], count);
    const again = await patient(() => this.log.describe(topic));
    return { low, high: again?.ranges[partition]?.high ?? 0 };
  }

  /** All of a scan. */
  scan(topic: string, partition: number, from: number, to: number): Promise<Message[]> {
    return patient(async () => {
      const messages: Message[] = [];
      for await (const message of this.log.scan(topic, partition, from, to)) messages.push(message);
      return messages;
    });
  }
}

/** The lease, once all partitions are owned. */
export async function leaseAll(log: Log, group: string, topic: string, partitions: number): Promise<Lease> {
  const lease = await patient(() => log.lease(group, topic, { assigned() {}, async revoked() {} }));
  await until(() => lease.owned.size === partitions);
  return lease;
}

/** Calls again while the error says that this may help. */
export async function patient<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof MillraceError) || error.retry !== 'backoff') throw error;
    }
    await tick();
  }
}

/** Resolves when the condition holds; the test's own deadline bounds it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await tick();
}

/** The values of messages as text. */
export function texts(messages: readonly Message[] | undefined): string[] {
  return (messages ?? []).map(({ value }) => Buffer.from(value).toString());
}

/** A message whose value is a text. */
export function text(topic: string, partition: number, value: string): Draft {
  return { topic, partition, value: Buffer.from(value) };
}

/** A message as the log takes it. */
export function outgoing(draft: Draft): Outgoing {
  return { partition: 0, key: null, value: new Uint8Array(0), headers: {}, timestampNs: 1_723_161_255_030_000_000n, ...draft };
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
