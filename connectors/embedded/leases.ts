import { MillraceError } from '../../graph/contract/error.ts';
import type { Lease, LeaseListener } from '../../graph/contract/log.ts';

interface Held {
  readonly group: string;
  readonly topic: string;
  readonly owned: Set<number>;
}

/** Who owns which partitions: one process, so a lease owns all of its topic until it is released. */
export class Leases {
  readonly #held = new Set<Held>();

  /** The lease, after `listener` has heard of its partitions; `settled` resolves when the writes under way are done. */
  take(group: string, topic: string, partitions: number, listener: LeaseListener, settled: () => Promise<void>): Lease {
    for (const other of this.#held) {
      if (other.group !== group || other.topic !== topic) continue;
      throw new MillraceError(`group ${group} already holds ${topic} in this process`, { code: 'lease-held', domain: 'internal' });
    }
    const held: Held = { group, topic, owned: new Set(Array.from({ length: partitions }, (_, p) => p)) };
    this.#held.add(held);
    listener.assigned([...held.owned]);
    let released: Promise<void> | null = null;
    const release = async (): Promise<void> => {
      await listener.revoked([...held.owned], false);
      await settled();
      held.owned.clear();
      this.#held.delete(held);
    };
    return {
      owned: held.owned,
      release() {
        released ??= release();
        return released;
      },
    };
  }

  /** Whether `group` owns the partition. */
  owns(group: string, topic: string, partition: number): boolean {
    return this.#find((held) => held.group === group && held.topic === topic && held.owned.has(partition));
  }

  /** Whether anybody owns all these partitions of a journal. */
  ownsAll(topic: string, partitions: readonly number[]): boolean {
    return this.#find((held) => held.topic === topic && partitions.every((p) => held.owned.has(p)));
  }

  /** Groups that hold a topic now. */
  groupsOf(topic: string): string[] {
    return [...this.#held].filter((held) => held.topic === topic).map(({ group }) => group);
  }

  #find(test: (held: Held) => boolean): boolean {
    for (const held of this.#held) if (test(held)) return true;
    return false;
  }
}
