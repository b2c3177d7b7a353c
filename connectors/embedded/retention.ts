import { MillraceError } from '../../graph/contract/error.ts';
import { heldFrom, partitionKey } from './holds.ts';
import type { Leases } from './leases.ts';
import type { Ledger } from './ledger.ts';
import type { Partition } from './partition.ts';
import type { Segments } from './segments.ts';
import type { Store } from './store.ts';
import type { Topics } from './topics.ts';

const SWEEP_EVERY_MS = 5_000;

/** Who needs messages of a partition, and from where. */
interface Need {
  readonly who: string;
  readonly from: number;
}

/** What retention works on. */
interface RetentionParts {
  readonly dir: string;
  readonly budgetBytes: number | null;
  readonly store: Store;
  readonly segments: Segments;
  readonly topics: Topics;
  readonly leases: Leases;
  readonly ledger: Ledger;
  readonly clock: () => bigint;
  readonly note: (message: string) => void;
  /** Bytes of snapshots. */
  readonly stateBytes: () => number;
}

/** Deletes whole segments: those that are too old, and, when the budget is used up, the oldest that nobody needs. */
export class Retention {
  readonly #parts: RetentionParts;
  #sweptMs = 0;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** Bytes that count towards the budget: segment files, snapshots, used pages of the store. */
  get usedBytes(): number {
    const { store, ledger, stateBytes } = this.#parts;
    return ledger.fileBytes + stateBytes() + store.usedBytes();
  }

  /** Deletes segments until `bytes` more fit into the budget; a `log-full` error where that cannot be. */
  async makeRoom(bytes: number): Promise<MillraceError | null> {
    const { budgetBytes, ledger } = this.#parts;
    if (budgetBytes === null || this.usedBytes + bytes <= budgetBytes) return null;
    ledger.roll();
    const blockers = new Map<string, string>();
    const consumers = this.#consumers();
    for (const id of [...ledger.segments.keys()].sort((a, b) => a - b)) {
      const needs = this.#needs(id, consumers);
      if (needs.length === 0) await this.#remove([id]);
      for (const { who, partition, from } of needs) {
        if (!blockers.has(who)) blockers.set(who, `${who} holds ${partition.topic}/${partition.partition} from offset ${from}`);
      }
      if (this.usedBytes + bytes <= budgetBytes) return null;
    }
    return fullError(this.#parts.dir, budgetBytes, [...blockers.values()]);
  }

  /** Deletes the segments whose messages are all older than their topics keep them; looks at most every few seconds. */
  async sweep(): Promise<void> {
    const { clock, ledger, topics } = this.#parts;
    const nowMs = Number(clock() / 1_000_000n);
    if (Math.abs(nowMs - this.#sweptMs) < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    const old = [...ledger.segments.keys()].filter((id) => {
      for (const { topicId, atMs } of ledger.contents(id)) {
        const keepMs = topics.retentionMs(topicId);
        if (keepMs === null || nowMs - atMs <= keepMs) return false;
      }
      return true;
    });
    if (old.length === 0) return;
    ledger.roll();
    try {
      await this.#remove(old);
    } catch (error) {
      this.#parts.note(`segments that are too old could not be deleted, it is tried again: ${String(error)}`);
    }
  }

  /** Who still needs something of a segment. */
  #needs(id: number, consumers: ReadonlyMap<string, readonly Need[]>): (Need & { partition: Partition })[] {
    const { ledger, topics } = this.#parts;
    const needs: (Need & { partition: Partition })[] = [];
    for (const { topicId, partition: number, last } of ledger.contents(id)) {
      const partition = topics.byId(topicId, number);
      if (!partition) continue;
      const key = partitionKey(partition.topic, partition.partition);
      for (const need of consumers.get(key) ?? []) if (need.from <= last) needs.push({ ...need, partition });
      for (const group of this.#parts.leases.groupsOf(partition.topic)) {
        const isHeard = consumers.get(key)?.some(({ who }) => who === `group ${group}`);
        if (!isHeard) needs.push({ who: `group ${group}`, from: partition.low, partition });
      }
    }
    return needs;
  }

  /** What groups have acknowledged and pipelines may have to read again, by partition. */
  #consumers(): Map<string, Need[]> {
    const { store } = this.#parts;
    const consumers = new Map<string, Need[]>();
    const add = (key: string, need: Need): void => {
      const needs = consumers.get(key);
      if (needs) needs.push(need);
      else consumers.set(key, [need]);
    };
    for (const { key, value } of store.intents.getRange()) add(partitionKey(key[1], key[2]), { who: `group ${key[0]}`, from: value.from });
    for (const { key, value } of store.roots.getRange()) {
      const who = `pipeline ${key[0]} (task ${key[1]})`;
      for (const [partition, from] of heldFrom(value.held)) add(partition, { who, from });
    }
    return consumers;
  }

  async #remove(ids: readonly number[]): Promise<void> {
    const { store, ledger, topics, segments } = this.#parts;
    const lows = new Map<Partition, number>();
    for (const id of ids) {
      for (const { topicId, partition: number, last } of ledger.contents(id)) {
        const partition = topics.byId(topicId, number);
        if (partition) lows.set(partition, Math.max(lows.get(partition) ?? partition.low, last + 1));
      }
    }
    await store.write(() => {
      for (const [{ topicId, partition, low, high }, newLow] of lows) {
        for (let offset = low; offset < newLow; offset++) store.index.removeSync([topicId, partition, offset]);
        store.ranges.putSync([topicId, partition], [newLow, high]);
      }
      for (const id of ids) ledger.removeStored(id);
    });
    for (const [partition, low] of lows) partition.low = low;
    for (const id of ids) {
      ledger.forget(id);
      await segments.remove(id);
    }
  }
}

function fullError(dir: string, budgetBytes: number, blockers: readonly string[]): MillraceError {
  const held = blockers.length === 0 ? 'snapshots and journals alone need that much' : blockers.slice(0, 5).join('; ');
  return new MillraceError(`the embedded log in ${dir} has used its budget of ${budgetBytes} bytes, and all of it is still needed`, {
    code: 'log-full',
    domain: 'user',
    retry: 'backoff',
    remedy: `${held}: let them catch up, raise the budget, or drop them with \`millrace reset\``,
  });
}
