import { MAX_NS, MIN_NS } from '../contract/frame.ts';

/** The watermark of an input partition after rows of these times: the newest time minus `latenessNs`; `MIN_NS` before the first row. */
export function watermarkOf(times: readonly bigint[], latenessNs: bigint): bigint {
  if (times.length === 0) return MIN_NS;
  const own = times.reduce((max, ns) => (ns > max ? ns : max)) - latenessNs;
  return own < MIN_NS ? MIN_NS : own;
}

/** That watermark just before each row was read. Slow and obviously right; `graph/run/ingest.ts` is held against it. */
export function floorsOf(times: readonly bigint[], latenessNs: bigint): bigint[] {
  return times.map((_, i) => watermarkOf(times.slice(0, i), latenessNs));
}

/** The smaller of two. */
export function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The watermark of a node: what the slowest of its partitions has reached; `MAX_NS` without any. */
export function slowest(watermarks: Iterable<bigint>): bigint {
  return [...watermarks].reduce(earlier, MAX_NS);
}
