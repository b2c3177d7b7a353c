import type { Position, Root } from '../../graph/contract/log.ts';

type Reads = Readonly<Record<string, number>>;

/**
 * What a task has read and what its recovery may have to read again; keys are `topic/partition`.
 * A mark is what had been read when a round first pointed at a snapshot: a snapshot taken at a later epoch needs nothing before it.
 */
export interface HeldPositions {
  readonly reads: Reads;
  readonly marks: readonly { readonly epoch: number; readonly reads: Reads }[];
  /** Snapshot epochs that recovery may start from, newest first; empty: only the beginning. */
  readonly snaps: readonly number[];
}

/** The key of a partition in `HeldPositions`. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** `held` after a round at `epoch` that read up to `reads` and points at `snap`. */
export function advanceHeld(held: HeldPositions | null, epoch: number, reads: readonly Position[], snap: Root['snap']): HeldPositions {
  const now: Record<string, number> = { ...held?.reads };
  for (const { topic, partition, offset } of reads) now[partitionKey(topic, partition)] = offset;
  if (held === null) return { reads: now, marks: [{ epoch, reads: now }], snaps: snap ? [snap.epoch] : [] };
  if (snap === null || held.snaps[0] === snap.epoch) return reads.length === 0 ? held : { ...held, reads: now };
  const snaps = [snap.epoch, ...held.snaps].slice(0, 2);
  const oldest = snaps.length < 2 ? null : Math.min(...snaps);
  const marks = [...held.marks, { epoch, reads: now }];
  // the newest mark at or before the oldest snapshot is the one its recovery needs; what is older is needed no more
  const needed = oldest === null ? 0 : marks.findLastIndex((mark) => mark.epoch <= oldest);
  return { reads: now, marks: marks.slice(Math.max(0, needed)), snaps };
}

/** First offset that recovery of the task may read again, of each partition it reads. */
export function heldFrom(held: HeldPositions): Map<string, number> {
  const first = held.marks[0]?.reads ?? {};
  return new Map(Object.keys(held.reads).map((key) => [key, first[key] ?? 0]));
}
