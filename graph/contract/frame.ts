import type { RecordBatch } from 'apache-arrow';

/** Where a row was read from. */
export interface RowOrigin {
  /** Topic, file or generator, as a person names it. */
  readonly source: string;
  readonly partition: number;
  /** Offset of the message the row was in. */
  readonly offset: number;
  /** Its position inside that message. */
  readonly row: number;
}

/** Where the rows of a batch came from, while they are still row by row what was read. Asked only for rejected rows. */
export type Origin = (row: number) => RowOrigin | null;

/** When each row of a batch reached the log, ns since 1970 UTC: the time of its record. Asked only for merges in order of arrival. */
export type Arrivals = () => BigInt64Array;

/** Rows on an edge. */
export interface BatchFrame {
  readonly kind: 'batch';
  readonly batch: RecordBatch;
  /**
   * Watermark of the rows' own input partition, in ns since 1970 UTC, just before the first of them was read.
   * Either every row is at or after it, or every row is behind it (late). It does not depend on where an epoch was cut,
   * so neither does what an operator calls late. `MIN_NS` where lateness does not apply.
   */
  readonly floorNs: bigint;
  readonly origin: Origin | null;
  /** Absent where rows come from an operator or from no record. */
  readonly arrivals?: Arrivals | undefined;
}

/** A promise: no later row on this edge has `ts_event < ns`, but for late ones. */
export interface WatermarkFrame {
  readonly kind: 'watermark';
  readonly ns: bigint;
}

/** The end of an epoch on this edge. Every frame between the driver's first `next` and the last barrier is synchronous. */
export interface BarrierFrame {
  readonly kind: 'barrier';
  readonly epoch: number;
  /** The epoch's clock, ns since 1970 UTC: the only clock a kernel is told. */
  readonly clockNs: bigint;
}

export type Frame = BatchFrame | WatermarkFrame | BarrierFrame;

/** Before every event. */
export const MIN_NS = -(2n ** 63n);
/** After every event: the watermark of an input that has ended. */
export const MAX_NS = 2n ** 63n - 1n;
