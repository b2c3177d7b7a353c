/** One piece of work at a time for each name, in the order they were asked for. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs the work after what was asked for earlier under the name, failed or not. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const result = before.then(work);
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(name, settled);
    try {
      return await result;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }
}
