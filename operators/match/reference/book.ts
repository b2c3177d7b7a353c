import type { Phase, Side } from '../words.ts';
import { leavesOf, type Order, opposite } from './order.ts';

/** What the port `symbols` tells of a symbol. */
export interface Settings {
  phase: Phase;
  reference: bigint | null;
  lower: bigint;
  upper: bigint;
  incrementTicks: bigint;
  incrementLots: bigint;
}

/** A displayed price. */
export interface Level {
  readonly price: bigint;
  readonly size: bigint;
  readonly orders: number;
}

/** What an uncross would trade; `price` null: nothing. */
export interface Indication {
  readonly price: bigint | null;
  readonly size: bigint;
  readonly surplus: bigint | null;
}

export const NO_INDICATION: Indication = { price: null, size: 0n, surplus: null };

/** Everything that is known of one symbol: data only, so that a copy of it is a copy of the book. */
export interface Book {
  readonly symbol: string;
  time: bigint;
  settings: Settings;
  /** All live orders, oldest first. */
  orders: Order[];
  /** Orders whose stop was met and that are not triggered yet, first elected first. */
  elected: bigint[];
  positions: Map<string, bigint>;
  /** Price of the last trade. */
  last: bigint | null;
  entries: number;
  places: number;
  executions: number;
  sequence: number;
  /** Best levels as last told, by side. */
  told: { buy: readonly Level[]; sell: readonly Level[] };
  indicated: Indication;
}

export function newBook(symbol: string, time: bigint, settings: Settings): Book {
  return {
    symbol,
    time,
    settings: { ...settings },
    orders: [],
    elected: [],
    positions: new Map(),
    last: null,
    entries: 0,
    places: 0,
    executions: 0,
    sequence: 0,
    told: { buy: [], sell: [] },
    indicated: NO_INDICATION,
  };
}

/** A copy to play a take through in. */
export function copyOf(book: Book): Book {
  return {
    ...book,
    orders: book.orders.map((order) => ({ ...order })),
    elected: [...book.elected],
    positions: new Map(book.positions),
  };
}

export function liveOrder(book: Book, id: bigint | null): Order | null {
  return book.orders.find((order) => order.id === id) ?? null;
}

export function positionOf(book: Book, account: string): bigint {
  return book.positions.get(account) ?? 0n;
}

/** By how much an order of that side may trade and only make its account's position smaller. */
export function reducible(book: Book, account: string, side: Side): bigint {
  const position = positionOf(book, account);
  if (side === 'buy') return position < 0n ? -position : 0n;
  return position > 0n ? position : 0n;
}

export function capOf(book: Book, order: Order): bigint {
  const leaves = leavesOf(order);
  if (!order.reduceOnly) return leaves;
  const most = reducible(book, order.account, order.side);
  return most < leaves ? most : leaves;
}

/** Section 3: orders with a price that rest on a side, best first. */
export function queueOf(book: Book, side: Side): Order[] {
  return book.orders
    .filter((order) => order.state === 'resting' && order.side === side && order.price !== null)
    .sort((a, b) => byPrice(side, a.price as bigint, b.price as bigint) || rank(a) - rank(b) || turn(a) - turn(b));
}

/** Below 0 where the first price is the better one of that side. */
export function byPrice(side: Side, a: bigint, b: bigint): number {
  const up = a < b ? -1 : a > b ? 1 : 0;
  return side === 'buy' ? -up : up;
}

/** At one price: displayed orders, hidden ones, all-or-none ones. */
export function rank(order: Order): number {
  if (order.allOrNone) return 2;
  return order.hidden ? 1 : 0;
}

function turn(order: Order): number {
  return order.allOrNone ? order.entry : order.place;
}

/** Whether a trade at `price` is within the limit of an order; null: no limit. */
export function within(side: Side, limit: bigint | null, price: bigint): boolean {
  return limit === null || byPrice(opposite(side), price, limit) <= 0;
}

export function inBands(settings: Settings, price: bigint): boolean {
  return price >= settings.lower && price <= settings.upper;
}
