import type { KafkaConsumer, Message as KafkaMessage } from '@confluentinc/kafka-javascript';
import type { MillraceError } from '../../graph/contract/error.ts';
import type { Credit, Fetched, Message, Position } from '../../graph/contract/log.ts';
import { type Clients, consumed, disconnected } from './client.ts';
import { type Cursor, isAt, keyOf } from './cursor.ts';
import { incremental } from './lease.ts';
import { Arrivals } from './message.ts';
import { expired, stalled } from './position-faults.ts';
import { recreated, type Topics } from './topics.ts';

/** What one call to the library may bring; while rows trickle it asks for few, as a call may go on while they come. */
const MESSAGES = { least: 256, most: 4_000 };
/** How long that call waits for the first message, ms: longer while nothing comes. Changes of what is read wait for it. */
const WAIT_MS = { least: 20, most: 160 };
/** Bytes that wait for the readers, below which more is fetched unasked; and above which partitions nobody takes from are let go. */
const AHEAD_BYTES = { least: 8 * 1024 * 1024, most: 64 * 1024 * 1024 };
/** Looks at a silent partition after which its readers are told; one that was left in a transaction stays silent until that times out. */
const GIVEN_UP_LOOKS = 6;
/** A partition that was silent this long is looked at: errors of single partitions are lost in the library (trap H28). */
const SILENT_MS = 5_000;

/** Reads partitions at given positions for one group: one consumer that is no member, assigned by hand. */
export class Fetcher {
  readonly #clients: Clients;
  readonly #topics: Topics;
  readonly #group: string;
  readonly #cursors = new Map<string, Cursor>();
  /** Partitions of each reader. */
  readonly #readers = new Map<string, Set<string>>();
  /** Where the next poll of a reader begins, so that no partition starves the others. */
  readonly #turns = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  /** Ends of partitions that were reached: markers lie between the last message and the end. */
  readonly #ends = new Map<string, { readonly end: number; readonly eof: number }>();
  /** Ends that the library told of during a call: noted after the messages it brought, which lie before them. */
  readonly #reached = new Map<string, number>();
  readonly #changes: { make(): void; forget(): void }[] = [];
  readonly #arrivals = new Arrivals();
  #consumer: Promise<KafkaConsumer> | null = null;
  #pump: Promise<void> | null = null;
  #closed = false;
  /** A reader found nothing since the last call to the library. */
  #hungry = false;
  #resume: (() => void) | null = null;
  /** The consumer once it is open. */
  #ready: KafkaConsumer | null = null;
  #failure: MillraceError | null = null;
  #lookedAtMs = Date.now();

  constructor(clients: Clients, topics: Topics, group: string) {
    this.#clients = clients;
    this.#topics = topics;
    this.#group = group;
  }

