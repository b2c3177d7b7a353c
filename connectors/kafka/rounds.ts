import type { Producer } from '@confluentinc/kafka-javascript';
import type { CommitResult, Outgoing, Position, Round } from '../../graph/contract/log.ts';
import { type Clients, CODES, called } from './client.ts';
import { kafkaCode } from './errors.ts';
import { ROOT_HEADER } from './gate.ts';
import type { GroupLease } from './lease.ts';
import { bufferOf, HeaderCache } from './message.ts';
import { encodeRoot, type KafkaRoot } from './root.ts';
import type { Watchdog } from './stuck.ts';

const TRANSACTION_MS = 10_000;
/** How long one call of a transaction may take before the process starts again, ms. */
const CALL_MS = TRANSACTION_MS + 5_000;
const SEND_MS = 10_000;
const RETRY_MS = 20;

/** An offset that a transaction commits. */
export interface OffsetCommit {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata?: string;
}

/** `moved`: nothing was written, and the group is changing. `renewed`: the outcome is not known, the producer is a new one. */
export type Outcome = 'committed' | 'fenced' | 'moved' | 'renewed';

/** A transactional producer of its own for one group: everything of a transaction or nothing, fenced by the group's lease. */
export class Transactions {
  readonly id: string;
  readonly #clients: Clients;
  readonly #watchdog: Watchdog;
  readonly #lease: GroupLease;
  readonly #headers = new HeaderCache();
  #producer: Producer | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(clients: Clients, watchdog: Watchdog, lease: GroupLease, id: string) {
    this.id = id;
    this.#clients = clients;
    this.#watchdog = watchdog;
    this.#lease = lease;
  }

  /** Makes the producer; whatever a former process of the same id had begun is aborted. */
  async open(): Promise<void> {
    if (this.#producer) await this.#drop();
    const fixed = { 'transactional.id': this.id, 'transaction.timeout.ms': TRANSACTION_MS };
    const defaults = { 'retry.backoff.ms': 2, 'retry.backoff.max.ms': 200, 'queue.buffering.max.messages': 500_000 };
    const producer = await this.#clients.producer(`write-${this.#lease.group}`, fixed, defaults);
    this.#producer = producer;
    try {
      await this.#call('initTransactions', (done) => producer.initTransactions(CALL_MS - 2_000, done));
    } catch (cause) {
      await this.#drop();
      throw this.#clients.error(cause, `starting transactions of ${this.id}`);
    }
  }

  /** One transaction at a time; the lease's latch keeps a revocation behind it. */
  run(messages: readonly Outgoing[], offsets: readonly OffsetCommit[], isOurs: () => boolean): Promise<Outcome> {
    const turn = this.#turn.then(() => this.#latched(() => this.#transact(messages, offsets, isOurs)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#drop();
  }

  async #latched(work: () => Promise<Outcome>): Promise<Outcome> {
    const running = work();
    const latch = running.then(
      () => undefined,
      () => undefined,
    );
    this.#lease.latch = latch;
    try {
      return await running;
    } finally {
      if (this.#lease.latch === latch) this.#lease.latch = null;
    }
  }

  async #transact(messages: readonly Outgoing[], offsets: readonly OffsetCommit[], isOurs: () => boolean): Promise<Outcome> {
    if (!this.#producer) {
      await this.open();
      return 'renewed';
    }
    if (!isOurs()) return 'fenced';
    const producer = this.#producer;
    let begun = false;
    let isCommitting = false;
    try {
      await this.#call('beginTransaction', (done) => producer.beginTransaction(done));
      begun = true;
      await this.#produce(producer, messages);
      if (!isOurs()) return await this.#abandon(producer, 'fenced');
      await this.#call('sendOffsetsToTransaction', (done) =>
        producer.sendOffsetsToTransaction([...offsets], this.#lease.consumer, SEND_MS, done),
      );
      if (!isOurs()) return await this.#abandon(producer, 'fenced');
      isCommitting = true;
      await this.#call('commitTransaction', (done) => producer.commitTransaction(-1, done));
      this.#clients.works();
      return 'committed';
    } catch (cause) {
      return await this.#mend(producer, cause, begun, isCommitting, isOurs);
    }
  }

  /** What follows a call that failed: PROTOCOL, table of section D. Throws what no other try can mend. */
  async #mend(producer: Producer, cause: unknown, begun: boolean, isCommitting: boolean, isOurs: () => boolean): Promise<Outcome> {
    const { isFatal, isAbortable } = traits(cause);
    const code = kafkaCode(cause);
    if (isFatal || code === CODES.ERR__FATAL || code === CODES.ERR__STATE || (isCommitting && !isAbortable)) return this.#renew();
    if (begun) {
      if ((await this.#abandon(producer, 'moved')) === 'renewed') return 'renewed';
    } else return this.#renew();
    if (code === CODES.ERR_UNKNOWN_MEMBER_ID || code === CODES.ERR_FENCED_INSTANCE_ID || !isOurs()) return 'fenced';
    if (code === CODES.ERR_ILLEGAL_GENERATION || code === CODES.ERR_REBALANCE_IN_PROGRESS) return 'moved';
    const error = this.#clients.error(cause, `committing for ${this.#lease.group}`);
    if (code !== null && PASSING.has(code)) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      return 'moved';
    }
    throw error;
  }

  async #renew(): Promise<Outcome> {
    await this.#drop();
    await this.open();
    return 'renewed';
  }

  async #abandon(producer: Producer, outcome: Outcome): Promise<Outcome> {
    try {
      await this.#call('abortTransaction', (done) => producer.abortTransaction(-1, done));
      return outcome;
    } catch {
      return this.#renew().then((renewed) => (outcome === 'fenced' ? outcome : renewed));
    }
  }

  async #produce(producer: Producer, messages: readonly Outgoing[]): Promise<void> {
    for (const { topic, partition, key, value, headers, timestampNs } of messages) {
      const ms = Number(timestampNs / 1_000_000n);
      const bytes = bufferOf(value);
      const keyBytes = key === null ? null : bufferOf(key);
      const made = this.#headers.of(headers);
      for (;;) {
        try {
          producer.produce(topic, partition, bytes, keyBytes, ms, undefined, made);
          break;
        } catch (error) {
          if (kafkaCode(error) !== CODES.ERR__QUEUE_FULL) throw error;
          producer.poll();
          await new Promise(setImmediate);
        }
      }
    }
  }

  /** A call of the producer; again while the library says that the same call may be made again. */
  async #call(name: string, call: (done: (error: unknown) => void) => void): Promise<void> {
    for (;;) {
      try {
        await this.#watchdog.watch(
          `${name} of ${this.id}`,
          CALL_MS,
          called<void>((done) => call((error) => done(error, undefined))),
        );
        return;
      } catch (error) {
        const { isFatal, isAbortable, isRetriable } = traits(error);
        if (!isRetriable || isAbortable || isFatal) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    if (producer) await gone(producer);
  }
}

