import { crc32 } from 'node:zlib';
import type { CommitResult, Intent, Message, Outgoing, Round } from '../../graph/contract/log.ts';
import { broken } from './errors.ts';
import { advanceHeld } from './holds.ts';
import type { Leases } from './leases.ts';
import type { Ledger } from './ledger.ts';
import type { Partition, RecentMessages } from './partition.ts';
import { encodeRecord, type Place } from './record.ts';
import type { Retention } from './retention.ts';
import { ALIGN_BYTES, type Segments } from './segments.ts';
import type { RootRecord, Store } from './store.ts';
import type { Topics } from './topics.ts';

/** Values shorter than this live in the index, not in a segment file. */
const INLINE_BELOW_BYTES = 1024;

interface RoundJob {
  readonly round: Round;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What a sink group announces, and what it sends with it. */
export interface Announcement {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly intent: Intent;
  readonly outgoing: readonly Outgoing[];
}

interface IntentJob extends Announcement {
  readonly resolve: (result: 'committed' | 'fenced') => void;
  readonly reject: (error: unknown) => void;
}

/** A message of a batch and where it goes. */
interface Placed {
  readonly partition: Partition;
  readonly message: Message;
  readonly record: Buffer;
}

/** What the committer works on. */
export interface CommitterParts {
  readonly store: Store;
  readonly segments: Segments;
  readonly topics: Topics;
  readonly leases: Leases;
  readonly ledger: Ledger;
  readonly retention: Retention;
  readonly recent: RecentMessages;
  readonly clock: () => bigint;
  /** Called when a committed round points at another snapshot than before. */
  readonly onSnapshot: (pipeline: string, task: number, record: RootRecord) => void;
}

/** Makes rounds and intents durable, one batch after the other; what arrives during a batch shares the next one. */
export class Committer {
  readonly #parts: CommitterParts;
  readonly #roots = new Map<string, RootRecord>();
  readonly #intents = new Map<string, Intent>();
  #rounds: RoundJob[] = [];
  #announced: IntentJob[] = [];
  #askers: (() => void)[] = [];
  #isRunning = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
    for (const { key, value } of parts.store.roots.getRange()) this.#roots.set(taskKey(...key), value);
    for (const { key, value } of parts.store.intents.getRange()) this.#intents.set(intentKey(...key), value);
  }

