/** What positions of one unit would have brought, a key at a time: a position covers one horizon, and is decided anew when that is over. */
export class Positions {
  readonly #costBps: number;
  /** Side of the position of a key, 1, -1 or 0, and when its horizon is over. */
  readonly #held = new Map<number, { readonly side: number; readonly untilNs: bigint }>();
  /** Changes of position so far. */
  changes = 0;
  grossBps = 0;

  /** `costBps`: of a change by one unit. */
  constructor(costBps: number) {
    this.#costBps = costBps;
  }

  /**
   * A row of a key, whose return over (`fromNs`, `toNs`] came to `returnBps`, asks for a side; gives what it changes after costs. A row inside
   * the horizon of the position that the key has changes nothing. A position whose horizon was over before the row was closed then: what the
   * price did between is nobody's.
   */
  row(key: number, side: number, fromNs: bigint, toNs: bigint, returnBps: number): number {
    const held = this.#held.get(key);
    if (held && held.side !== 0 && fromNs < held.untilNs) return 0;
    const before = held && held.side !== 0 && fromNs === held.untilNs ? held.side : 0;
    const closed = held && before === 0 ? this.#change(held.side, 0) : 0;
    this.#held.set(key, { side, untilNs: toNs });
    this.grossBps += side * returnBps;
    return side * returnBps - closed - this.#change(before, side);
  }

  /** Closes what is held; gives what that costs. */
  close(): number {
    let cost = 0;
    for (const { side } of this.#held.values()) cost += this.#change(side, 0);
    this.#held.clear();
    return cost;
  }

  #change(from: number, to: number): number {
    if (from !== to) this.changes++;
    return Math.abs(to - from) * this.#costBps;
  }
}
