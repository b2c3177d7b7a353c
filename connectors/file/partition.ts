import type { SourceChunk } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { ArrowReader, isArrow } from './arrow-file.ts';
import { blocksOf } from './blocks.ts';
import { openBytes } from './bytes.ts';
import { LineReader, type PayloadReader } from './lines.ts';
import type { FileMemory, Memory } from './memory.ts';
import { type Pace, Stamps } from './pace.ts';
import { isNoText } from './preview.ts';

async function openReader(path: string): Promise<PayloadReader> {
  const blocks = blocksOf(path);
  const first = await blocks.next();
  const start = first.done ? Buffer.alloc(0) : first.value;
  if (!isArrow(start) && !isNoText(start)) return new LineReader(blocks, start);
  await blocks.return();
  if (!isArrow(start)) {
    throw new MillraceError(`"${path}" is not text`, {
      code: 'file-not-text',
      domain: 'user',
      remedy: 'write it again as text in UTF-8; of other files only Arrow can be read',
    });
  }
  return new ArrowReader(await openBytes(path), path);
}

function slice(payloads: Payloads, from: number, to: number): Payloads {
  const { bytes, offsets, opening } = payloads;
  if (from === 0 && to === offsets.length - 1) return payloads;
  const base = offsets[from] as number;
  return {
    bytes: bytes.subarray(base, offsets[to]),
    offsets: offsets.slice(from, to + 1).map((offset) => offset - base),
    recvNs: null,
    ...(opening ? { opening } : {}),
  };
}

/** What a partition is told of the run: its file's name for people, its memory, and where to say what. */
export interface Surroundings {
  readonly label: string;
  readonly memory: FileMemory;
  note(line: string): void;
}

const dateOf = ({ at }: Memory): string => `${at.slice(0, 16).replace('T', ' ')} UTC`;

/** One file: hands out what it has read last as often as asked, reads on, and starts anew when asked for what lies further back. */
export class Partition {
  readonly #path: string;
  readonly #stamps: Stamps;
  readonly #pace: Pace | null;
  readonly #around: Surroundings;
  #reader: PayloadReader | null = null;
  #held: { readonly from: number; readonly to: number; readonly payloads: Payloads } | null = null;
  #end = Number.POSITIVE_INFINITY;
  /** Whether the file is known to be the one that positions were counted in. */
  #isKnown = false;
  #kept: 'no' | 'opened' | 'ended' | 'not possible' = 'no';

  constructor(path: string, paceBy: string, pace: Pace | null, around: Surroundings) {
    this.#path = path;
    this.#stamps = new Stamps(paceBy);
    this.#pace = pace;
    this.#around = around;
  }

  /** A run begins here: positions of former ones mean nothing. */
  async begin(): Promise<void> {
    this.#isKnown = true;
    await this.#around.memory.forget();
  }

