/** A 32-bit hash of a text and a number (FNV-1a, then the finalizer of MurmurHash3). */
export function hash32(text: string, number: number): number {
  let h = 0x811c9dc5 ^ number;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Seeded decisions. Each name has a sequence of its own, so what one verb meets does not depend on how often others were called. */
export class Dice {
  readonly #seed: number;
  readonly #rolled = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The next number of `name`'s sequence, in [0, 1). */
  roll(name: string): number {
    const count = this.#rolled.get(name) ?? 0;
    this.#rolled.set(name, count + 1);
    return hash32(`${this.#seed}/${name}`, count) / 2 ** 32;
  }

  /** True with the given probability. */
  hits(name: string, probability: number): boolean {
    return this.roll(name) < probability;
  }

  /** A whole number in [low, high]. */
  between(name: string, low: number, high: number): number {
    return low + Math.floor(this.roll(name) * (high - low + 1));
  }
}
