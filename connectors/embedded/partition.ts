import type { Message } from '../../graph/contract/log.ts';

/** One partition of a topic while the log is open: its range, its newest messages, and who waits for more. */
export class Partition {
  readonly topic: string;
  readonly topicId: number;
  readonly partition: number;
  /** First offset that is still there. */
  low: number;
  /** Offset after the last visible message. */
  high: number;
  readonly waiters = new Set<() => void>();
  /** The newest messages, the last of them at `high - 1`; those before `#gone` have been let go. */
  #recent: (Message | undefined)[] = [];
  #gone = 0;

  constructor(topic: string, topicId: number, partition: number, low: number, high: number) {
    this.topic = topic;
    this.topicId = topicId;
    this.partition = partition;
    this.low = low;
    this.high = high;
  }

  /** First offset that is in memory; `high` when none is. */
  get recentFrom(): number {
    return this.high - this.#recent.length + this.#gone;
  }

  /** The message at `offset`, which is at least `recentFrom` and below `high`. */
  recent(offset: number): Message | undefined {
    return this.#recent[this.#recent.length - (this.high - offset)];
  }

  /** Makes the next message visible. */
  append(message: Message): void {
    this.#recent.push(message);
    this.high++;
  }

  /** Lets the oldest message in memory go. */
  forgetOldest(): void {
    this.#recent[this.#gone++] = undefined;
    if (this.#gone < 1024 || this.#gone * 2 < this.#recent.length) return;
    this.#recent = this.#recent.slice(this.#gone);
    this.#gone = 0;
  }

  /** Wakes all who wait for this partition. */
  wake(): void {
    for (const waiter of [...this.waiters]) waiter();
  }
}

/** Bounds the messages kept in memory over all partitions, by bytes, oldest first. */
export class RecentMessages {
  readonly #maxBytes: number;
  #bytes = 0;
  #queue: { partition: Partition; bytes: number }[] = [];
  #head = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(partition: Partition, message: Message): void {
    const bytes = message.value.length + 256; // an estimate of what a message costs besides its value
    partition.append(message);
    this.#queue.push({ partition, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      const oldest = this.#queue[this.#head++];
      if (oldest === undefined) return;
      oldest.partition.forgetOldest();
      this.#bytes -= oldest.bytes;
    }
    if (this.#head > 4096 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }
}
