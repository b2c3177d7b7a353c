import type { RecordBatch } from 'apache-arrow';

/**
 * Hands rows to a port of the node. A batch for the port `rejected` has the columns of `REJECT_SCHEMA` and names rows of the
 * batch that was pushed; the engine adds where they came from. `from` tells of which input port, where several were pushed together.
 */
export type Emit = (port: string, batch: RecordBatch, from?: string) => void;

/** A batch of one input port, pushed together with those of others. */
export interface MergedPart {
  readonly port: string;
  readonly batch: RecordBatch;
}

/**
 * A pure, synchronous state machine over batches: no clock, I/O, randomness or RxJS inside.
 *
 * Its output may not depend on how the rows were cut into batches or epochs: any cut gives the same rows in the same order per key
 * (the laws in `graph/test-kit` check it). Emitted batches are never changed afterwards; pushed batches are not to be changed.
 */
export interface Kernel {
  /**
   * Takes rows of one input port. `floorNs` is `BatchFrame.floorNs`: a row is late for a window when `window end <= floorNs`.
   * Throws only for a fault of the whole operator (the task then parks); a bad row leaves on `rejected`.
   */
  push(batch: RecordBatch, port: string, emit: Emit, floorNs: bigint): void;
  /**
   * Takes rows of several input ports at once, a part a port, in the order of `runs`: pairs of a part and how many of its next rows
   * follow. The same rows leave as if each run were pushed as a batch of its own. Without it, they are.
   */
  pushMerged?(parts: readonly MergedPart[], runs: Int32Array, emit: Emit, floorNs: bigint): void;
  /**
   * Once an epoch, after all of its rows: event time has reached `watermarkNs` (rows with `ts_event < watermarkNs` are all here),
   * the epoch's clock is `clockNs`; both never decrease. `MAX_NS` as watermark: the input has ended, let everything go.
   */
  advance(watermarkNs: bigint, clockNs: bigint, emit: Emit): void;
  /** The epoch clock (ns) at which `advance` should be called even when no row arrives; null for never. */
  nextTimer(): bigint | null;
  /** The whole state, in chunks of at most 512 KiB; `[]` for a stateless kernel. */
  snapshot(): Uint8Array[];
  /** Into a fresh kernel made with the same parameters and schemas. */
  restore(chunks: readonly Uint8Array[]): void;
}

/** Largest chunk of a snapshot, in bytes. */
export const SNAPSHOT_CHUNK_BYTES = 512 * 1024;
