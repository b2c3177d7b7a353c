import type { Payloads } from '../../graph/contract/format.ts';

/** A line longer than this is not held: its payload is a short mark that no format takes. */
export const LONGEST_LINE = 16 * 1024 * 1024;
/** Bytes of a line that is too long which are kept, to be recognised by. */
const KEPT = 1024;
const NEWLINE = 10;
const RETURN = 13;
const EMPTY = Buffer.alloc(0);

/** Reads payloads one after the other; position p is the p-th of the file. */
export interface PayloadReader {
  readonly position: number;
  /** True once the end has been seen. */
  readonly ended: boolean;
  /** About a block of payloads, or null at the end. */
  next(): Promise<Payloads | null>;
  /** Goes on by at most that many, without handing them out. */
  skip(count: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * The lines of a text, without their line ends; lines without a character are no lines. Bytes are looked through with `indexOf`,
 * so that a line costs no object.
 */
export class LineReader implements PayloadReader {
  readonly #blocks: AsyncGenerator<Buffer, void>;
  #text: Buffer = EMPTY;
  #at = 0;
  #position = 0;
  #ended = false;
  /** The first line. */
  #opening: Uint8Array | null = null;
  /** Start of a line that is longer than allowed and whose end has not come. */
  #tooLong: Buffer | null = null;

  constructor(blocks: AsyncGenerator<Buffer, void>, first: Buffer) {
    this.#blocks = blocks;
    this.#text = first.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? first.subarray(3) : first;
  }

  get position(): number {
    return this.#position;
  }

  get ended(): boolean {
    return this.#ended;
  }

  async next(): Promise<Payloads | null> {
    for (;;) {
      const payloads = this.#take(Number.POSITIVE_INFINITY, true);
      if (payloads) return payloads;
      if (this.#ended || !(await this.#more())) return null;
    }
  }

  async skip(count: number): Promise<void> {
    for (const end = this.#position + count; this.#position < end; ) {
      this.#take(end - this.#position, false);
      if (this.#position < end && (this.#ended || !(await this.#more()))) return;
    }
  }

  async close(): Promise<void> {
    await this.#blocks.return();
  }

  /** Up to `most` lines of what is there; `null` when it holds none, or when they are only passed over. */
  #take(most: number, wanted: boolean): Payloads | null {
    const text = this.#text;
    const spans: number[] = [];
    let bytes = 0;
    let lines = 0;
    while (lines < most) {
      const found = text.indexOf(NEWLINE, this.#at);
      if (found < 0) break;
      const end = found > this.#at && text[found - 1] === RETURN ? found - 1 : found;
      const start = this.#at;
      this.#at = found + 1;
      if (this.#tooLong) {
        const mark = Buffer.concat([this.#tooLong, Buffer.from([0xff]), Buffer.from(` line longer than ${LONGEST_LINE} bytes`)]);
        this.#tooLong = null;
        this.#opening ??= new Uint8Array(mark);
        if (wanted) {
          this.#position++;
          return { bytes: new Uint8Array(mark), offsets: Int32Array.of(0, mark.length), recvNs: null };
        }
        lines++;
        continue;
      }
      if (end === start) continue;
      this.#opening ??= new Uint8Array(text.subarray(start, end));
      lines++;
      if (wanted) {
        spans.push(start, end);
        bytes += end - start;
      }
    }
    if (!wanted) this.#position += lines;
    if (!wanted || lines === 0) return null;
    this.#position += lines;
    const out = Buffer.allocUnsafeSlow(bytes);
    const offsets = new Int32Array(lines + 1);
    let at = 0;
    for (let i = 0; i < lines; i++) {
      at += text.copy(out, at, spans[2 * i], spans[2 * i + 1]);
      offsets[i + 1] = at;
    }
    return { bytes: out, offsets, recvNs: null, ...(this.#opening ? { opening: this.#opening } : {}) };
  }

  /** Puts the next block behind what is left; false at the end, after a last line without a line end. */
  async #more(): Promise<boolean> {
    let rest = this.#text.subarray(this.#at);
    if (this.#tooLong) rest = EMPTY;
    else if (rest.length > LONGEST_LINE) {
      this.#tooLong = Buffer.from(rest.subarray(0, KEPT));
      rest = EMPTY;
    }
    const block = await this.#blocks.next();
    this.#at = 0;
    if (!block.done) {
      this.#text = rest.length === 0 ? block.value : Buffer.concat([rest, block.value]);
      return true;
    }
    this.#ended = true;
    if (rest.length === 0 && !this.#tooLong) {
      this.#text = EMPTY;
      return false;
    }
    this.#text = Buffer.concat([rest, Buffer.from('\n')]);
    return true;
  }
}
