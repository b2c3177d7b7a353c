/**
 * Int64 times as exact doubles relative to a base, since reading a `BigInt64Array` boxes every value. Exact while a time lies within
 * 2^53 ns (104 days) of the base; `inRange` tells.
 */
export class RelativeTimes {
  readonly #halves: Int32Array;
  readonly #baseHigh: number;
  readonly #baseLow: number;

  constructor(values: BigInt64Array, baseNs: bigint) {
    this.#halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    this.#baseHigh = Number(baseNs >> 32n);
    this.#baseLow = Number(baseNs & 0xffffffffn);
  }

  /** Value i minus the base, ns. */
  at(i: number): number {
    const low = (this.#halves[2 * i] as number) >>> 0;
    return ((this.#halves[2 * i + 1] as number) - this.#baseHigh) * 4294967296 + (low - this.#baseLow);
  }

  /** Whether every value is exact. */
  get inRange(): boolean {
    for (let i = 1; i < this.#halves.length; i += 2) if (Math.abs((this.#halves[i] as number) - this.#baseHigh) >= 2097151) return false;
    return true;
  }
}
