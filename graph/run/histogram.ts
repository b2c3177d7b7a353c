import type { Quantiles } from '../contract/view.ts';

const STEPS_PER_DOUBLING = 8;
const BUCKETS = 64 * STEPS_PER_DOUBLING;

/** How long a generation of counts lasts, ms: quantiles are those of the last one to two of them. */
const GENERATION_MS = 60_000;

/**
 * Counts of positive values in buckets 9 % wide, from 2^-32 to 2^32, over the last minute or two, so that a start or a stall does not
 * colour the figures for ever; constant memory, no allocation to record.
 */
export class Histogram {
  #counts = new Float64Array(BUCKETS);
  #before = new Float64Array(BUCKETS);
  #startedAtMs: number;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#startedAtMs = nowMs();
  }

  record(value: number, times = 1): void {
    this.#age();
    const bucket = Math.floor((Math.log2(Math.max(value, 1e-9)) + 32) * STEPS_PER_DOUBLING);
    const index = Math.min(BUCKETS - 1, Math.max(0, bucket));
    this.#counts[index] = (this.#counts[index] as number) + times;
  }

  /** The upper edge of the bucket that holds the quantile; 0 when nothing was recorded lately. */
  quantile(q: number): number {
    this.#age();
    const total = this.#counts.reduce((sum, n) => sum + n, 0) + this.#before.reduce((sum, n) => sum + n, 0);
    if (total === 0) return 0;
    let left = Math.max(1, Math.ceil(q * total));
    for (let i = 0; i < BUCKETS; i++) {
      left -= (this.#counts[i] as number) + (this.#before[i] as number);
      if (left <= 0) return 2 ** ((i + 1) / STEPS_PER_DOUBLING - 32);
    }
    return 0;
  }

  quantiles(): Quantiles {
    return { p50: this.quantile(0.5), p99: this.quantile(0.99) };
  }

  #age(): void {
    const now = this.#nowMs();
    if (now - this.#startedAtMs < GENERATION_MS) return;
    const idle = now - this.#startedAtMs >= 2 * GENERATION_MS;
    [this.#before, this.#counts] = [this.#counts, this.#before];
    this.#counts.fill(0);
    if (idle) this.#before.fill(0);
    this.#startedAtMs = now;
  }
}
