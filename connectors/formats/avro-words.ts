import type { Utf8, Vector } from 'apache-arrow';
import { DictionaryTable } from '../../graph/contract/batch.ts';

const MAX_WORDS = 65_536;
const FIRST_SLOTS = 256;

/** Codes of strings given as bytes, without making a JavaScript string of a known one. */
export class Words {
  #table = new DictionaryTable();
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  #parts: Uint8Array[] = [];
  #last = -1;

  /** Forgets all when they are too many, so that a column of ever new strings does not grow without end. Before a batch only. */
  trim(): void {
    if (this.#parts.length <= MAX_WORDS) return;
    this.#table = new DictionaryTable();
    this.#slots = new Int32Array(FIRST_SLOTS).fill(-1);
    this.#parts = [];
    this.#last = -1;
  }

  /** The code of `bytes[from .. to)`, or -1 when it is new. */
  find(bytes: Uint8Array, from: number, to: number): number {
    if (this.#last >= 0 && this.#is(this.#last, bytes, from, to)) return this.#last;
    const mask = this.#slots.length - 1;
    for (let slot = hash(bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot] as number;
      if (code < 0) return -1;
      if (!this.#is(code, bytes, from, to)) continue;
      this.#last = code;
      return code;
    }
  }

  /** The code of a string that `find` does not know. */
  add(bytes: Uint8Array): number {
    const copy = bytes.slice();
    const code = this.#table.code(Buffer.from(copy).toString('utf8'));
    this.#parts[code] = copy;
    if (2 * this.#parts.length > this.#slots.length) this.#grow();
    else this.#place(code);
    return code;
  }

  /** The strings by code, at least one. */
  get vector(): Vector<Utf8> {
    if (this.#parts.length === 0) this.add(new Uint8Array(0));
    return this.#table.vector;
  }

  #is(code: number, bytes: Uint8Array, from: number, to: number): boolean {
    const part = this.#parts[code] as Uint8Array;
    if (part.length !== to - from) return false;
    for (let i = 0; i < part.length; i++) if (part[i] !== bytes[from + i]) return false;
    return true;
  }

  #grow(): void {
    this.#slots = new Int32Array(2 * this.#slots.length).fill(-1);
    for (let code = 0; code < this.#parts.length; code++) this.#place(code);
  }

  #place(code: number): void {
    const part = this.#parts[code] as Uint8Array;
    const mask = this.#slots.length - 1;
    let slot = hash(part, 0, part.length) & mask;
    while ((this.#slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = code;
  }
}

/** FNV-1a. */
function hash(bytes: Uint8Array, from: number, to: number): number {
  let value = 0x811c9dc5;
  for (let i = from; i < to; i++) value = Math.imul(value ^ (bytes[i] as number), 0x01000193);
  return value ^ (value >>> 15);
}
