import { MillraceError } from '../../graph/contract/error.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { DICTIONARY, HEADER, MESSAGE, Table } from '../formats/arrow-metadata.ts';
import type { Bytes } from './bytes.ts';
import type { PayloadReader } from './lines.ts';

const MAGIC = Buffer.from('ARROW1');
const LONGEST_MESSAGE = 1024 * 1024 * 1024;

/** Whether a file that starts so is an Arrow file or stream. */
export function isArrow(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC) || (start.length >= 8 && start.readInt32LE(0) === -1);
}

/** A whole message in a buffer of its own, behind free bytes: `start` is where it begins. */
interface Message {
  readonly kind: number;
  readonly header: Table;
  readonly buffer: Buffer;
  readonly start: number;
}

/**
 * The record batches of an Arrow file or stream, each as a stream of its own with the dictionaries as they are by then. One batch is read
 * ahead of what is taken, straight into the buffer it is handed out in.
 */
export class ArrowReader implements PayloadReader {
  readonly #bytes: Bytes;
  readonly #path: string;
  #position = 0;
  #ended = false;
  #started = false;
  #schema: Buffer | null = null;
  readonly #dictionaries = new Map<number, Buffer>();
  #ahead: Promise<Buffer | null> | null = null;

  constructor(bytes: Bytes, path: string) {
    this.#bytes = bytes;
    this.#path = path;
  }

  get position(): number {
    return this.#position;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async next(): Promise<Payloads | null> {
    const bytes = await this.#take();
    if (!bytes) return null;
    this.#ahead = this.#batch();
    this.#ahead.catch(() => undefined); // thrown where it is awaited
    return { bytes, offsets: Int32Array.of(0, bytes.length), recvNs: null };
  }

  async skip(count: number): Promise<void> {
    for (let i = 0; i < count; i++) if (!(await this.#take())) return;
  }

  async close(): Promise<void> {
    await this.#ahead?.catch(() => undefined);
    await this.#bytes.close();
  }

  async #take(): Promise<Buffer | null> {
    const batch = this.#ended ? null : await (this.#ahead ?? this.#batch());
    this.#ahead = null;
    if (batch) this.#position++;
    else this.#ended = true;
    return batch;
  }

  /** The next batch behind its schema and dictionaries; those that come on the way are kept. */
  async #batch(): Promise<Buffer | null> {
    for (;;) {
      const message = await this.#message();
      if (!message) return null;
      const { kind, header, buffer, start } = message;
      if (kind === HEADER.schema) this.#schema = buffer.subarray(start);
      else if (kind === HEADER.dictionary) this.#dictionaries.set(header.int64(DICTIONARY.id), buffer.subarray(start));
      else {
        let at = 0;
        for (const part of this.#before()) at += part.copy(buffer, at);
        return buffer;
      }
    }
  }

  #before(): Buffer[] {
    return this.#schema ? [this.#schema, ...this.#dictionaries.values()] : [];
  }

  async #message(): Promise<Message | null> {
    let prefix = await this.#bytes.take(8);
    if (!this.#started && prefix.subarray(0, MAGIC.length).equals(MAGIC)) prefix = await this.#bytes.take(8);
    this.#started = true;
    // a stream may end at its end mark, or where the file does
    if (prefix.length === 0) return null;
    if (prefix.length < 8) throw this.#damaged('ends inside a message');
    if (prefix.readInt32LE(0) !== -1 || prefix.readInt32LE(4) === 0) return null;
    const size = prefix.readInt32LE(4);
    if (size < 0 || size > LONGEST_MESSAGE) throw this.#damaged('ends inside a message');
    const metadata = await this.#bytes.take(size);
    if (metadata.length < size) throw this.#damaged('ends inside a message');
    try {
      const message = Table.root(metadata);
      const header = message.table(MESSAGE.header);
      const body = message.int64(MESSAGE.bodyLength);
      if (!header || body > LONGEST_MESSAGE) throw this.#damaged('ends inside a message');
      const kind = message.int8(MESSAGE.headerType);
      const isBatch = kind !== HEADER.schema && kind !== HEADER.dictionary;
      if (isBatch && !this.#schema) throw this.#damaged('does not start with its schema; write it as an Arrow stream');
      const start = isBatch ? this.#before().reduce((sum, part) => sum + part.length, 0) : 0;
      const buffer = await this.#bytes.take(body, start + 8 + size);
      if (buffer.length < start + 8 + size + body) throw this.#damaged('ends inside a message');
      prefix.copy(buffer, start);
      metadata.copy(buffer, start + 8);
      return { kind, header, buffer, start };
    } catch (error) {
      throw error instanceof RangeError ? this.#damaged('has a damaged message') : error;
    }
  }

  #damaged(what: string): MillraceError {
    return new MillraceError(`the Arrow file "${this.#path}" ${what}`, {
      code: 'file-damaged',
      domain: 'user',
      remedy: 'copy or write the file again',
    });
  }
}
