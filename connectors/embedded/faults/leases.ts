import type { Lease, LeaseListener, Log } from '../../../graph/contract/log.ts';

interface Fragile {
  readonly group: string;
  readonly topic: string;
  readonly listener: LeaseListener;
  readonly owned: Set<number>;
  /** Partitions that are being taken or given back. */
  readonly moving: Set<number>;
  released: boolean;
}

/** Leases that can be taken away and given back while the inner log holds all of them. */
export class FragileLeases {
  readonly #held = new Set<Fragile>();

  /** Joins at the inner log; `settled` resolves when no commit is under way. */
  async take(inner: Log, group: string, topic: string, listener: LeaseListener, settled: () => Promise<void>): Promise<Lease> {
    const held: Fragile = { group, topic, listener, owned: new Set(), moving: new Set(), released: false };
    const lease = await inner.lease(group, topic, {
      assigned(partitions) {
        for (const partition of partitions) held.owned.add(partition);
        listener.assigned(partitions);
      },
      async revoked(partitions, lost) {
        held.released = true;
        const left = partitions.filter((partition) => held.owned.has(partition));
        await listener.revoked(left, lost);
        await settled();
        held.owned.clear();
      },
    });
    this.#held.add(held);
    return {
      owned: held.owned,
      release: async () => {
        await lease.release();
        this.#held.delete(held);
      },
    };
  }

  owns(group: string, topic: string, partition: number): boolean {
    return [...this.#held].some((held) => held.group === group && held.topic === topic && held.owned.has(partition));
  }

  ownsAll(topic: string, partitions: readonly number[]): boolean {
    return [...this.#held].some((held) => held.topic === topic && partitions.every((partition) => held.owned.has(partition)));
  }

  /** Leases of a topic, or of all. */
  count(topic: string | null): number {
    return this.#of(topic).length;
  }

  /**
   * Takes partitions of the topic's lease away, as another process would, and gives them back after `awayMs`.
   * `lost`: without asking; else the listener may finish first. Resolves when they are back.
   */
  async move(topic: string | null, pick: (owned: readonly number[]) => readonly number[], lost: boolean, awayMs: number): Promise<void> {
    const [held] = this.#of(topic);
    if (!held || held.released) return;
    const partitions = pick([...held.owned].filter((partition) => !held.moving.has(partition)));
    if (partitions.length === 0) return;
    for (const partition of partitions) held.moving.add(partition);
    const leave = (): void => {
      for (const partition of partitions) held.owned.delete(partition);
    };
    if (lost) leave();
    await held.listener.revoked(partitions, lost);
    leave();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    for (const partition of partitions) held.moving.delete(partition);
    if (held.released) return;
    for (const partition of partitions) held.owned.add(partition);
    held.listener.assigned(partitions);
  }

  #of(topic: string | null): Fragile[] {
    return [...this.#held].filter((held) => topic === null || held.topic === topic);
  }
}
