import { MillraceError } from '../../graph/contract/error.ts';

/** Why a payload is refused. */
export const damaged = (code: string, message: string) => new MillraceError(message, { code, domain: 'external' });

const MAX_VARINT_BYTES = 10;

/** Items without bytes (nulls, empty records) that one payload may hold besides one item a byte. */
const EMPTY_ITEMS = 65_536;

/** Reads Avro's binary encoding inside one payload; every read is checked against its end. Source: Apache Avro 1.12, "Binary Encoding". */
export class Cursor {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  pos = 0;
  end = 0;
  /** Halves of the int64 that `long` read. */
  lo = 0;
  hi = 0;
  #budget = 0;

  /** The bytes that the payloads lie in. */
  over(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next payload. */
  window(from: number, to: number): void {
    this.pos = from;
    this.end = to;
    this.#budget = to - from + EMPTY_ITEMS;
  }

  /** Checks that `size` bytes follow, and steps over them; gives where they start. */
  take(size: number): number {
    const at = this.pos;
    if (size > this.end - at) throw truncated();
    this.pos = at + size;
    return at;
  }

  /** An int64 in zigzag varint coding, into `lo` and `hi`. */
  long(): void {
    const { bytes } = this;
    let pos = this.pos;
    if (bytes.length - pos < MAX_VARINT_BYTES) {
      this.#lastLong();
      return;
    }
    // may read over the end of the payload, not of the bytes; said below
    let byte = bytes[pos++] as number;
    let lo = byte & 0x7f;
    let hi = 0;
    if (byte > 0x7f) {
      byte = bytes[pos++] as number;
      lo |= (byte & 0x7f) << 7;
      if (byte > 0x7f) {
        byte = bytes[pos++] as number;
        lo |= (byte & 0x7f) << 14;
        if (byte > 0x7f) {
          byte = bytes[pos++] as number;
          lo |= (byte & 0x7f) << 21;
          if (byte > 0x7f) {
            byte = bytes[pos++] as number;
            lo |= byte << 28;
            hi = (byte & 0x7f) >> 4;
            for (let shift = 3; byte > 0x7f; shift += 7) {
              byte = bytes[pos++] as number;
              if (shift === 31 && byte > 1) throw tooLong();
              hi |= (byte & 0x7f) << shift;
            }
          }
        }
      }
    }
    if (pos > this.end) throw truncated();
    this.pos = pos;
    this.#halves(lo, hi);
  }

  /** The same where fewer bytes are left than a number may have. */
  #lastLong(): void {
    let lo = 0;
    let hi = 0;
    for (let count = 0; ; count++) {
      if (this.pos >= this.end) throw truncated();
      const byte = this.bytes[this.pos++] as number;
      const bits = byte & 0x7f;
      if (count < 4) lo |= bits << (7 * count);
      else if (count === 4) {
        lo |= bits << 28;
        hi = bits >> 4;
      } else hi |= bits << (7 * count - 32);
      if (byte < 0x80) break;
    }
    this.#halves(lo, hi);
  }

  #halves(lo: number, hi: number): void {
    const sign = -(lo & 1);
    this.lo = ((lo >>> 1) | (hi << 31)) ^ sign;
    this.hi = (hi >>> 1) ^ sign;
  }

  /** The int64 that `long` read, as a number; inexact beyond 2^53. */
  get number(): number {
    return this.hi * 4_294_967_296 + (this.lo >>> 0);
  }

  /** The int64 that `long` read. */
  get bigint(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo >>> 0);
  }

  /** An int32. */
  int(): number {
    const { pos } = this;
    if (pos < this.end) {
      const byte = this.bytes[pos] as number;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return (byte >>> 1) ^ -(byte & 1);
      }
    }
    this.long();
    if (this.hi !== this.lo >> 31) throw damaged('avro-int', `${this.bigint} is beyond 32 bits`);
    return this.lo;
  }

  /** The length of what follows, all of which is there. */
  length(): number {
    const { pos } = this;
    let length: number;
    if (pos < this.end && (this.bytes[pos] as number) < 0x80) {
      const byte = this.bytes[pos] as number;
      this.pos = pos + 1;
      length = (byte >>> 1) ^ -(byte & 1);
    } else {
      this.long();
      length = this.number;
    }
    if (length < 0) throw damaged('avro-length', `a length is negative: ${length}`);
    if (length > this.end - this.pos) throw truncated();
    return length;
  }

  /** Items of the next block of an array or map; 0 is the end. Bounded, also where items have no bytes. */
  block(): number {
    this.long();
    let count = this.number;
    if (count < 0) {
      count = -count;
      this.length(); // size of the block in bytes, for those who skip it blindly
    }
    if (count > this.#budget) throw damaged('avro-blocks', `a block claims ${count} items, more than its payload can hold`);
    this.#budget -= count;
    return count;
  }

  /** A branch of a union or a symbol of an enum: below `count`. */
  choice(count: number, code: string, what: string): number {
    const choice = this.int();
    if (choice < 0 || choice >= count) throw damaged(code, `${what} ${choice} is not one of 0 to ${count - 1}`);
    return choice;
  }

  boolean(): boolean {
    const byte = this.bytes[this.take(1)] as number;
    if (byte > 1) throw damaged('avro-boolean', `a boolean is ${byte}, expected 0 or 1`);
    return byte === 1;
  }
}

const tooLong = () => damaged('avro-varint', 'a number is beyond 64 bits');
const truncated = () => damaged('avro-truncated', 'the payload ends inside a value');
