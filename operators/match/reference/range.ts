/** Prices lie within plus or minus this many ticks; sizes go up to this many lots. */
export const MOST = 2n ** 53n;
/** A side holds at most this many lots. */
export const MOST_OF_SIDE = 2n ** 62n;
/** An iceberg has at most this many parts. */
export const MOST_PARTS = 1000n;

export function inRange(price: bigint): boolean {
  return price >= -MOST && price <= MOST;
}