/** Codes after which the same bytes may be sent again at once: what follows an abort, and a broker that went away for a moment. */
const PASSING: ReadonlySet<number> = new Set([
  CODES.ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
  CODES.ERR_CONCURRENT_TRANSACTIONS,
  CODES.ERR__TIMED_OUT,
  CODES.ERR__PURGE_QUEUE,
  CODES.ERR__PURGE_INFLIGHT,
]);

function traits(error: unknown): { isFatal: boolean; isAbortable: boolean; isRetriable: boolean } {
  const fault: object = error instanceof Error ? error : {};
  return {
    isFatal: 'isFatal' in fault && fault.isFatal === true,
    isAbortable: 'isTxnRequiresAbort' in fault && fault.isTxnRequiresAbort === true,
    isRetriable: 'isRetriable' in fault && fault.isRetriable === true,
  };
}

async function gone(producer: Producer): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 5_000);
    producer.disconnect(5_000, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Commits the rounds of one pipeline. */
export class Rounds {
  readonly #transactions: Transactions;
  readonly #lease: GroupLease;
  /** Last root that we committed, by task. */
  readonly #roots = new Map<number, KafkaRoot>();

  constructor(transactions: Transactions, lease: GroupLease) {
    this.#transactions = transactions;
    this.#lease = lease;
  }

  async commit(round: Round): Promise<CommitResult> {
    const tasks = round.tasks.map(({ task }) => task);
    const isOurs = (): boolean => this.#lease.owns(tasks.length > 0 ? tasks : [0]);
    if (!isOurs()) return 'fenced';
    const roots = round.tasks.map(({ task, root }) => ({ task, root: { ...root, by: this.#transactions.id, released: false } }));
    const entries = round.tasks.map(({ task, epoch, entry, root }, i): Outgoing => {
      const headers = { [ROOT_HEADER]: encodeRoot(roots[i]?.root as KafkaRoot) };
      const key = Buffer.from(`${root.inc}/${epoch}`);
      return { topic: round.journal, partition: task, key, value: entry, headers, timestampNs: nowNs() };
    });
    for (const task of tasks) this.#roots.delete(task); // not known until the outcome is
    const outcome = await this.#transactions.run([...round.messages, ...entries], offsetsOf(round, roots), isOurs);
    if (outcome === 'committed') for (const { task, root } of roots) this.#roots.set(task, root);
    return outcome === 'renewed' ? 'unknown' : outcome;
  }

  /** What stood at a task when it became ours. */
  known(task: number, root: KafkaRoot): void {
    this.#roots.set(task, root);
  }

  /** Says in the roots of tasks that we let go, so that nobody needs to fence us. Should it fail, they will. */
  async release(tasks: readonly number[]): Promise<void> {
    const offsets = tasks.flatMap((task) => {
      const root = this.#roots.get(task);
      return root?.by === this.#transactions.id ? [rootOffset(this.#lease.topic, task, { ...root, released: true })] : [];
    });
    for (const task of tasks) this.#roots.delete(task);
    if (offsets.length > 0) await this.#transactions.run([], offsets, () => !this.#lease.isThrownOut);
  }
}

const nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n;

function rootOffset(journal: string, task: number, root: KafkaRoot): OffsetCommit {
  return { topic: journal, partition: task, offset: root.epoch, metadata: encodeRoot(root) };
}

/** Roots of the tasks, and the positions of their inputs for the tools that show lag. A round without tasks is fenced by a mark at its topic. */
function offsetsOf(round: Round, roots: readonly { task: number; root: KafkaRoot }[]): OffsetCommit[] {
  const offsets = roots.map(({ task, root }) => rootOffset(round.journal, task, root));
  const inputs = new Map<string, Position>();
  for (const position of round.tasks.flatMap(({ reads }) => reads ?? [])) {
    const key = `${position.topic}/${position.partition}`;
    const known = inputs.get(key);
    if (!known || position.offset < known.offset) inputs.set(key, position);
  }
  const [first] = round.messages;
  if (roots.length === 0 && first) offsets.push({ topic: first.topic, partition: first.partition, offset: 0 });
  return [...offsets, ...inputs.values()];
}
