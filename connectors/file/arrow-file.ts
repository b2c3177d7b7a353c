import { MillraceError } from '../../graph/contract/error.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { DICTIONARY, HEADER, MESSAGE, Table } from '../formats/arrow-metadata.ts';
import type { PayloadReader } from './lines.ts';

const MAGIC = Buffer.from('ARROW1');
/** Magic and padding at the start of an Arrow file. */
const MAGIC_BYTES = 8;
const LONGEST_MESSAGE = 1024 * 1024 * 1024;

/** Whether a file that starts so is an Arrow file or stream. */
export function isArrow(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC) || (start.length >= 8 && start.readInt32LE(0) === -1);
}

/** The record batches of an Arrow file or stream, each as a stream of its own with the dictionaries as they are by then. */
export class ArrowReader implements PayloadReader {
  readonly #blocks: AsyncGenerator<Buffer, void>;
  readonly #path: string;
  #bytes: Buffer;
  #position = 0;
  #ended = false;
  #schema: Buffer | null = null;
  readonly #dictionaries = new Map<number, Buffer>();

  constructor(blocks: AsyncGenerator<Buffer, void>, first: Buffer, path: string) {
    this.#blocks = blocks;
    this.#path = path;
    this.#bytes = first.subarray(0, MAGIC.length).equals(MAGIC) ? first.subarray(MAGIC_BYTES) : first;
  }

  get position(): number {
    return this.#position;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async next(): Promise<Payloads | null> {
    const batch = await this.#batch();
    if (!batch) return null;
    if (!this.#schema) throw this.#damaged('does not start with its schema; write it as an Arrow stream');
    const bytes = Buffer.concat([this.#schema, ...this.#dictionaries.values(), batch]);
    return { bytes: new Uint8Array(bytes), offsets: Int32Array.of(0, bytes.length), recvNs: null };
  }

  async skip(count: number): Promise<void> {
    for (let i = 0; i < count; i++) if (!(await this.#batch())) return;
  }

  async close(): Promise<void> {
    await this.#blocks.return();
  }

  /** The message of the next batch; schema and dictionaries on the way are kept. */
  async #batch(): Promise<Buffer | null> {
    for (;;) {
      const message = await this.#message();
      if (!message) return null;
      const { kind, bytes, header } = message;
      if (kind === HEADER.schema) this.#schema = bytes;
      else if (kind === HEADER.dictionary) this.#dictionaries.set(header.int64(DICTIONARY.id), bytes);
      else {
        this.#position++;
        return bytes;
      }
    }
  }

  async #message(): Promise<{ readonly kind: number; readonly bytes: Buffer; readonly header: Table } | null> {
    // a stream may end at its end mark, or where the file does
    if (this.#ended || !(await this.#have(8)) || this.#bytes.readInt32LE(0) !== -1 || this.#bytes.readInt32LE(4) === 0) {
      if (!this.#ended && this.#bytes.length > 0 && this.#bytes.length < 8) throw this.#damaged('ends inside a message');
      this.#ended = true;
      return null;
    }
    const size = 8 + this.#bytes.readInt32LE(4);
    if (size < 8 || size > LONGEST_MESSAGE || !(await this.#have(size))) throw this.#damaged('ends inside a message');
    try {
      const message = Table.root(this.#bytes.subarray(8, size));
      const header = message.table(MESSAGE.header);
      const whole = size + message.int64(MESSAGE.bodyLength);
      if (!header || whole > LONGEST_MESSAGE || !(await this.#have(whole))) throw this.#damaged('ends inside a message');
      const bytes = Buffer.from(this.#bytes.subarray(0, whole)); // the block is not held on to
      this.#bytes = this.#bytes.subarray(whole);
      return { kind: message.int8(MESSAGE.headerType), bytes, header };
    } catch (error) {
      throw error instanceof RangeError ? this.#damaged('has a damaged message') : error;
    }
  }

  async #have(bytes: number): Promise<boolean> {
    const parts = [this.#bytes];
    for (let length = this.#bytes.length; length < bytes; ) {
      const block = await this.#blocks.next();
      if (block.done) return false;
      parts.push(block.value);
      length += block.value.length;
    }
    if (parts.length > 1) this.#bytes = Buffer.concat(parts);
    return true;
  }

  #damaged(what: string): MillraceError {
    return new MillraceError(`the Arrow file "${this.#path}" ${what}`, {
      code: 'file-damaged',
      domain: 'user',
      remedy: 'copy or write the file again',
    });
  }
}
