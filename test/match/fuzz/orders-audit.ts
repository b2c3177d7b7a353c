import type { Row } from '../../../graph/contract/rows.ts';

/** What the rows of the ports tell of a live order. */
interface Known {
  readonly id: bigint;
  readonly side: string;
  readonly hidden: boolean;
  readonly allOrNone: boolean;
  readonly iceberg: boolean;
  readonly expireAt: bigint | null;
  price: bigint | null;
  size: bigint;
  filled: bigint;
  waits: boolean;
  /** When it last went to the tail of its price; of an iceberg not known. */
  joined: number;
}

/** A broken promise of the exchange, as opposed to a difference between two kernels. */
export class Broken extends Error {}

function must(holds: boolean, promise: string, row: Row): void {
  if (holds) return;
  const shown = JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  throw new Broken(`${promise}: ${shown}`);
}

/** Follows the orders of one symbol through the rows of `fills` and `orders`, and nothing else but the accepted instructions. */
export class OrdersAudit {
  readonly #live = new Map<bigint, Known>();
  readonly #accepted: Row[] = [];
  #executions = 0n;
  #joins = 0;

  /** A new order that was not refused; its row on `orders` comes later. */
  accept(instruction: Row): void {
    this.#accepted.push(instruction);
  }

  /** The rows of one step, in order. */
  follow(orders: readonly Row[], fills: readonly Row[]): void {
    let next = 0;
    for (const row of orders) {
      if (row.status === 'new' || row.status === 'pending') this.#begin(row);
      else if (row.status === 'filled' || row.status === 'partially_filled')
        this.#fill(row, fills[next++] ?? {}, fills[(next - 1) ^ 1] ?? {});
      else this.#change(row);
    }
    must(next === fills.length, 'every fill has its row on orders', fills[next] ?? {});
  }

  #begin(row: Row): void {
    const given = this.#accepted.shift() ?? {};
    const id = row.order_id as bigint;
    must(given.order_id === id && given.side === row.side && given.account === row.account, 'accepted orders come in order', row);
    must(!this.#live.has(id), 'an id is live once', row);
    must(row.size_lots === given.size_lots && row.leaves_lots === row.size_lots && row.filled_lots === 0n, 'a new order is whole', row);
    this.#live.set(id, {
      id,
      side: String(row.side),
      hidden: given.hidden === true,
      allOrNone: given.all_or_none === true,
      iceberg: given.display_lots != null,
      expireAt: (given.expire_at as bigint | null) ?? null,
      price: row.price_ticks as bigint | null,
      size: row.size_lots as bigint,
      filled: 0n,
      waits: row.status === 'pending',
      joined: ++this.#joins,
    });
  }

  #known(row: Row): Known {
    const known = this.#live.get(row.order_id as bigint);
    must(known !== undefined, 'only live orders change', row);
    return known as Known;
  }

  /** An execution has two neighbouring rows on `fills`: `fill` is this order's, `other` the other's. */
  #fill(row: Row, fill: Row, other: Row): void {
    const order = this.#known(row);
    const [price, size] = [fill.price_ticks as bigint, fill.size_lots as bigint];
    must(fill.order_id === order.id && fill.leaves_lots === row.leaves_lots, 'the rows of a fill tell the same', row);
    const same = ['execution_id', 'price_ticks', 'size_lots', 'ts_event'].every((name) => fill[name] === other[name]);
    must(same && fill.side !== other.side, 'an execution is a buy and a sell of one size and price', fill);
    if (fill.execution_id !== this.#executions) this.#executions += 1n;
    must(fill.execution_id === this.#executions, 'executions are numbered without gaps', fill);
    must(size > 0n && !order.waits, 'only orders that are in the book trade, and some size', fill);
    if (order.price !== null) must(order.side === 'buy' ? price <= order.price : price >= order.price, 'no fill beyond a limit', fill);
    if (fill.liquidity === 'maker') must(price === order.price, "trades are at the maker's price", fill);
    must(order.expireAt === null || (fill.ts_event as bigint) < order.expireAt, 'nothing trades when it is over', fill);
    if (fill.liquidity !== 'taker') this.#hasTurn(order, fill);
    order.filled += size;
    must(row.filled_lots === order.filled && row.size_lots === order.size, 'the sum of fills is what is filled', row);
    must(row.leaves_lots === order.size - order.filled, 'what is left is size less filled', row);
    must((row.status === 'filled') === (order.size === order.filled), 'filled means nothing is left', row);
    if (order.size === order.filled) this.#live.delete(order.id);
  }

  /** No order of the same side stands before one that trades from the book. */
  #hasTurn(order: Known, fill: Row): void {
    for (const other of this.#live.values()) {
      if (other === order || other.side !== order.side || other.waits || other.allOrNone) continue;
      must(!better(other, order), 'the best price trades first', fill);
      if (other.price !== order.price || order.allOrNone) continue;
      must(other.hidden || !order.hidden, 'displayed orders trade before hidden ones', fill);
      const comparable = other.hidden === order.hidden && !other.iceberg && !order.iceberg;
      must(!comparable || other.joined > order.joined, 'first in, first out within a price', fill);
    }
  }

  #change(row: Row): void {
    const order = this.#known(row);
    must(row.filled_lots === order.filled, 'only fills change what is filled', row);
    if (row.status === 'canceled' || row.status === 'expired') {
      must(row.leaves_lots === 0n, 'nothing is left of an order that is over', row);
      this.#live.delete(order.id);
      return;
    }
    const [price, size] = [row.price_ticks as bigint | null, row.size_lots as bigint];
    if (row.status === 'triggered') order.waits = false;
    if (row.status === 'triggered' || price !== order.price || size > order.size) order.joined = ++this.#joins;
    Object.assign(order, { price, size });
    must(row.leaves_lots === size - order.filled && size > order.filled, 'what is left is size less filled', row);
  }

  /** Between instructions, in phase `continuous`. */
  uncrossed(): void {
    const prices = (side: string) =>
      [...this.#live.values()].flatMap((order) => (order.side === side && !order.waits && !order.allOrNone ? [order.price] : []));
    for (const bid of prices('buy'))
      for (const ask of prices('sell')) {
        must(bid !== null && ask !== null, 'market orders do not rest', {});
        must((bid as bigint) < (ask as bigint), 'the book is never crossed', { bid, ask });
      }
  }

  /** Orders and size displayed at each price, best first; size null where an iceberg shows less than it has. */
  levels(side: string): { readonly price: bigint; readonly orders: bigint; readonly size: bigint | null }[] {
    const levels = new Map<bigint, { price: bigint; orders: bigint; size: bigint | null }>();
    for (const order of this.#live.values()) {
      if (order.side !== side || order.waits || order.hidden || order.allOrNone || order.price === null) continue;
      const level = levels.get(order.price) ?? { price: order.price, orders: 0n, size: 0n };
      levels.set(order.price, level);
      level.orders += 1n;
      level.size = order.iceberg || level.size === null ? null : level.size + order.size - order.filled;
    }
    return [...levels.values()].sort((a, b) => Number(a.price - b.price) * (side === 'buy' ? -1 : 1));
  }
}

function better(a: Known, b: Known): boolean {
  if (a.price === null || b.price === null) return a.price === null && b.price !== null;
  return a.side === 'buy' ? a.price > b.price : a.price < b.price;
}