  /** The consumer itself, for questions about offsets of the group. */
  consumer(): Promise<KafkaConsumer> {
    this.#consumer ??= this.#open().catch((error) => {
      this.#consumer = null;
      throw error;
    });
    return this.#consumer;
  }

  /** The end of a partition without the markers behind its last message, where that is known. */
  endOf(topic: string, partition: number, high: number): number {
    const known = this.#ends.get(keyOf(topic, partition));
    return known && known.eof === high ? known.end : high;
  }

  async poll(reader: string, positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    await this.consumer();
    if (this.#failure) {
      const failure = this.#failure;
      this.#failure = null;
      throw failure;
    }
    await this.#follow(reader, positions);
    const turn = (this.#turns.get(reader) ?? 0) % Math.max(1, positions.length);
    this.#turns.set(reader, turn + 1);
    const turned = turn === 0 ? positions : [...positions.slice(turn), ...positions.slice(0, turn)];
    const there = this.#take(turned, credit);
    this.#hungry ||= there.length === 0;
    if (positions.length > 0) this.#run();
    if (there.length > 0 || credit.waitMs <= 0 || this.#closed) return there;
    await this.#arrival(positions, credit.waitMs);
    return this.#closed ? [] : this.#take(turned, credit);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#resume?.();
    for (const wake of this.#waiting) wake();
    await this.#pump;
    for (const change of this.#changes.splice(0)) change.forget();
    const consumer = await this.#consumer?.catch(() => null);
    if (consumer) await disconnected(consumer);
  }

  async #open(): Promise<KafkaConsumer> {
    const consumer = await this.#clients.consumer(`read-${this.#group}`, { 'group.id': this.#group, 'enable.partition.eof': true });
    consumer.on('partition.eof', ({ topic, partition, offset }) => this.#reached.set(keyOf(topic, partition), offset));
    return consumer;
  }

  /** Brings the cursors of a reader to where it stands. */
  async #follow(reader: string, positions: readonly Position[]): Promise<void> {
    const wanted = new Set(positions.map(({ topic, partition }) => keyOf(topic, partition)));
    const had = this.#readers.get(reader);
    if (had) for (const key of had) if (!wanted.has(key)) this.#drop(key);
    this.#readers.set(reader, wanted);
    const fresh: Position[] = [];
    for (const position of positions) {
      const cursor = this.#cursors.get(keyOf(position.topic, position.partition));
      if (!cursor || !isAt(cursor, position.offset)) fresh.push(position);
    }
    if (fresh.length === 0) return;
    const ranges = await this.#topics.ranges(fresh);
    const moves = fresh.map((position, i) => {
      const range = ranges[i] ?? { low: 0, high: 0 };
      if (position.offset >= range.low) return position;
      if (this.#isOnlyMarkers(position, range)) return { ...position, offset: range.low };
      throw expired(position, range.low);
    });
    await this.#change(() => {
      for (const position of moves) this.#place(position);
    });
  }

  /** Makes a change between two calls of the library; resolves when it is made, or when nothing is read any more. */
  #change(make: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        resolve();
        return;
      }
      this.#changes.push({
        make: () => {
          try {
            make();
            resolve();
          } catch (error) {
            reject(error);
          }
        },
        forget: resolve,
      });
      this.#run();
    });
  }

  /**
   * Whether what has gone between a position and the first offset kept were markers alone: a reader had come to the end before, or the
   * partition is empty and ends right behind the marker that follows every committed message.
   */
  #isOnlyMarkers({ topic, partition, offset }: Position, { low, high }: { readonly low: number; readonly high: number }): boolean {
    const known = this.#ends.get(keyOf(topic, partition));
    return (known?.end === offset && known.eof >= low) || (offset === low - 1 && low === high);
  }

  /** A reader is over: its partitions are no longer fetched. */
  leave(readers: (name: string) => boolean): void {
    for (const [name, keys] of this.#readers) {
      if (!readers(name)) continue;
      this.#readers.delete(name);
      for (const key of keys) this.#drop(key);
    }
  }

  /** Lets the consumer fetch from the position. Only between two calls of `consume`: else rows of the old place may come (step C9). */
  #place({ topic, partition, offset }: Position): void {
    const key = keyOf(topic, partition);
    const old = this.#cursors.get(key);
    if (old?.assigned) this.#unassign(old);
    const cursor: Cursor = {
      topic,
      partition,
      next: offset,
      given: offset,
      queue: [],
      bytes: 0,
      assigned: false,
      heardAtMs: Date.now(),
      suspicions: 0,
    };
    this.#cursors.set(key, cursor);
    this.#assign(cursor);
  }

  #assign(cursor: Cursor): void {
    if (this.#ready)
      incremental(this.#ready).incrementalAssign([{ topic: cursor.topic, partition: cursor.partition, offset: cursor.next }]);
    cursor.assigned = true;
    cursor.heardAtMs = Date.now();
  }

  #unassign(cursor: Cursor): void {
    if (this.#ready) incremental(this.#ready).incrementalUnassign([{ topic: cursor.topic, partition: cursor.partition }]);
    cursor.assigned = false;
  }

  #drop(key: string): void {
    void this.#change(() => {
      const cursor = this.#cursors.get(key);
      const isWanted = [...this.#readers.values()].some((keys) => keys.has(key));
      if (!cursor || isWanted) return;
      if (cursor.assigned) this.#unassign(cursor);
      this.#cursors.delete(key);
    }).catch((error) => {
      this.#failure ??= this.#clients.error(error, `reading for ${this.#group}`);
    });
  }

  /** What is there of the positions, within the credit, but at least one message where there is one. */
  #take(positions: readonly Position[], credit: Credit): Fetched[] {
    const fetched: Fetched[] = [];
    let { messages: left, bytes } = credit;
    let isFirst = true;
    for (const { topic, partition, offset } of positions) {
      const cursor = this.#cursors.get(keyOf(topic, partition));
      if (!cursor) continue;
      let from = 0;
      while (from < cursor.queue.length && (cursor.queue[from] as Message).offset < offset) from++;
      let to = from;
      for (; to < cursor.queue.length; to++) {
        const size = sizeOf(cursor.queue[to] as Message);
        if (!isFirst && (left <= 0 || bytes < size)) break;
        isFirst = false;
        left--;
        bytes -= size;
      }
      const messages = cursor.queue.slice(from, to);
      for (const message of cursor.queue.splice(0, to)) cursor.bytes -= sizeOf(message);
      cursor.given = (messages.at(-1)?.offset ?? offset - 1) + 1;
      if (messages.length > 0) fetched.push({ topic, partition, messages });
    }
    return fetched;
  }

  /** Resolves when one of the positions has a message, after `waitMs`, or when the log closes. */
  async #arrival(positions: readonly Position[], waitMs: number): Promise<void> {
    const isThere = (): boolean => positions.some((p) => (this.#cursors.get(keyOf(p.topic, p.partition))?.queue.length ?? 0) > 0);
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (this.#closed || this.#failure || isThere()) done();
      };
      const timer = setTimeout(done, waitMs).unref();
      this.#waiting.add(look);
      look();
    });
  }

  #run(): void {
    this.#resume?.();
    this.#pump ??= this.#fetch()
      .catch((error) => {
        this.#failure ??= this.#clients.error(error, `reading for ${this.#group}`);
      })
      .finally(() => {
        this.#pump = null;
        if (this.#changes.length > 0 && !this.#closed) this.#run();
      });
  }

  /** Fetches while there is something to fetch and room for it; changes are made between two calls. */
  async #fetch(): Promise<void> {
    this.#ready = await this.consumer();
    let wanted = MESSAGES.least;
    let waitMs = WAIT_MS.least;
    while (!this.#closed) {
      if (this.#changes.length > 0) waitMs = WAIT_MS.least;
      for (let change = this.#changes.shift(); change; change = this.#changes.shift()) change.make();
      const isFull = this.#balance();
      const isIdle = ![...this.#cursors.values()].some(({ assigned }) => assigned);
      if (isIdle) {
        if (this.#changes.length > 0) continue;
        return;
      }
      if (isFull) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
        this.#resume = null;
        continue;
      }
      this.#hungry = false;
      try {
        const messages = await consumed(this.#ready, wanted, waitMs);
        waitMs = messages.length > 0 ? WAIT_MS.least : Math.min(WAIT_MS.most, 2 * waitMs);
        wanted = Math.min(MESSAGES.most, Math.max(MESSAGES.least, 2 * messages.length));
        if (messages.length > 0) this.#clients.works();
        this.#received(messages);
      } catch (cause) {
        this.#reached.clear();
        const failure = await this.#because(this.#clients.error(cause, `reading for ${this.#group}`));
        this.#failure ??= failure;
        await new Promise((resolve) => setTimeout(resolve, WAIT_MS.least));
      }
      for (const wake of this.#waiting) wake();
      if (Date.now() - this.#lookedAtMs > SILENT_MS) await this.#look();
    }
  }

  /**
   * Whether enough waits for the readers. Not to ask the library is all the flow control there is; only where one partition hoards while
   * a reader of another starves is it let go, since that throws away what was fetched ahead.
   */
  #balance(): boolean {
    const cursors = [...this.#cursors.values()];
    const ahead = cursors.reduce((sum, { bytes }) => sum + bytes, 0);
    if (ahead > AHEAD_BYTES.most && this.#hungry) {
      for (const cursor of cursors) if (cursor.assigned && cursor.bytes > ahead / cursors.length) this.#unassign(cursor);
    }
    for (const cursor of cursors) if (!cursor.assigned && cursor.bytes < AHEAD_BYTES.least / cursors.length) this.#assign(cursor);
    return ahead > AHEAD_BYTES.least && !this.#hungry;
  }

  #received(messages: readonly KafkaMessage[]): void {
    const now = Date.now();
    let cursor: Cursor | undefined;
    for (const message of messages) {
      if (cursor?.partition !== message.partition || cursor.topic !== message.topic)
        cursor = this.#cursors.get(keyOf(message.topic, message.partition));
      if (!cursor?.assigned || message.offset < cursor.next) continue;
      const made = this.#arrivals.of(message);
      cursor.queue.push(made);
      cursor.bytes += sizeOf(made);
      cursor.next = message.offset + 1;
      cursor.heardAtMs = now;
      cursor.suspicions = 0;
    }
    for (const [key, eof] of this.#reached) {
      const at = this.#cursors.get(key);
      if (!at?.assigned) continue;
      at.heardAtMs = now;
      this.#ends.set(key, { end: at.next, eof });
    }
    this.#reached.clear();
  }

  /** An error, or what is behind it: a position is gone as well where its topic was made anew. */
  async #because(error: MillraceError): Promise<MillraceError> {
    if (error.code !== 'kafka-position-gone') return error;
    try {
      await this.#topics.unchanged(this.#names());
      return error;
    } catch (cause) {
      const reason = this.#clients.error(cause, 'looking at topics');
      return reason.retry === 'never' ? reason : error;
    }
  }

  #names(): string[] {
    return [...new Set([...this.#cursors.values()].map(({ topic }) => topic))];
  }

  /** Partitions from which nothing came, though something should: gone, made anew, or changed in number. */
  async #look(): Promise<void> {
    this.#lookedAtMs = Date.now();
    const silent = [...this.#cursors.values()].filter((cursor) => cursor.assigned && Date.now() - cursor.heardAtMs > SILENT_MS);
    try {
      await this.#topics.unchanged(this.#names());
      const ranges = await this.#topics.ranges(silent);
      for (const [i, cursor] of silent.entries()) this.#judge(cursor, ranges[i] ?? { low: 0, high: 0 });
    } catch (cause) {
      const error = this.#clients.error(cause, 'looking at silent partitions');
      if (error.retry === 'never') this.#failure ??= error;
    }
    for (const wake of this.#waiting) wake();
  }

  /** What the silence of a partition means. A fault counts when it is seen again: a new leader may lag behind for a moment. */
  #judge(cursor: Cursor, { low, high }: { readonly low: number; readonly high: number }): void {
    const { topic, partition, next } = cursor;
    const position = { topic, partition, offset: next };
    if (next < low) {
      if (this.#isOnlyMarkers(position, { low, high })) this.#place({ ...position, offset: low });
      else this.#failure ??= expired(position, low);
      return;
    }
    const isBehind = next < high && this.#ends.get(keyOf(topic, partition))?.eof !== high;
    cursor.suspicions = next > high || isBehind ? cursor.suspicions + 1 : 0;
    if (cursor.suspicions < 2) return;
    if (next > high) this.#failure ??= recreated(topic);
    else if (cursor.suspicions === 2) {
      this.#unassign(cursor);
      this.#assign(cursor);
      cursor.heardAtMs = 0;
    } else if (cursor.suspicions > GIVEN_UP_LOOKS) this.#failure ??= stalled(position, high);
  }
}

const sizeOf = ({ value, key }: Message): number => value.byteLength + (key?.byteLength ?? 0) + 64;
