/**
 * What a source that cannot be read again has taken in and the log does not hold yet: a task that fails asks for it once more. Positions
 * count entries.
 */
export class Uncommitted<T> {
  readonly #entries: T[] = [];
  /** Position of the first entry; null before the first read. */
  #from: number | null = null;

  add(entries: Iterable<T>): void {
    for (const entry of entries) this.#entries.push(entry);
  }

  /** Entries from a position on, at most `most`. A position of another process, which says nothing of what is here, is where they go on. */
  at(position: number, most: number): readonly T[] {
    const offset = position - (this.#from ?? position);
    if (this.#from === null || offset < 0 || offset > this.#entries.length) {
      this.#from = position;
      return this.#entries.slice(0, most);
    }
    return this.#entries.slice(offset, offset + most);
  }

  /** All before a position is in the log. */
  committed(position: number): void {
    if (this.#from === null || position <= this.#from) return;
    this.#from += this.#entries.splice(0, position - this.#from).length;
  }
}
