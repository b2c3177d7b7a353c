import { MillraceError } from '../contract/error.ts';
import type { Root } from '../contract/log.ts';
import type { Read } from './inputs.ts';

/** The journal record of an epoch: with it, the epoch's outputs are a pure function of its inputs. */
export interface JournalEntry {
  readonly v: 1;
  readonly inc: string;
  readonly epoch: number;
  readonly plan: string;
  /** ns since 1970 UTC. */
  readonly clockNs: bigint;
  /** [input name, partition, from, to) in the order they were pushed. */
  readonly reads: readonly (readonly [string, number, number, number])[];
  /** Input partitions found to have ended, after the reads. */
  readonly ended: readonly (readonly [string, number])[];
  /** Epoch 0 only: the positions that `start:` resolved to. */
  readonly start?: readonly (readonly [string, number, number])[];
  /** The first epoch after a start: the time before it was not idleness. */
  readonly resumed?: boolean;
  readonly closed?: boolean;
}

/** An entry as JSON bytes; int64 as strings. */
export function encodeEntry(entry: JournalEntry): Uint8Array {
  return Buffer.from(JSON.stringify({ ...entry, clockNs: String(entry.clockNs) }), 'utf8');
}

/** The entry that `encodeEntry` wrote. */
export function decodeEntry(bytes: Uint8Array): JournalEntry {
  const raw = JSON.parse(Buffer.from(bytes).toString('utf8')) as Omit<JournalEntry, 'clockNs' | 'v'> & { v: number; clockNs: string };
  if (raw.v !== 1) {
    throw new MillraceError(`the journal was written by a newer version (layout ${raw.v})`, { code: 'journal-version', domain: 'user' });
  }
  return { ...raw, v: 1, clockNs: BigInt(raw.clockNs) };
}

/** The root that a round commits with its last entry; `ended`: the task has nothing more to read after it. */
export function rootOf(entry: JournalEntry, snap: Root['snap'], ended: boolean): Root {
  const root = { inc: entry.inc, epoch: entry.epoch, plan: entry.plan, snap, closed: entry.closed ?? false };
  return ended ? { ...root, ended } : root;
}

/** The ranges read, neighbours joined. */
export function rangesOf(reads: readonly Read[], nameOf: (input: number) => string): JournalEntry['reads'] {
  const ranges: [string, number, number, number][] = [];
  for (const { input, partition, from, to } of reads) {
    const last = ranges[ranges.length - 1];
    if (last && last[0] === nameOf(input) && last[1] === partition && last[3] === from) last[3] = to;
    else ranges.push([nameOf(input), partition, from, to]);
  }
  return ranges;
}
