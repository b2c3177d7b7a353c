import { crc32 } from 'node:zlib';
import type { Row } from '../../../graph/contract/rows.ts';
import { Broken, type OrdersAudit } from './orders-audit.ts';

interface Level {
  readonly price: bigint;
  readonly size: bigint;
  readonly orders: bigint;
}

/** Rebuilds the best levels of one symbol from the rows of `book`. */
export class LevelsAudit {
  readonly #sides = { buy: new Map<bigint, Level>(), sell: new Map<bigint, Level>() };
  readonly #depth: number;
  #sequence = 0n;
  #open = false;

  constructor(depth: number) {
    this.#depth = depth;
  }

  follow(rows: readonly Row[]): void {
    for (const row of rows) {
      if (!this.#open) this.#sequence += 1n;
      if (row.sequence !== this.#sequence) throw new Broken(`sequence ${row.sequence} of book after ${this.#sequence}`);
      this.#open = row.final !== true;
      const side = this.#sides[row.side === 'buy' ? 'buy' : 'sell'];
      const price = row.price_ticks as bigint;
      if (row.size_lots === 0n) {
        if (!side.delete(price)) throw new Broken(`level ${price} goes, which was not there`);
      } else side.set(price, { price, size: row.size_lots as bigint, orders: row.orders as bigint });
      if (row.final === true) this.#whole(row);
    }
    if (this.#open) throw new Broken(`change ${this.#sequence} of book has no final row`);
  }

  #best(side: 'buy' | 'sell'): Level[] {
    return [...this.#sides[side].values()].sort((a, b) => Number(a.price - b.price) * (side === 'buy' ? -1 : 1));
  }

  #whole(row: Row): void {
    const [bids, asks] = [this.#best('buy'), this.#best('sell')];
    if (Math.max(bids.length, asks.length) > this.#depth) throw new Broken(`more than ${this.#depth} levels`);
    const bytes = Buffer.alloc((bids.length + asks.length) * 16);
    [...bids, ...asks].forEach(({ price, size }, i) => {
      bytes.writeBigInt64LE(price, i * 16);
      bytes.writeBigInt64LE(size, i * 16 + 8);
    });
    if (row.checksum !== BigInt(crc32(bytes)))
      throw new Broken(`checksum ${row.checksum} of change ${row.sequence}, rebuilt ${crc32(bytes)}`);
    const told = [row.bid_ticks, row.bid_lots, row.ask_ticks, row.ask_lots];
    const best = [bids[0]?.price, bids[0]?.size, asks[0]?.price, asks[0]?.size].map((value) => value ?? null);
    if (told.some((value, i) => value !== best[i])) throw new Broken(`best prices ${told} of change ${row.sequence}, rebuilt ${best}`);
  }

  /** The rebuilt levels are those of the live orders. */
  agrees(orders: OrdersAudit): void {
    for (const side of ['buy', 'sell'] as const) {
      const [is, expected] = [this.#best(side), orders.levels(side).slice(0, this.#depth)];
      const same = is.length === expected.length && is.every((level, i) => sameLevel(level, expected[i] as (typeof expected)[number]));
      if (!same) throw new Broken(`levels of ${side} ${is.map(shown)}, of the orders ${expected.map(shown)}`);
    }
  }
}

function sameLevel(a: Level, b: { readonly price: bigint; readonly orders: bigint; readonly size: bigint | null }): boolean {
  return a.price === b.price && a.orders === b.orders && (b.size === null || a.size === b.size);
}

function shown({ price, size, orders }: { readonly price: bigint; readonly orders: bigint; readonly size: bigint | null }): string {
  return `${size ?? '?'}@${price} of ${orders}`;
}
