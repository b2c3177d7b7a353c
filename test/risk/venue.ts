import type { Row } from '../../graph/contract/rows.ts';

/** An order as it really stands: at the venue, or on its way there. */
interface Live {
  readonly account: string;
  readonly symbol: string;
  readonly id: bigint;
  readonly side: 'buy' | 'sell';
  size: bigint;
  /** Null: any price, as far as the venue cares. */
  price: bigint | null;
  filled: bigint;
}

/** A fill as it really happened. */
interface Execution {
  readonly account: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly price: bigint;
  readonly size: bigint;
}

/**
 * A venue that takes messages when it likes, refuses some, of new orders mostly with a word, fills any part of any live order at its limit or
 * better, and tells of fills, changes and refusals on three feeds that lag as they like. It knows the truth that the gate can only bound.
 */
export class Venue {
  readonly #inbox: Row[] = [];
  readonly #live: Live[] = [];
  readonly executions: Execution[] = [];
  readonly fills: Row[] = [];
  readonly updates: Row[] = [];
  readonly refusals: Row[] = [];

  /** A row that the gate let through. */
  send(row: Row): void {
    this.#inbox.push(row);
  }

  /** Takes the oldest message, or refuses it; of a new order that it refuses it tells unless it is `silent`. */
  take(refuse: boolean, silent: boolean): void {
    const row = this.#inbox.shift();
    if (!row) return;
    const order = this.#live.find((live) => live.account === row.account && live.symbol === row.symbol && live.id === row.order_id);
    if (row.action === 'new') {
      if (order || refuse) {
        const { order_id = null, account = null, symbol = null, size_lots = null } = row;
        if (!silent) this.refusals.push({ order_id, account, symbol, status: 'rejected', size_lots, filled_lots: 0n, price_ticks: null });
        return;
      }
      const live = {
        account: String(row.account),
        symbol: String(row.symbol),
        id: row.order_id as bigint,
        side: row.side as 'buy' | 'sell',
      };
      this.#live.push({ ...live, size: row.size_lots as bigint, price: row.price_ticks as bigint | null, filled: 0n });
    } else if (order && row.action === 'cancel') {
      this.#over(order, 'canceled');
    } else if (order && !refuse) {
      order.size = (row.size_lots as bigint | null) ?? order.size;
      if (order.price !== null) order.price = (row.price_ticks as bigint | null) ?? order.price;
      if (order.size <= order.filled) this.#over(order, 'canceled');
      else this.#tell(order, 'replaced');
    }
  }

  /** Fills up to `lots` of the nth live order, at `better` ticks better than its limit (at the reference where it has none). */
  fill(nth: number, lots: bigint, better: bigint, reference: bigint): void {
    const order = this.#live[nth % Math.max(1, this.#live.length)];
    if (!order) return;
    const left = order.size - order.filled;
    const size = lots < left ? lots : left;
    const sign = order.side === 'buy' ? -1n : 1n;
    const price = (order.price ?? reference) + sign * better;
    order.filled += size;
    const execution = { account: order.account, symbol: order.symbol, side: order.side, price, size };
    this.executions.push(execution);
    const { account, symbol, side } = execution;
    this.fills.push({ order_id: order.id, account, symbol, side, price_ticks: price, size_lots: size });
    if (order.filled === order.size) this.#over(order, 'filled');
  }

  #over(order: Live, status: string): void {
    this.#live.splice(this.#live.indexOf(order), 1);
    this.#tell(order, status);
  }

  #tell(order: Live, status: string): void {
    const { account, symbol, id, size, filled, price } = order;
    this.updates.push({ order_id: id, account, symbol, status, size_lots: size, filled_lots: filled, price_ticks: price });
  }

  /** Every order that may still trade, with the most it may fill and the worst price at which, whatever the venue does with its inbox. */
  chances(): {
    readonly account: string;
    readonly symbol: string;
    readonly id: bigint;
    readonly side: 'buy' | 'sell';
    readonly open: bigint;
    readonly price: bigint | null;
  }[] {
    const sent = this.#inbox.filter((row) => row.action === 'new');
    const fresh = sent.filter((row, i) => !this.#is(row) && sent.findIndex((other) => sameOrder(other, row)) === i);
    const arriving = fresh.map(
      (row): Live => ({
        account: String(row.account),
        symbol: String(row.symbol),
        id: row.order_id as bigint,
        side: row.side as 'buy' | 'sell',
        size: row.size_lots as bigint,
        price: row.price_ticks as bigint | null,
        filled: 0n,
      }),
    );
    return [...this.#live, ...arriving].map((order) => {
      const amends = this.#inbox.filter(
        (row) => row.action === 'amend' && row.account === order.account && row.symbol === order.symbol && row.order_id === order.id,
      );
      const sizes = [order.size, ...amends.flatMap((row) => (row.size_lots == null ? [] : [row.size_lots as bigint]))];
      const prices =
        order.price === null ? [] : [order.price, ...amends.flatMap((row) => (row.price_ticks == null ? [] : [row.price_ticks as bigint]))];
      const size = sizes.reduce((a, b) => (a > b ? a : b));
      const price = prices.length === 0 ? null : prices.reduce((a, b) => (a > b === (order.side === 'buy') ? a : b));
      const open = size > order.filled ? size - order.filled : 0n;
      return { account: order.account, symbol: order.symbol, id: order.id, side: order.side, open, price };
    });
  }

  #is(row: Row): boolean {
    return this.#live.some((live) => live.account === row.account && live.symbol === row.symbol && live.id === row.order_id);
  }
}

function sameOrder(a: Row, b: Row): boolean {
  return a.account === b.account && a.symbol === b.symbol && a.order_id === b.order_id;
}
