/** Sets a bit of a bitmap. */
export const setBit = (bits: Uint8Array, i: number): void => {
  bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
};

/** Writes `high * 2^32 + low` as int64; `low` may be beyond 32 bits. Halves, because writing a BigInt64Array boxes. */
export function setInt64(halves: Int32Array, row: number, high: number, low: number): void {
  const carry = Math.floor(low / 4294967296);
  halves[2 * row] = low - carry * 4294967296;
  halves[2 * row + 1] = high + carry;
}

/** The halves as the numbers they are. */
export const asInt64 = (halves: Int32Array): BigInt64Array => new BigInt64Array(halves.buffer);
