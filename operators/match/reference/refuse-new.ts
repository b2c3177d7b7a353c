import { ORDER_WORDS } from '../words.ts';
import { type Book, liveOrder, positionOf, reducible } from './book.ts';
import { type ColumnName, type Instruction, type Refusal, refusal } from './instruction.ts';
import { isStop, leavesOf } from './order.ts';
import { postOnlyPrice } from './post-only.ts';
import { MOST_OF_SIDE } from './range.ts';
import { displayFault, priceFault, sizeFault, stopFault, trailFault } from './values.ts';

/** The first of the checks of section 2 that refuses a new order; null: it is accepted. */
export function refuseNew(book: Book, given: Instruction): Refusal | null {
  const { settings } = book;
  if (settings.phase === 'halt' || settings.phase === 'closed') return refusal('wrong-phase', 'phase', settings.phase);
  return (
    wordFault(given) ??
    (liveOrder(book, given.order_id) ? refusal('order-duplicate', 'order_id', given.order_id) : null) ??
    missing(given, 'size_lots', 'size') ??
    sizeFault(given, settings) ??
    belongs(given, 'price_ticks', 'price', ['limit', 'stop_limit'], ['limit', 'stop_limit']) ??
    priceFault(given, settings) ??
    belongs(given, 'stop_ticks', 'stop', ['stop', 'stop_limit'], ['stop', 'stop_limit', 'trailing_stop']) ??
    stopFault(given, settings) ??
    belongs(given, 'trail_ticks', 'trail', ['trailing_stop'], ['trailing_stop']) ??
    trailFault(given, settings) ??
    expiryFault(given, book.time) ??
    combinationFault(given) ??
    displayFault(given, given.size_lots as bigint, settings) ??
    auctionFault(given, settings.phase) ??
    pairFault(book, given) ??
    referenceFault(book, given) ??
    reduceFault(book, given) ??
    postOnlyFault(book, given) ??
    fullFault(book, given)
  );
}

function missing(given: Instruction, column: ColumnName, what: string): Refusal | null {
  return given[column] === null ? refusal(`${what}-missing`, column, null) : null;
}

function notAllowed(given: Instruction, column: ColumnName): Refusal {
  return refusal('field-not-allowed', column, given[column]);
}

/** A column that the types `needing` must have and only the types `having` may have. */
function belongs(given: Instruction, column: ColumnName, what: string, needing: string[], having: string[]): Refusal | null {
  const type = given.type as string;
  if (given[column] !== null && !having.includes(type)) return notAllowed(given, column);
  return needing.includes(type) ? missing(given, column, what) : null;
}

/** 2. */
function wordFault(given: Instruction): Refusal | null {
  for (const { column, what, words, required } of ORDER_WORDS) {
    const word = given[column];
    if (word === null && required) return refusal(`${what}-missing`, column, null);
    if (word !== null && !words.some((known) => known === word)) return refusal(`${what}-unknown`, column, word);
  }
  return null;
}

/** 8. */
function expiryFault(given: Instruction, now: bigint): Refusal | null {
  if (given.time_in_force !== 'gtd') return given.expire_at === null ? null : notAllowed(given, 'expire_at');
  if (given.expire_at === null) return refusal('expire-missing', 'expire_at', null);
  return given.expire_at <= now ? refusal('expired', 'expire_at', given.expire_at) : null;
}

/** 9. */
function combinationFault(given: Instruction): Refusal | null {
  const priceless = ['market', 'stop', 'trailing_stop'].includes(given.type as string);
  const atOnce = given.time_in_force === 'ioc' || given.time_in_force === 'fok';
  if (priceless && given.post_only !== null) return notAllowed(given, 'post_only');
  if (priceless && given.hidden) return notAllowed(given, 'hidden');
  if (priceless && given.display_lots !== null) return notAllowed(given, 'display_lots');
  if (given.post_only !== null && (atOnce || given.all_or_none)) return notAllowed(given, 'post_only');
  if (given.hidden && given.display_lots !== null) return notAllowed(given, 'hidden');
  if (given.all_or_none && given.display_lots !== null) return notAllowed(given, 'display_lots');
  return null;
}

/** 11. */
function auctionFault(given: Instruction, phase: string): Refusal | null {
  if (phase !== 'auction' || isStop(given.type as string)) return null;
  const atOnce = given.time_in_force === 'ioc' || given.time_in_force === 'fok';
  return atOnce || given.all_or_none || given.reduce_only || given.post_only !== null ? refusal('wrong-phase', 'phase', phase) : null;
}

/** 12. */
function pairFault(book: Book, given: Instruction): Refusal | null {
  if (given.oco_order_id === null) return null;
  const other = liveOrder(book, given.oco_order_id);
  if (!other || other.account !== given.account) return refusal('oco-unknown', 'oco_order_id', given.oco_order_id);
  return other.pair === null ? null : refusal('oco-taken', 'oco_order_id', given.oco_order_id);
}

/** 13. */
function referenceFault(book: Book, given: Instruction): Refusal | null {
  if (given.type !== 'trailing_stop' || given.stop_ticks !== null) return null;
  return book.last === null && book.settings.reference === null ? refusal('reference-missing', 'stop_ticks', null) : null;
}

/** 14. */
function reduceFault(book: Book, given: Instruction): Refusal | null {
  if (!given.reduce_only || isStop(given.type as string)) return null;
  const account = given.account as string;
  const side = given.side === 'buy' ? 'buy' : 'sell';
  return reducible(book, account, side) === 0n ? refusal('reduce-only', 'position', positionOf(book, account)) : null;
}

/** 15. */
function postOnlyFault(book: Book, given: Instruction): Refusal | null {
  if (given.post_only === null || isStop(given.type as string)) return null;
  const side = given.side === 'buy' ? 'buy' : 'sell';
  const mode = given.post_only === 'slide' ? 'slide' : 'reject';
  const price = postOnlyPrice(book, side, mode, given.price_ticks as bigint);
  return price === null ? refusal('post-only-would-trade', 'price_ticks', given.price_ticks) : null;
}

/** 16. */
function fullFault(book: Book, given: Instruction): Refusal | null {
  return sideTotal(book, given.side) + (given.size_lots as bigint) > MOST_OF_SIDE
    ? refusal('book-full', 'size_lots', given.size_lots)
    : null;
}

/** Leaves of all live orders of a side. */
export function sideTotal(book: Book, side: string | null): bigint {
  return book.orders.filter((order) => order.side === side).reduce((sum, order) => sum + leavesOf(order), 0n);
}
