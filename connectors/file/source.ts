import { relative } from 'node:path';
import type { ConnectorContext, SourceChunk, SourceReader, StartAt } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { ArrowReader, isArrow } from './arrow-file.ts';
import { blocksOf, filesOf } from './blocks.ts';
import { openBytes } from './bytes.ts';
import { LineReader, type PayloadReader } from './lines.ts';
import { Pace, Stamps } from './pace.ts';
import type { FileSourceParams } from './params.ts';
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

/** One file: hands out what it has read last as often as asked, reads on, and starts anew when asked for what lies further back. */
class Partition {
  readonly #path: string;
  readonly #stamps: Stamps;
  readonly #pace: Pace | null;
  #reader: PayloadReader | null = null;
  #held: { readonly from: number; readonly to: number; readonly payloads: Payloads } | null = null;
  #end = Number.POSITIVE_INFINITY;

  constructor(path: string, paceBy: string, pace: Pace | null) {
    this.#path = path;
    this.#stamps = new Stamps(paceBy);
    this.#pace = pace;
  }

  async read(partition: number, from: number, maxRows: number, maxBytes: number): Promise<SourceChunk | null> {
    const held = await this.#hold(from);
    if (!held) return null;
    const first = from - held.from;
    let last = Math.min(held.to - held.from, first + maxRows);
    const { offsets } = held.payloads;
    while (last > first + 1 && (offsets[last] as number) - (offsets[first] as number) > maxBytes)
      last = first + Math.max(1, (last - first) >> 1);
    if (this.#pace) last = first + this.#pace.due(held.payloads, first, last, this.#stamps);
    return last === first ? null : { partition, from, to: held.from + last, payloads: slice(held.payloads, first, last) };
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

/** Opens the files behind a path or pattern, a partition each. */
export async function openFiles(params: FileSourceParams, context: ConnectorContext): Promise<SourceReader> {
  const paths = await filesOf(context.folder, params.path);
  if (paths.length === 0) {
    throw new MillraceError(`no file matches "${params.path}"`, {
      code: 'file-missing',
      domain: 'user',
      remedy: `look for it from ${context.folder}`,
    });
  }
  const pace = params.pace === 'max' ? null : new Pace(Number.parseFloat(params.pace));
  const partitions = paths.map((path) => new Partition(path, params.pace_by, pace));
  const at = (partition: number): Partition => partitions[partition] as Partition;
  return {
    partitions: paths.map((path) => relative(context.folder, path)),
    async start(partition: number, start: StartAt): Promise<number> {
      if (start === 'earliest') return 0;
      return start === 'latest' ? at(partition).length() : at(partition).positionAt(start.instantNs);
    },
    read: (partition, from, maxRows, maxBytes) => at(partition).read(partition, from, maxRows, maxBytes),
    ended: (partition, from) => at(partition).ended(from),
    async close() {
      await Promise.all(partitions.map((partition) => partition.close()));
    },
  };
}
