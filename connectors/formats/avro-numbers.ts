import { type Cursor, damaged } from './avro-cursor.ts';

const TWO_22 = 4_194_304;
const TWO_32 = 4_294_967_296;
/** Just inside 2^63 ns, so that rounding of the product cannot cross it. */
const SAFE_NS = 9.22e18;

/** `value` units of `unitNs` as int64 ns into the halves `row` of `out`; exact; throws `avro-time-range` beyond int64. */
export function writeNs(value: number, unitNs: number, exact: () => bigint, out: Int32Array, row: number): void {
  if (Math.abs(value) * unitNs > SAFE_NS || !Number.isSafeInteger(value)) {
    const ns = exact() * BigInt(unitNs);
    if (BigInt.asIntN(64, ns) !== ns) throw damaged('avro-time-range', `the time ${exact()} (units of ${unitNs} ns) is beyond int64 ns`);
    out[2 * row] = Number(BigInt.asIntN(32, ns));
    out[2 * row + 1] = Number(ns >> 32n);
    return;
  }
  // value = a x 2^22 + b; both products stay below 2^53
  const a = Math.floor(value / TWO_22);
  const b = value - a * TWO_22;
  const product = a * unitNs;
  const upper = Math.floor(product / 1024);
  const lower = (product - upper * 1024) * TWO_22 + b * unitNs;
  const carry = Math.floor(lower / TWO_32);
  out[2 * row] = lower - carry * TWO_32;
  out[2 * row + 1] = upper + carry;
}

/** The unscaled value of a decimal: big-endian two's complement. */
export function unscaled(cursor: Cursor, at: number, size: number): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(cursor.bytes[at + i] as number);
  return BigInt.asIntN(8 * size, value);
}

/** The same as a number, where it has at most six bytes. */
export function smallUnscaled(cursor: Cursor, at: number, size: number): number {
  if (size === 0) return 0;
  let value = ((cursor.bytes[at] as number) << 24) >> 24;
  for (let i = 1; i < size; i++) value = value * 256 + (cursor.bytes[at + i] as number);
  return value;
}

/** The float64 nearest to `unscaled` x 10^-scale. */
export function nearest(unscaledValue: bigint, scale: number): number {
  return Number(`${unscaledValue}e-${scale}`);
}
