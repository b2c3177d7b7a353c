/** What was said of a row whose label has not come yet. */
export interface Remembered<S> {
  readonly ns: bigint;
  readonly said: S;
}

/** The queue of one key, oldest first: the rules of `native/kernels/src/learning/pending.rs`. */
export const Remembered = {
  push<S>(queue: Remembered<S>[], ns: bigint, said: S, most: number): void {
    if (queue.length >= most) queue.shift();
    if (most > 0) queue.push({ ns, said });
  },

  /** Takes what was said of the row of that time; what is older in front of it will not be asked for again. */
  take<S>(queue: Remembered<S>[], ns: bigint): Remembered<S> | null {
    while (queue[0] !== undefined && queue[0].ns < ns) queue.shift();
    return queue[0]?.ns === ns ? (queue.shift() ?? null) : null;
  },
};
