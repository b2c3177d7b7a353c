import type { Intent, Position, Root, TopicFacts } from '../../../graph/contract/log.ts';
import { hash32 } from './dice.ts';

/**
 * Offsets with gaps over offsets without: message o is shown at `stride * o` plus less than a stride, seeded by topic, partition and o.
 * As on Kafka, the range of a partition ends behind records nobody sees, until a reader has come to its end.
 */
export class SparseOffsets {
  readonly #seed: number;
  readonly #stride: number;
  readonly #reached = new Map<string, number>();

  /** `stride` 1: no gaps. */
  constructor(seed: number, stride: number) {
    this.#seed = seed;
    this.#stride = stride;
  }

  /** Where the message at inner offset `inner` is shown. */
  shown(topic: string, partition: number, inner: number): number {
    return this.#stride * inner + (hash32(`${this.#seed}/${topic}/${partition}`, inner) % this.#stride);
  }

  /** Inner offset of the first message shown at or after `offset`. */
  inner(topic: string, partition: number, offset: number): number {
    const guess = Math.floor(offset / this.#stride);
    return this.shown(topic, partition, guess) < offset ? guess + 1 : guess;
  }

  position({ topic, partition, offset }: Position): Position {
    return { topic, partition, offset: this.inner(topic, partition, offset) };
  }

  /** A poll found nothing at or after this inner offset: the end of the partition is known to the message from here on. */
  reached(topic: string, partition: number, end: number): void {
    this.#reached.set(`${topic}/${partition}`, end);
  }

  /** The range as it is shown, ending before inner offset `visible` of each partition. */
  facts(facts: TopicFacts, visible: (partition: number, high: number) => number): TopicFacts {
    const { topic } = facts;
    const ranges = facts.ranges.map(({ low, high }, partition) => {
      const end = visible(partition, high);
      const isExact = this.#reached.get(`${topic}/${partition}`) === end && end > low;
      return { low: this.#stride * low, high: isExact ? this.shown(topic, partition, end - 1) + 1 : this.#stride * end };
    });
    return { ...facts, ranges };
  }

  /** A root as the inner log keeps it. */
  innerRoot(root: Root, journal: string, task: number): Root {
    if (root.snap === null) return root;
    return { ...root, snap: { ...root.snap, journalFrom: this.inner(journal, task, root.snap.journalFrom) } };
  }

  /** The root with a `journalFrom` that begins at the same entry as the one it was committed with. */
  shownRoot(root: Root): Root {
    if (root.snap === null) return root;
    return { ...root, snap: { ...root.snap, journalFrom: this.#stride * root.snap.journalFrom } };
  }

  /** An intent as the inner log keeps it; the token carries the range as it was given. */
  innerIntent(topic: string, partition: number, { from, to, token, rows }: Intent): Intent {
    return { from: this.inner(topic, partition, from), to: this.inner(topic, partition, to), token: `${from} ${to} ${token}`, rows };
  }

  /** The intent as it was given to `innerIntent`. */
  shownIntent({ token, rows }: Intent): Intent {
    const [from = '', to = ''] = token.split(' ', 2);
    return { from: Number(from), to: Number(to), token: token.slice(from.length + to.length + 2), rows };
  }
}
