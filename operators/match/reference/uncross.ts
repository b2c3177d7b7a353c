import type { Side } from '../words.ts';
import { type Book, byPrice, type Indication, NO_INDICATION, rank, within } from './book.ts';
import { least, leavesOf, type Order } from './order.ts';
import { MOST_OF_SIDE } from './range.ts';
import { isLive, type Session, showAgain } from './session.ts';
import { execute } from './take.ts';

/** Ranges of more steps than this are looked at only where demand or supply can change. */
const STEPS = 200n;

/** Section 11: trades at one price, repeated while pairs that end leave the book crossed. */
export function uncross(session: Session): void {
  const { book } = session;
  for (let found = indication(book); found.price !== null; found = indication(book)) {
    const size = tradeAt(session, found.price);
    book.last = found.price;
    session.auctions.push({ ...auctionRow(book, { ...found, size }), final: true });
  }
}

/** Trades all it can at a price; the size that it traded. */
function tradeAt(session: Session, price: bigint): bigint {
  const [buys, sells] = (['buy', 'sell'] as const).map((side) => eligible(session.book, side, price)) as [Order[], Order[]];
  let size = 0n;
  for (const buy of buys)
    for (const sell of sells) {
      if (!isLive(session, buy) || !isLive(session, sell)) continue;
      const amount = least(leavesOf(buy), leavesOf(sell));
      execute(session, [buy, sell], amount, price, ['auction', 'auction']);
      for (const order of [buy, sell]) showAgain(order);
      size += amount;
    }
  return size;
}

/** Orders of a side that would trade at a price, market orders first, then by price and queue. */
function eligible(book: Book, side: Side, price: bigint): Order[] {
  return present(book)
    .filter((order) => order.side === side && within(side, order.price, price))
    .sort((a, b) => byLimit(side, a, b) || rank(a) - rank(b) || a.place - b.place);
}

function byLimit(side: Side, a: Order, b: Order): number {
  if (a.price === null || b.price === null) return Number(b.price === null) - Number(a.price === null);
  return byPrice(side, a.price, b.price);
}

/** Orders that take part in an uncross. */
function present(book: Book): Order[] {
  return book.orders.filter((order) => order.state === 'resting' && !order.allOrNone && !order.reduceOnly);
}

/** What would trade now. */
export function indication(book: Book): Indication {
  const all = candidates(book).map((price) => at(book, price));
  const most = all.reduce((size, one) => (one.size > size ? one.size : size), 0n);
  const largest = all.filter(({ size }) => size === most && size > 0n);
  const smallest = least(MOST_OF_SIDE * 2n, ...largest.map(({ surplus }) => magnitude(surplus)));
  const left = largest.filter(({ surplus }) => magnitude(surplus) === smallest);
  const [low, high] = [left[0], left.at(-1)];
  if (!low || !high) return NO_INDICATION;
  if (left.every(({ surplus }) => surplus > 0n)) return high;
  if (left.every(({ surplus }) => surplus < 0n)) return low;
  const reference = book.settings.reference ?? book.last ?? floor(low.price + high.price, 2n) / 2n;
  // prices between two that are left are left too
  const between = near([reference], book.settings.incrementTicks).filter((price) => price > low.price && price < high.price);
  const below = [...left.map(({ price }) => price), ...between].filter((price) => price <= reference);
  return below.length === 0 ? low : at(book, greatest(below));
}

/** Demand and supply at a price. */
function at(book: Book, price: bigint) {
  const [demand, supply] = (['buy', 'sell'] as const).map((side) =>
    eligible(book, side, price).reduce((sum, order) => sum + leavesOf(order), 0n),
  ) as [bigint, bigint];
  return { price, size: least(demand, supply), surplus: demand - supply };
}

/** Prices that are looked at, lowest first. */
export function candidates(book: Book): bigint[] {
  const orders = present(book);
  const limits = orders.flatMap(({ price }) => (price === null ? [] : [price]));
  const { reference, incrementTicks: step } = book.settings;
  if (limits.length === 0) return orders.length === 0 ? [] : [reference ?? book.last].filter((price) => price !== null);
  const [low, high] = [least(...limits), greatest(limits)];
  const multiples: bigint[] = [];
  if ((high - low) / step <= STEPS) for (let price = floor(low, step); price <= high; price += step) multiples.push(price);
  else multiples.push(...near(limits, step));
  const all = [...limits, ...multiples].filter((price) => price >= low && price <= high);
  return [...new Set(all)].sort((a, b) => byPrice('sell', a, b));
}

/** The multiples of a step on both sides of every price, and those next to them. */
function near(prices: readonly bigint[], step: bigint): bigint[] {
  return prices.map((price) => floor(price, step)).flatMap((price) => [price - step, price, price + step]);
}

/** The largest multiple of `step` at or below a value. */
export function floor(value: bigint, step: bigint): bigint {
  return value - (((value % step) + step) % step);
}

function greatest(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** A row of the port `auction` while it goes on. */
export function auctionRow(book: Book, { price, size, surplus }: Indication) {
  return {
    ts_event: book.time,
    symbol: book.symbol,
    indicative_ticks: price,
    indicative_lots: size,
    surplus_lots: surplus,
    final: false,
  };
}
