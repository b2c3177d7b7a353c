import type { KafkaConsumer } from '@confluentinc/kafka-javascript';
import type { Intent, Outgoing } from '../../graph/contract/log.ts';
import { type Clients, CODES } from './client.ts';
import { kafkaCode } from './errors.ts';
import { committed, type GroupLease } from './lease.ts';
import { decodeIntent, encodeIntent } from './root.ts';
import { Transactions } from './rounds.ts';
import type { Watchdog } from './stuck.ts';

const ASK_MS = 5_000;
/** Wait before an announcement is made again while the group is changing, ms. */
const MOVED_MS = 50;

/** Codes of a commit that was refused since the group is changing. */
const MOVING: ReadonlySet<number | null> = new Set([CODES.ERR_ILLEGAL_GENERATION, CODES.ERR_REBALANCE_IN_PROGRESS]);
/** Codes of a commit of a process that is no member any more. */
const GONE: ReadonlySet<number | null> = new Set([
  CODES.ERR_UNKNOWN_MEMBER_ID,
  CODES.ERR_FENCED_INSTANCE_ID,
  CODES.ERR__ASSIGNMENT_LOST,
  CODES.ERR__STATE,
]);

/** What sink groups announce: the offset says what is acknowledged, its metadata which block is being written. */
export class Intents {
  readonly #clients: Clients;
  readonly #watchdog: Watchdog;
  readonly #consumer: (group: string) => Promise<KafkaConsumer>;
  readonly #transactions = new Map<GroupLease, Transactions>();

  constructor(clients: Clients, watchdog: Watchdog, consumer: (group: string) => Promise<KafkaConsumer>) {
    this.#clients = clients;
    this.#watchdog = watchdog;
    this.#consumer = consumer;
  }

  /** The last announcement; null when there never was one. Rejects with `retry: backoff` while it is undecided. */
  async pending(group: string, topic: string, partition: number): Promise<Intent | null> {
    try {
      const [answer] = await committed(await this.#consumer(group), [{ topic, partition }], ASK_MS);
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer');
      return answer.offset === undefined ? null : decodeIntent(answer.offset, answer.metadata);
    } catch (cause) {
      throw this.#clients.error(cause, `looking up what ${group} announced of ${topic}/${partition}`);
    }
  }

  async announce(lease: GroupLease, partition: number, intent: Intent, outgoing: readonly Outgoing[]): Promise<'committed' | 'fenced'> {
    const offset = { topic: lease.topic, partition, offset: intent.from, metadata: encodeIntent(intent) };
    for (;;) {
      if (!lease.owns([partition])) return 'fenced';
      const outcome = outgoing.length > 0 ? await this.#send(lease, offset, outgoing) : await this.#commit(lease, offset);
      if (outcome === 'committed' || outcome === 'fenced') return outcome;
      if (outcome === 'renewed' && isSame(await this.pending(lease.group, lease.topic, partition), intent)) return 'committed';
      await new Promise((resolve) => setTimeout(resolve, MOVED_MS));
    }
  }

  /** The lease was let go. */
  async leave(lease: GroupLease): Promise<void> {
    await this.#transactions.get(lease)?.close();
    this.#transactions.delete(lease);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transactions.keys()].map((lease) => this.leave(lease)));
  }

  async #commit(
    lease: GroupLease,
    offset: { topic: string; partition: number; offset: number; metadata: string },
  ): Promise<'committed' | 'fenced' | 'moved'> {
    try {
      await this.#watchdog.watch(`commit of ${lease.group}`, 60_000, lease.commit(offset));
      return lease.owns([offset.partition]) ? 'committed' : 'fenced';
    } catch (cause) {
      const code = kafkaCode(cause);
      if (GONE.has(code)) return 'fenced';
      if (MOVING.has(code)) return 'moved';
      throw this.#clients.error(cause, `announcing a block of ${lease.topic}/${offset.partition}`);
    }
  }

  async #send(
    lease: GroupLease,
    offset: { topic: string; partition: number; offset: number; metadata: string },
    outgoing: readonly Outgoing[],
  ): Promise<'committed' | 'fenced' | 'moved' | 'renewed'> {
    const id = `${lease.group}.${this.#clients.instance}.rejects`;
    const transactions = this.#transactions.get(lease) ?? new Transactions(this.#clients, this.#watchdog, lease, id);
    this.#transactions.set(lease, transactions);
    return transactions.run(outgoing, [offset], () => lease.owns([offset.partition]));
  }
}

function isSame(a: Intent | null, b: Intent): boolean {
  return a !== null && a.from === b.from && a.to === b.to && a.token === b.token && a.rows === b.rows;
}
