/** What a node tells of its work; the runtime counts it. One call a batch, never one a row. */
export interface Probe {
  /** Rows entered a port. */
  in(rows: number, bytes: number): void;
  /** Rows left on a port. */
  out(port: string, rows: number, bytes: number): void;
  /** Rows were refused for a reason. */
  rejected(code: string, rows: number): void;
  /** Time spent in the kernel for one batch or barrier, ns. */
  busy(ns: number): void;
  watermark(ns: bigint): void;
}

/** Counts nothing. */
export const NO_PROBE: Probe = { in() {}, out() {}, rejected() {}, busy() {}, watermark() {} };
