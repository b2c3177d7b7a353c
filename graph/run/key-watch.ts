import type { RecordBatch } from 'apache-arrow';
import { keyText } from './keys.ts';

/** Rows of a batch that are looked at. */
const SAMPLE = 8;
/** Keys that are remembered. */
const MOST_KEYS = 20_000;

/** A key whose rows lie in two partitions of a source that says that they lie in one. */
export interface Misplaced {
  readonly key: string;
  readonly partitions: readonly [number, number];
}

/**
 * Looks at samples of a keyed source: whoever wrote its topic may have chosen partitions by another key, or none, and then what is
 * computed a key is computed in parts.
 */
export class KeyWatch {
  readonly #key: readonly string[];
  readonly #met: (found: Misplaced) => void;
  readonly #partitionOf = new Map<string, number>();
  #misplaced: Misplaced | null = null;
  #turn = 0;

  /** `met` is told of the first key that is misplaced. */
  constructor(key: readonly string[], met: (found: Misplaced) => void) {
    this.#key = key;
    this.#met = met;
  }

  /** The first key that was found in two partitions. */
  get misplaced(): Misplaced | null {
    return this.#misplaced;
  }

  /** Looks at some rows of a partition. */
  look(partition: number, batch: RecordBatch): void {
    if (this.#misplaced || batch.numRows === 0) return;
    const step = Math.max(1, Math.floor(batch.numRows / SAMPLE));
    for (let row = this.#turn++ % step; row < batch.numRows; row += step) {
      const key = keyText(batch, this.#key, row);
      const other = this.#partitionOf.get(key);
      if (other === undefined) {
        if (this.#partitionOf.size < MOST_KEYS) this.#partitionOf.set(key, partition);
      } else if (other !== partition) {
        this.#misplaced = { key, partitions: [other, partition] };
        this.#partitionOf.clear();
        this.#met(this.#misplaced);
        return;
      }
    }
  }
}
