import { crc32 } from 'node:zlib';
import type { Credit, Fetched, Message, Position } from '../../graph/contract/log.ts';
import { damaged, expired } from './errors.ts';
import type { Partition } from './partition.ts';
import { decodeRecord, type IndexRecord } from './record.ts';
import type { Segments } from './segments.ts';
import type { Store } from './store.ts';
import type { Topics } from './topics.ts';

/** Two payloads so near to each other in a file are read together. */
const GAP_BYTES = 256 * 1024;
/** A read of the disk covers at most this much, unless one payload alone is larger. */
const READ_BYTES = 8 * 1024 * 1024;
const SCAN: Credit = { messages: 8192, bytes: 8 * 1024 * 1024, waitMs: 0 };

interface Wanted {
  readonly offset: number;
  readonly record: IndexRecord;
  readonly put: (message: Message) => void;
}

interface OnDisk extends Wanted {
  readonly segment: number;
  readonly position: number;
  readonly length: number;
  readonly crc: number;
}

/** Reads messages, the newest from memory, the others through the index from the segment files. */
export class Reader {
  readonly #dir: string;
  readonly #store: Store;
  readonly #segments: Segments;
  readonly #topics: Topics;

  constructor(dir: string, store: Store, segments: Segments, topics: Topics) {
    this.#dir = dir;
    this.#store = store;
    this.#segments = segments;
    this.#topics = topics;
  }

  /** What is there at the positions now, within the credit, at least one message where there is one. */
  async fetch(positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    try {
      return await this.#fetch(positions, credit);
    } catch (error) {
      for (const position of positions) this.#checkKept(position); // retention was quicker than the read: no damage
      throw error;
    }
  }

  /** The messages in [from, to), read in windows. */
  async *scan(topic: string, partition: number, from: number, to: number): AsyncIterable<Message> {
    const range = this.#topics.partition(topic, partition);
    for (let offset = from; offset < Math.min(to, range.high); ) {
      const messages = Math.min(SCAN.messages, to - offset);
      const [fetched] = await this.fetch([{ topic, partition, offset }], { ...SCAN, messages });
      for (const message of fetched?.messages ?? []) {
        yield message;
        offset = message.offset + 1;
      }
    }
  }

  async #fetch(positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]> {
    const fetched: Fetched[] = [];
    const wanted: Wanted[] = [];
    let messagesLeft = credit.messages;
    let bytesLeft = credit.bytes;
    let first = true;
    for (const position of positions) {
      const partition = this.#topics.partition(position.topic, position.partition);
      this.#checkKept(position);
      if (position.offset >= partition.high) continue;
      if (!first && (messagesLeft <= 0 || bytesLeft <= 0)) break;
      const messages: Message[] = [];
      /** False when the credit is used up. */
      const take = (bytes: number): boolean => {
        if (!first && (messagesLeft <= 0 || bytes > bytesLeft)) return false;
        first = false;
        messagesLeft--;
        bytesLeft -= bytes;
        return true;
      };
      const end = partition.high;
      let next = this.#fromIndex(partition, position.offset, Math.min(end, partition.recentFrom), take, messages, wanted);
      while (next !== null && next < end) {
        const message = partition.recent(next);
        if (message === undefined || !take(message.value.length)) break;
        messages.push(message);
        next++;
      }
      if (messages.length > 0) fetched.push({ topic: position.topic, partition: position.partition, messages });
    }
    if (wanted.length > 0) await this.#complete(wanted);
    return fetched;
  }

  #checkKept({ topic, partition, offset }: Position): void {
    const { low } = this.#topics.partition(topic, partition);
    if (offset < low) throw expired(topic, partition, offset, low);
  }

  /** Entries of [from, to) out of the index, their places in `messages` reserved; the next offset, or null when the credit ended it. */
  #fromIndex(
    { topicId, partition }: Partition,
    from: number,
    to: number,
    take: (bytes: number) => boolean,
    messages: Message[],
    wanted: Wanted[],
  ): number | null {
    if (from >= to) return from;
    let next = from;
    for (const { key, value } of this.#store.index.getRange({ start: [topicId, partition, from], end: [topicId, partition, to] })) {
      const offset = key[2];
      if (offset !== next) break;
      const record = decodeRecord(value);
      if (!take('inline' in record.place ? record.place.inline.length : record.place.length)) return null;
      const at = messages.length;
      if ('inline' in record.place) messages.push(messageOf(offset, record, record.place.inline));
      else {
        const put = (message: Message): void => {
          messages[at] = message;
        };
        messages.push(messageOf(offset, record, EMPTY));
        wanted.push({ offset, record, put });
      }
      next++;
    }
    if (next < to) throw damaged(this.#dir, `message ${next} of partition ${partition} is not in the index`);
    return next;
  }

  /** Fills in the payloads that are on disk, neighbours read together. */
  async #complete(wanted: readonly Wanted[]): Promise<void> {
    const sorted: OnDisk[] = [];
    for (const item of wanted) if (!('inline' in item.record.place)) sorted.push({ ...item, ...item.record.place });
    sorted.sort((a, b) => a.segment - b.segment || a.position - b.position);
    const runs: OnDisk[][] = [];
    let run: OnDisk[] = [];
    for (const item of sorted) {
      const [start] = run;
      const last = run.at(-1);
      const joins =
        start !== undefined &&
        last !== undefined &&
        item.segment === start.segment &&
        item.position - (last.position + last.length) <= GAP_BYTES &&
        item.position + item.length - start.position <= READ_BYTES;
      if (!joins) {
        run = [];
        runs.push(run);
      }
      run.push(item);
    }
    await Promise.all(runs.map((items) => this.#readRun(items)));
  }

  async #readRun(items: readonly OnDisk[]): Promise<void> {
    const [start] = items;
    const last = items.at(-1);
    if (start === undefined || last === undefined) return;
    const bytes = await this.#segments.read(start.segment, start.position, last.position + last.length);
    for (const { offset, record, position, length, crc, segment, put } of items) {
      const value = bytes.subarray(position - start.position, position - start.position + length);
      if (crc32(value) !== crc) throw damaged(this.#dir, `the payload at byte ${position} of segment ${segment} fails its checksum`);
      put(messageOf(offset, record, value));
    }
  }
}

const EMPTY = new Uint8Array(0);

function messageOf(offset: number, { timestampNs, key, headers }: IndexRecord, value: Uint8Array): Message {
  return { offset, timestampNs, key, value, headers };
}
