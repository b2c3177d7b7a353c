import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { Refusal } from './returns.ts';

const bigintAsText = (_name: string, value: unknown) => (typeof value === 'bigint' ? { int64: value.toString() } : value);
const textAsBigint = (_name: string, value: unknown) =>
  typeof value === 'object' && value !== null && 'int64' in value && typeof value.int64 === 'string' ? BigInt(value.int64) : value;

/** What reference kernels keep of every key. */
export class Histories<H> {
  readonly #names: readonly string[];
  readonly #fresh: () => H;
  #all = new Map<string, H>();

  constructor(names: readonly string[], fresh: () => H) {
    this.#names = names;
    this.#fresh = fresh;
  }

  of(row: Row): H {
    const key = this.#keyOf(row);
    const history = this.#all.get(key) ?? this.#fresh();
    this.#all.set(key, history);
    return history;
  }

  /** Whether a row is of a key beyond the first so many. */
  isFull(row: Row, most: number): boolean {
    return !this.#all.has(this.#keyOf(row)) && this.#all.size >= most;
  }

  #keyOf(row: Row): string {
    return JSON.stringify(
      this.#names.map((name) => row[name] ?? null),
      bigintAsText,
    );
  }

  snapshot(): Uint8Array[] {
    const bytes = Buffer.from(JSON.stringify([...this.#all], bigintAsText));
    const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
    return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
  }

  restore(chunks: readonly Uint8Array[]): void {
    if (chunks.length === 0) return;
    this.#all = new Map(JSON.parse(Buffer.concat(chunks).toString(), textAsBigint) as [string, H][]);
  }
}

/** A reference kernel over series: emits what `of` makes of every row on `out`; a row that it refuses, on `rejected`. */
export function seriesKernel<H>(histories: Histories<H>, schema: Schema, of: (row: Row) => Row | Refusal): Kernel {
  return {
    push(batch, _port, emit) {
      const out: Row[] = [];
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const result = of(row);
        if (result instanceof Refusal) {
          rejected.push({ row: i, code: result.code, reason: result.reason, raw: Buffer.from(rowText(batch, i)) });
        } else out.push(result);
      });
      if (out.length > 0) emit(MAIN_PORT, batchOf(schema, out));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => histories.snapshot(),
    restore: (chunks) => histories.restore(chunks),
  };
}