  commit(round: Round): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      this.#rounds.push({ round, resolve, reject });
      this.#start();
    });
  }

  intend(announcement: Announcement): Promise<'committed' | 'fenced'> {
    return new Promise((resolve, reject) => {
      this.#announced.push({ ...announcement, resolve, reject });
      this.#start();
    });
  }

  root(pipeline: string, task: number): RootRecord | null {
    return this.#roots.get(taskKey(pipeline, task)) ?? null;
  }

  pending(group: string, topic: string, partition: number): Intent | null {
    return this.#intents.get(intentKey(group, topic, partition)) ?? null;
  }

  /** Forgets what a group announced, so that nothing is kept for it; inside no batch. */
  async forget(group: string): Promise<void> {
    const { store } = this.#parts;
    await this.settled();
    const keys = [...store.intents.getKeys()].filter(([name]) => name === group);
    await store.write(() => {
      for (const key of keys) store.intents.removeSync(key);
    });
    for (const key of keys) this.#intents.delete(intentKey(...key));
  }

  /** Resolves when all that was handed over before is decided. */
  settled(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => {
      this.#askers.push(resolve);
    });
  }

  #start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#drain();
  }

  /** Never rejects: each call hears of its own failure. */
  async #drain(): Promise<void> {
    await Promise.resolve(); // calls of the same turn share a batch
    while (this.#rounds.length > 0 || this.#announced.length > 0 || this.#askers.length > 0) {
      const intents = this.#announced;
      const askers = this.#askers;
      this.#announced = [];
      this.#askers = [];
      const rounds: RoundJob[] = [];
      const later: RoundJob[] = [];
      for (const job of this.#rounds) {
        const again = rounds.some(({ round }) => round.pipeline === job.round.pipeline);
        (again ? later : rounds).push(job);
      }
      this.#rounds = later;
      await this.#write(rounds, intents);
      for (const answer of askers) answer();
    }
    this.#isRunning = false;
  }

  async #write(rounds: readonly RoundJob[], intents: readonly IntentJob[]): Promise<void> {
    const accepted: RoundJob[] = [];
    try {
      let bytes = 0;
      for (const job of rounds) {
        const verdict = this.#judge(job.round);
        if (verdict === 'fenced') job.resolve('fenced');
        else if (verdict !== null) job.reject(verdict);
        else {
          const size = job.round.messages.reduce((sum, { value }) => sum + value.length, 0);
          const full = size > 0 && !this.#bringsSnapshot(job.round) ? await this.#parts.retention.makeRoom(bytes + size) : null;
          if (full === null) {
            bytes += size;
            accepted.push(job);
          } else job.reject(full);
        }
      }
      const announced = intents.filter((job) => {
        const verdict = this.#judgeIntent(job);
        if (verdict === 'fenced') job.resolve('fenced');
        else if (verdict !== null) job.reject(verdict);
        return verdict === null;
      });
      if (accepted.length > 0 || announced.length > 0) await this.#persist(accepted, announced);
      for (const job of accepted) job.resolve('committed');
      for (const job of announced) job.resolve('committed');
      await this.#parts.retention.sweep();
    } catch (error) {
      for (const job of [...rounds, ...intents]) job.reject(error); // those that were answered already stay answered
    }
  }

  /** `fenced`, the error of a caller that broke the protocol, or null: the round may be written. */
  #judge(round: Round): 'fenced' | Error | null {
    const tasks = round.tasks.map(({ task }) => task);
    if (!this.#parts.leases.ownsAll(round.journal, tasks)) return 'fenced';
    try {
      for (const { task, epoch, root } of round.tasks) {
        this.#parts.topics.partition(round.journal, task);
        const last = this.root(round.pipeline, task)?.root;
        const expected = last !== undefined && last.inc === root.inc ? last.epoch + 1 : 0;
        if (epoch !== expected || root.epoch !== epoch) {
          throw broken(`task ${task} of ${round.pipeline} commits epoch ${epoch} with root ${root.epoch} where ${expected} is next`);
        }
      }
      for (const { topic, partition } of round.messages) this.#parts.topics.partition(topic, partition);
    } catch (error) {
      return error instanceof Error ? error : broken(String(error));
    }
    return null;
  }

  /** As `#judge`. What it sends is written even when the budget is used up: the acknowledgement lets older messages go. */
  #judgeIntent({ group, topic, partition, outgoing }: IntentJob): 'fenced' | Error | null {
    if (!this.#parts.leases.owns(group, topic, partition)) return 'fenced';
    try {
      for (const message of outgoing) this.#parts.topics.partition(message.topic, message.partition);
    } catch (error) {
      return error instanceof Error ? error : broken(String(error));
    }
    return null;
  }

  /** A round that points at a new snapshot lets older messages go: it is written even when the budget is used up. */
  #bringsSnapshot(round: Round): boolean {
    return round.tasks.some(
      ({ task, root }) => root.snap !== null && root.snap.reference !== this.root(round.pipeline, task)?.root.snap?.reference,
    );
  }

  async #persist(rounds: readonly RoundJob[], intents: readonly IntentJob[]): Promise<void> {
    const { store, segments, ledger, topics, recent, clock } = this.#parts;
    const atMs = Number(clock() / 1_000_000n);
    const segment = ledger.current();
    const nexts = new Map<Partition, number>();
    const lasts = new Map<Partition, number>();
    const placed: Placed[] = [];
    const payloads: Uint8Array[] = [];
    let fileBytes = segment.fileBytes;
    let inlineBytes = segment.inlineBytes;
    const add = (partition: Partition, message: Omit<Message, 'offset'>, place: Place): number => {
      const offset = nexts.get(partition) ?? partition.high;
      nexts.set(partition, offset + 1);
      placed.push({ partition, message: { offset, ...message }, record: encodeRecord({ ...message, place }) });
      return offset;
    };
    const send = ({ topic, partition: number, key, value: given, headers, timestampNs }: Outgoing): void => {
      const partition = topics.partition(topic, number);
      const value = aligned(given);
      const isInline = value.length < INLINE_BELOW_BYTES;
      const place = isInline ? { inline: value } : { segment: segment.id, position: fileBytes, length: value.length, crc: crc32(value) };
      lasts.set(partition, add(partition, { timestampNs, key, value, headers }, place));
      if (isInline) inlineBytes += value.length;
      else {
        payloads.push(value);
        fileBytes += Math.ceil(value.length / ALIGN_BYTES) * ALIGN_BYTES;
      }
    };
    for (const { outgoing } of intents) outgoing.forEach(send);
    for (const { round } of rounds) {
      round.messages.forEach(send);
      for (const { task, entry } of round.tasks) {
        const value = aligned(entry);
        add(topics.partition(round.journal, task), { timestampNs: clock(), key: null, value, headers: {} }, { inline: value });
      }
    }
    if (payloads.length > 0) await segments.append(segment.id, segment.fileBytes, payloads);
    const roots = rounds.flatMap(({ round }) => this.#advance(round));
    const trims = roots.flatMap(({ journal, record }) => trimOf(journal, record));
    const lows = new Map(trims.filter(([journal, low]) => low > journal.low));
    await store.write(() => {
      for (const { partition, message, record } of placed) {
        store.index.putSync([partition.topicId, partition.partition, message.offset], record);
      }
      for (const [partition, low] of lows) {
        for (let o = partition.low; o < low; o++) store.index.removeSync([partition.topicId, partition.partition, o]);
      }
      for (const [partition, high] of nexts) {
        store.ranges.putSync([partition.topicId, partition.partition], [lows.get(partition) ?? partition.low, high]);
      }
      for (const { pipeline, task, record } of roots) store.roots.putSync([pipeline, task], record);
      for (const { group, topic, partition, intent } of intents) store.intents.putSync([group, topic, partition], intent);
      if (lasts.size > 0) ledger.put(segment.id, { fileBytes, inlineBytes }, lasts, atMs);
    });
    if (lasts.size > 0) ledger.apply(segment.id, { fileBytes, inlineBytes }, lasts, atMs);
    for (const { pipeline, task, record, isNew } of roots) {
      this.#roots.set(taskKey(pipeline, task), record);
      if (isNew) this.#parts.onSnapshot(pipeline, task, record);
    }
    for (const { group, topic, partition, intent } of intents) this.#intents.set(intentKey(group, topic, partition), intent);
    for (const [partition, low] of lows) partition.low = low;
    for (const { partition, message } of placed) recent.add(partition, message);
    for (const partition of nexts.keys()) partition.wake();
  }

  /** The records of the round's tasks after it. */
  #advance({
    pipeline,
    journal,
    tasks,
  }: Round): { pipeline: string; task: number; journal: Partition; record: RootRecord; isNew: boolean }[] {
    return tasks.map(({ task, root, reads }) => {
      const known = this.root(pipeline, task);
      const last = known !== null && known.root.inc === root.inc ? known : null;
      const isNew = root.snap !== null && root.snap.reference !== last?.snaps[0]?.reference;
      const snaps = isNew && root.snap ? [root.snap, ...(last?.snaps ?? [])].slice(0, 2) : (last?.snaps ?? []);
      const held = advanceHeld(last?.held ?? null, root.epoch, reads ?? [], root.snap);
      return { pipeline, task, journal: this.#parts.topics.partition(journal, task), record: { root, snaps, held }, isNew };
    });
  }
}

/** Where a journal may begin: at the older of the two snapshots that recovery may start from. */
function trimOf(journal: Partition, { snaps }: RootRecord): [Partition, number][] {
  const [, older] = snaps;
  return older === undefined ? [] : [[journal, Math.min(older.journalFrom, journal.high)]];
}

/** The bytes at a multiple of 8 in a buffer that is not much larger than they are: a copy where they are not. */
function aligned(bytes: Uint8Array): Uint8Array {
  const isFit = bytes.byteOffset % 8 === 0 && bytes.buffer.byteLength <= 2 * bytes.length + 64;
  return isFit ? bytes : new Uint8Array(bytes);
}

function taskKey(pipeline: string, task: number): string {
  return `${task}/${pipeline}`;
}

function intentKey(group: string, topic: string, partition: number): string {
  return `${partition}/${topic}/${group}`;
}
