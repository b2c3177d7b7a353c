import { MAX_NS, MIN_NS } from '../contract/frame.ts';

/** The watermark of an input partition after rows of these times: the newest time minus `latenessNs`; `MIN_NS` before the first row. */
export function watermarkOf(times: readonly bigint[], latenessNs: bigint): bigint {
  if (times.length === 0) return MIN_NS;
  return later(times.reduce(later) - latenessNs, MIN_NS);
}

/** That watermark just before each row was read. Slow and obviously right; `graph/run/ingest.ts` is held against it. */
export function floorsOf(times: readonly bigint[], latenessNs: bigint): bigint[] {
  return times.map((_, i) => watermarkOf(times.slice(0, i), latenessNs));
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** The watermark of a node: what the slowest of its partitions has reached; `MAX_NS` without any. */
export function slowest(watermarks: Iterable<bigint>): bigint {
  return [...watermarks].reduce(earlier, MAX_NS);
}
