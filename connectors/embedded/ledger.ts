import type { Partition } from './partition.ts';
import type { ContentRecord, SegmentRecord, Store } from './store.ts';

/** The segments of the log, oldest first, and what they hold, mirrored in memory; the last one is appended to. */
export class Ledger {
  readonly #store: Store;
  readonly #segmentBytes: number;
  readonly segments = new Map<number, SegmentRecord>();
  /** Segment -> `topic id/partition` -> what of it is there. */
  readonly #contents = new Map<number, Map<string, ContentRecord & { readonly topicId: number; readonly partition: number }>>();
  #current: number;

  constructor(store: Store, segmentBytes: number) {
    this.#store = store;
    this.#segmentBytes = segmentBytes;
    for (const { key, value } of store.segments.getRange()) this.segments.set(key, value);
    for (const { key, value } of store.contents.getRange()) this.#remember(...key, value);
    this.#current = Math.max(1, ...this.segments.keys());
  }

  /** Bytes of all segment files. */
  get fileBytes(): number {
    let bytes = 0;
    for (const segment of this.segments.values()) bytes += segment.fileBytes;
    return bytes;
  }

  /** The segment that the next round goes to; a full one is left behind. */
  current(): { readonly id: number } & SegmentRecord {
    const record = this.segments.get(this.#current) ?? { fileBytes: 0, inlineBytes: 0 };
    if (record.fileBytes + record.inlineBytes < this.#segmentBytes) return { id: this.#current, ...record };
    return { id: ++this.#current, fileBytes: 0, inlineBytes: 0 };
  }

  /** Leaves the current segment behind, so that it may be deleted. */
  roll(): void {
    if (this.segments.has(this.#current)) this.#current++;
  }

  contents(segment: number): Iterable<ContentRecord & { readonly topicId: number; readonly partition: number }> {
    return this.#contents.get(segment)?.values() ?? [];
  }

  /** Stores what a round added to a segment; inside a transaction of the store. */
  put(id: number, record: SegmentRecord, lasts: ReadonlyMap<Partition, number>, atMs: number): void {
    this.#store.segments.putSync(id, record);
    for (const [{ topicId, partition }, last] of lasts) this.#store.contents.putSync([id, topicId, partition], { last, atMs });
  }

  /** The same in memory, once it is durable. */
  apply(id: number, record: SegmentRecord, lasts: ReadonlyMap<Partition, number>, atMs: number): void {
    this.segments.set(id, record);
    for (const [{ topicId, partition }, last] of lasts) this.#remember(id, topicId, partition, { last, atMs });
  }

  /** Forgets a segment in the store; inside a transaction. */
  removeStored(id: number): void {
    for (const { topicId, partition } of this.contents(id)) this.#store.contents.removeSync([id, topicId, partition]);
    this.#store.segments.removeSync(id);
  }

  /** The same in memory. */
  forget(id: number): void {
    this.segments.delete(id);
    this.#contents.delete(id);
  }

  #remember(id: number, topicId: number, partition: number, record: ContentRecord): void {
    let contents = this.#contents.get(id);
    if (!contents) {
      contents = new Map();
      this.#contents.set(id, contents);
    }
    contents.set(`${topicId}/${partition}`, { topicId, partition, ...record });
  }
}
