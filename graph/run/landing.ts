import { RecordBatchReader, RecordBatchStreamWriter } from 'apache-arrow';
import type { SourceChunk } from '../contract/connector.ts';
import { MillraceError } from '../contract/error.ts';
import type { Payloads } from '../contract/format.ts';
import type { Message, Outgoing } from '../contract/log.ts';
import { HEADER } from './exchange.ts';
import type { EpochStamp } from './outputs.ts';

/**
 * Landing: what a source gives goes into a topic as it is, with its positions and its name, so that reading the topic is reading the
 * source. A message is a header of int32 (payloads, length of the opening or -1, whether there are record times), then offsets, record
 * times, the opening and the payloads; one that carries rows in columns is an Arrow stream.
 */

/** Payload bytes of one message, about: a broker takes 1 MB by default. */
const MESSAGE_BYTES = 512 * 1024;
/** Rows of one message in columns. */
const MESSAGE_ROWS = 4096;
const HEAD_BYTES = 12;

/** Headers of landed messages. */
const LANDED = {
  /** Position of the first payload or row. */
  from: 'm.from',
  /** Label of the source's partition. */
  label: 'm.label',
  /** `1`: the source's partition has ended here. */
  end: 'm.end',
  /** `1`: rows in columns. */
  rows: 'm.rows',
} as const;

/** The messages of a chunk that was read from a source. */
export function landChunk(chunk: SourceChunk, topic: string, label: string, stamp: EpochStamp): Outgoing[] {
  const headers = { ...headersOf(stamp), [LANDED.label]: label };
  const { partition, from, payloads, batch } = chunk;
  const message = (at: number, value: Uint8Array, more: Readonly<Record<string, string>> = {}): Outgoing => ({
    topic,
    partition,
    key: null,
    value,
    headers: { ...headers, ...more, [LANDED.from]: String(at) },
    timestampNs: stamp.clockNs,
  });
  if (batch) {
    const starts = Array.from({ length: Math.ceil(batch.numRows / MESSAGE_ROWS) }, (_, i) => i * MESSAGE_ROWS);
    return starts.map((at) => {
      const bytes = RecordBatchStreamWriter.writeAll([batch.slice(at, Math.min(batch.numRows, at + MESSAGE_ROWS))]).toUint8Array(true);
      return message(from + at, bytes, { [LANDED.rows]: '1' });
    });
  }
  if (!payloads) return [];
  const messages: Outgoing[] = [];
  const { offsets } = payloads;
  for (let at = 0, next = 0; at + 1 < offsets.length; at = next) {
    for (next = at + 1; next + 1 < offsets.length && (offsets[next + 1] as number) - (offsets[at] as number) <= MESSAGE_BYTES; ) next++;
    messages.push(message(from + at, pack(payloads, at, next)));
  }
  return messages;
}

/** The message that says that a partition has ended. */
export function landEnd(topic: string, partition: number, stamp: EpochStamp): Outgoing {
  const headers = { ...headersOf(stamp), [LANDED.end]: '1' };
  return { topic, partition, key: null, value: new Uint8Array(0), headers, timestampNs: stamp.clockNs };
}

/** What a landed message holds: the chunk as the source gave it, or that its partition has ended. */
export function landedChunk(message: Message, partition: number, openings: Openings): { chunk: SourceChunk; label: string } | 'end' {
  const { headers, value } = message;
  if (headers[LANDED.end] === '1') return 'end';
  const from = Number(headers[LANDED.from]);
  const label = headers[LANDED.label] ?? '';
  if (!Number.isSafeInteger(from) || from < 0) throw damaged(message);
  if (headers[LANDED.rows] === '1') {
    const batch = [...RecordBatchReader.from(value)][0];
    if (!batch) throw damaged(message);
    return { chunk: { partition, from, to: from + batch.numRows, batch }, label };
  }
  const payloads = unpack(value, message, openings, partition);
  return { chunk: { partition, from, to: from + payloads.offsets.length - 1, payloads }, label };
}

/** The opening of each partition's file: one object for all payloads of a file, as decoders go by it. */
export class Openings {
  readonly #last = new Map<number, Uint8Array>();

  of(partition: number, bytes: Uint8Array): Uint8Array {
    const last = this.#last.get(partition);
    if (last && Buffer.compare(last, bytes) === 0) return last;
    this.#last.set(partition, bytes);
    return bytes;
  }
}

function headersOf(stamp: EpochStamp): Readonly<Record<string, string>> {
  return {
    [HEADER.incarnation]: stamp.inc,
    [HEADER.task]: String(stamp.task),
    [HEADER.epoch]: String(stamp.epoch),
    [HEADER.clock]: String(stamp.clockNs),
  };
}

function pack({ bytes, offsets, recvNs, opening }: Payloads, from: number, to: number): Uint8Array {
  const base = offsets[from] as number;
  const own = offsets.slice(from, to + 1).map((offset) => offset - base);
  const times = recvNs?.slice(from, to) ?? null;
  const head = Int32Array.of(to - from, opening?.byteLength ?? -1, times ? 1 : 0);
  const parts = [head, own, ...(times ? [times] : []), ...(opening ? [opening] : []), bytes.subarray(base, offsets[to])];
  const views = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  const packed = Buffer.allocUnsafeSlow(views.reduce((sum, view) => sum + view.length, 0));
  let at = 0;
  for (const view of views) at += view.copy(packed, at);
  return packed;
}

function unpack(value: Uint8Array, message: Message, openings: Openings, partition: number): Payloads {
  if (value.byteLength < HEAD_BYTES) throw damaged(message);
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    if (bytes < 0 || at + bytes > value.byteLength) throw damaged(message);
    const part = new Uint8Array(value.subarray(at, at + bytes)); // a copy: typed arrays need it aligned
    at += bytes;
    return part;
  };
  const [count = 0, openingBytes = -1, timed = 0] = new Int32Array(take(HEAD_BYTES).buffer);
  const offsets = new Int32Array(take(4 * (count + 1)).buffer);
  const recvNs = timed === 1 ? new BigInt64Array(take(8 * count).buffer) : null;
  const opening = openingBytes < 0 ? null : openings.of(partition, take(openingBytes));
  const bytes = value.subarray(at);
  if (offsets[0] !== 0 || offsets[count] !== bytes.byteLength) throw damaged(message);
  return { bytes, offsets, recvNs, ...(opening ? { opening } : {}) };
}

function damaged({ offset }: Message): MillraceError {
  return new MillraceError(`the message at offset ${offset} was not landed by Millrace`, {
    code: 'landing-foreign',
    domain: 'external',
    remedy: 'nothing else may write topics that begin with "_millrace."; start from nothing with --lose-state',
  });
}
