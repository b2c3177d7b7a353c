/** Messages that are committed and not shown yet: per partition all from an inner offset on, so that nothing is seen out of order. */
export class Visibility {
  readonly #hidden = new Map<string, number>();
  readonly #waiters = new Set<() => void>();

  /** Hides what a partition gets from inner offset `from` on, for `ms`; what is hidden already stays hidden until then. */
  hide(topic: string, partition: number, from: number, ms: number): void {
    const key = `${topic}/${partition}`;
    if (this.#hidden.has(key)) return;
    this.#hidden.set(key, from);
    setTimeout(() => {
      this.#hidden.delete(key);
      for (const waiter of [...this.#waiters]) waiter();
    }, ms).unref();
  }

  /** First inner offset that nobody may see, at most `high`. */
  end(topic: string, partition: number, high: number): number {
    return Math.min(high, this.#hidden.get(`${topic}/${partition}`) ?? high);
  }

  get isAnyHidden(): boolean {
    return this.#hidden.size > 0;
  }

  /** Resolves when something is shown that was hidden, or after `ms`. */
  changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      timer.unref();
      this.#waiters.add(done);
    });
  }
}