  /** Tells how the file is now that an earlier run has come to its end. */
  async finished(): Promise<void> {
    const { label, memory, note } = this.#around;
    const past = await memory.recall();
    if (!past?.ended || this.#isKnown) return;
    const verdict = await memory.compare(past);
    const since = `since it was read to its end on ${dateOf(past)}`;
    if (verdict === 'same') note(`${label} was read to its end on ${dateOf(past)}; nothing new`);
    else if (verdict === 'gone') note(`${label} is no longer there; it was read to its end on ${dateOf(past)}`);
    else if (verdict === 'grown') note(`${label} has grown ${since}: the new rows are not read; "millrace reset" reads it again`);
    else note(`${label} has ${verdict} ${since}: it is not read again; "millrace reset" does that`);
  }

  async read(partition: number, from: number, maxRows: number, maxBytes: number): Promise<SourceChunk | null> {
    if (!this.#isKnown) await this.#recognise(from);
    const held = await this.#hold(from);
    if (this.#end < Number.POSITIVE_INFINITY) await this.#keep('ended');
    else if (held && this.#kept === 'no') await this.#keep('opened');
    if (!held) return null;
    const first = from - held.from;
    let last = Math.min(held.to - held.from, first + maxRows);
    const { offsets } = held.payloads;
    while (last > first + 1 && (offsets[last] as number) - (offsets[first] as number) > maxBytes)
      last = first + Math.max(1, (last - first) >> 1);
    if (this.#pace && held.payloads.opening) this.#stamps.of(held.payloads.opening); // a header tells where the stamps stand
    if (this.#pace) last = first + this.#pace.due(held.payloads, first, last, this.#stamps);
    return last === first ? null : { partition, from, to: held.from + last, payloads: slice(held.payloads, first, last) };
  }

  /** Positions of an earlier run go on only in the file they were counted in. */
  async #recognise(position: number): Promise<void> {
    const { label, memory } = this.#around;
    const past = await memory.recall();
    const verdict = past ? await memory.compare(past) : 'same';
    if (past && (verdict === 'changed' || verdict === 'shrunk')) {
      throw new MillraceError(`${label} has ${verdict} since ${dateOf(past)}, and a run is to go on with it from position ${position}`, {
        code: 'file-changed',
        domain: 'user',
        remedy: 'bring it back as it was, or read it from its start with "millrace reset"',
      });
    }
    this.#isKnown = true;
  }

  async #keep(what: 'opened' | 'ended'): Promise<void> {
    if (this.#kept === what || this.#kept === 'not possible') return;
    this.#kept = what;
    try {
      await this.#around.memory.keep(what === 'ended');
    } catch (error) {
      this.#kept = 'not possible';
      const message = error instanceof Error ? error.message : String(error);
      this.#around.note(`what was read of ${this.#around.label} cannot be remembered for the next run: ${message}`);
    }
  }

  ended(from: number): boolean {
    return from >= this.#end;
  }

  /** Position after the last payload. */
  async length(): Promise<number> {
    const reader = await this.#readerAt(this.#held?.to ?? 0);
    await reader.skip(Number.MAX_SAFE_INTEGER);
    this.#held = null;
    this.#end = reader.position;
    await this.#keep('ended');
    return this.#end;
  }

  /** Position of the first line stamped at or after an instant. */
  async positionAt(instantNs: bigint): Promise<number> {
    let found = false;
    for (let from = 0; ; ) {
      const held = await this.#hold(from);
      if (!held) break;
      for (let i = from - held.from; i < held.to - held.from; i++) {
        const { bytes, offsets } = held.payloads;
        const stamp = this.#stamps.of(bytes.subarray(offsets[i], offsets[i + 1]));
        if (stamp !== null) found = true;
        if (stamp !== null && stamp >= instantNs) return held.from + i;
      }
      from = held.to;
    }
    if (found) return this.#end;
    throw new MillraceError(`the lines of "${this.#path}" have no time to start by`, {
      code: 'file-without-time',
      domain: 'user',
      remedy: 'name the field that holds it under pace_by, or start: earliest',
    });
  }

  /** A run of payloads that holds position `from`, or null at the end. */
  async #hold(from: number): Promise<{ readonly from: number; readonly to: number; readonly payloads: Payloads } | null> {
    if (this.#held && from >= this.#held.from && from < this.#held.to) return this.#held;
    if (from >= this.#end) return null;
    const reader = await this.#readerAt(from);
    const start = reader.position;
    const payloads = start < from ? null : await this.#next(reader);
    if (reader.ended) this.#end = Math.min(this.#end, reader.position);
    if (!payloads) return null;
    this.#held = { from: start, to: reader.position, payloads };
    return this.#held;
  }

  /** After an error the reader would say that the file has ended, so it is not asked again. */
  async #next(reader: PayloadReader): Promise<Payloads | null> {
    try {
      return await reader.next();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #readerAt(position: number): Promise<PayloadReader> {
    if (this.#reader && this.#reader.position > position) await this.close();
    this.#reader ??= await openReader(this.#path);
    try {
      if (this.#reader.position < position) await this.#reader.skip(position - this.#reader.position);
    } catch (error) {
      await this.close();
      throw error;
    }
    return this.#reader;
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = null;
    this.#held = null;
    await reader?.close();
  }
}
