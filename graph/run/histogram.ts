import type { Quantiles } from '../contract/view.ts';

const STEPS_PER_DOUBLING = 8;
const BUCKETS = 64 * STEPS_PER_DOUBLING;

/** Counts of positive values in buckets 9 % wide, from 2^-32 to 2^32; constant memory, no allocation to record. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  record(value: number, times = 1): void {
    const bucket = Math.floor((Math.log2(Math.max(value, 1e-9)) + 32) * STEPS_PER_DOUBLING);
    const index = Math.min(BUCKETS - 1, Math.max(0, bucket));
    this.#counts[index] = (this.#counts[index] as number) + times;
    this.#total += times;
  }

  get total(): number {
    return this.#total;
  }

  /** The upper edge of the bucket that holds the quantile; 0 when nothing was recorded. */
  quantile(q: number): number {
    if (this.#total === 0) return 0;
    let left = Math.max(1, Math.ceil(q * this.#total));
    for (let i = 0; i < BUCKETS; i++) {
      left -= this.#counts[i] as number;
      if (left <= 0) return 2 ** ((i + 1) / STEPS_PER_DOUBLING - 32);
    }
    return 0;
  }

  quantiles(): Quantiles {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99) };
  }
}
