/** 32 well-mixed bits of two numbers. Source: the finaliser of MurmurHash3 (A. Appleby). */
export function hash(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return h ^ (h >>> 15);
}

/** The same for a number above 32 bits, e.g. an index since 1970. */
export function hashLong(a: number, b: number): number {
  return hash(hash(a, b >>> 0), Math.floor(b / 4294967296));
}

const UNIT = 1 / 2147483648;
/** Deviation of a price over a day, as a share of it. */
const DAILY = 0.03;
const DAY_SECONDS = 86_400;
/** Waves longer than this are left out: a price stays around its level. */
const LONGEST_SECONDS = 30 * DAY_SECONDS;
/** Parts of a block that finer waves run over; each has a slot count that divides the block's. */
const FINER = [8, 64, 512] as const;

/**
 * The logarithm of a symbol's price, around 0, at any place without what came before: a sum of waves that run straight between random
 * values, each wave twice as long as the next and sqrt(2) times as high, which is how a random walk spreads.
 * Source: value noise in octaves, D. Ebert et al., *Texturing and Modeling* (2003), section 2.
 */
export class PricePath {
  readonly #seed: number;
  readonly #slots: number;
  readonly #waves: readonly { readonly blocks: number; readonly height: number }[];
  readonly #fineHeights: readonly number[];
  #start = 0;
  #slope = 0;
  #block = -1;
  #ownSeed = 0;
  #nextSeed = 0;

  constructor(seed: number, blockSlots: number, blockSeconds: number) {
    this.#seed = seed;
    this.#slots = blockSlots;
    const height = (seconds: number): number => DAILY * Math.sqrt(seconds / DAY_SECONDS);
    const waves = [{ blocks: 1, height: height(blockSeconds) }];
    for (let blocks = 2; blocks * blockSeconds < LONGEST_SECONDS; blocks *= 2)
      waves.push({ blocks, height: height(blocks * blockSeconds) });
    this.#waves = waves;
    this.#fineHeights = FINER.map((parts) => 2 * height(blockSeconds / parts));
  }

  /** Sets the block that `at` looks into. */
  enter(block: number): void {
    if (block === this.#block) return;
    this.#start = this.#coarse(block);
    this.#slope = (this.#coarse(block + 1) - this.#start) / this.#slots;
    this.#ownSeed = hashLong(this.#seed + 77, block);
    this.#nextSeed = hashLong(this.#seed + 77, block + 1);
    this.#block = block;
  }

  at(slot: number): number {
    let value = this.#start + this.#slope * slot;
    for (let i = 0; i < FINER.length; i++) {
      const parts = FINER[i] as number;
      const place = (slot * parts) / this.#slots;
      const left = Math.floor(place);
      const a = hash(this.#ownSeed, parts + left);
      const b = left + 1 === parts ? hash(this.#nextSeed, parts) : hash(this.#ownSeed, parts + left + 1);
      value += (this.#fineHeights[i] as number) * (a + (b - a) * (place - left)) * UNIT;
    }
    return value;
  }

  #coarse(block: number): number {
    let value = 0;
    for (let i = 0; i < this.#waves.length; i++) {
      const { blocks, height } = this.#waves[i] as { blocks: number; height: number };
      const place = block / blocks;
      const left = Math.floor(place);
      const a = hashLong(this.#seed + i, left);
      const b = hashLong(this.#seed + i, left + 1);
      value += height * (a + (b - a) * (place - left)) * UNIT;
    }
    return value;
  }
}
