import { act, settle } from './act.ts';
import { type Book, liveOrder } from './book.ts';
import { type ColumnName, type Instruction, type Refusal, refusal } from './instruction.ts';
import { leavesOf, type Order, waits } from './order.ts';
import { postOnlyPrice } from './post-only.ts';
import { MOST_OF_SIDE } from './range.ts';
import { sideTotal } from './refuse-new.ts';
import { end, rest, type Session, tell } from './session.ts';
import { electIfMet } from './stops.ts';
import { displayFault, priceFault, sizeFault, stopFault, tooManyParts } from './values.ts';

/** Section 9: an amend of a live order, or why it is refused. */
export function amend(session: Session, given: Instruction): Refusal | null {
  const { book } = session;
  const order = ownOrder(book, given);
  if (!order) return refusal('order-unknown', 'order_id', given.order_id);
  const refused = refuse(book, order, given);
  if (refused) return refused;
  if (given.size_lots !== null && given.size_lots <= order.filled) end(session, order, 'canceled', 'amended');
  else if (waits(order)) change(session, order, given);
  else replace(session, order, given);
  settle(session);
  return null;
}

/** The live order that an instruction names; null when it is another account's. */
export function ownOrder(book: Book, given: Instruction): Order | null {
  const order = liveOrder(book, given.order_id);
  return order?.account === given.account ? order : null;
}

function refuse(book: Book, order: Order, given: Instruction): Refusal | null {
  const { settings } = book;
  if (settings.phase === 'halt' || settings.phase === 'closed') return refusal('wrong-phase', 'phase', settings.phase);
  const size = given.size_lots ?? order.size;
  return (
    fieldFault(book, order, given) ??
    sizeFault(given, settings) ??
    priceFault(given, settings) ??
    stopFault(given, settings) ??
    displayFault(given, size, settings) ??
    partsFault(order, given) ??
    (size <= order.filled ? null : (postOnlyFault(book, order, given) ?? fullFault(book, order, size)))
  );
}

/** What cannot be amended, in the order of section 13. */
function fieldFault(book: Book, order: Order, given: Instruction): Refusal | null {
  const other = (column: ColumnName, own: string | bigint | null): boolean => given[column] !== null && given[column] !== own;
  const frozen = book.settings.phase === 'auction' && !waits(order);
  const fixed = (column: ColumnName, own: bigint | null): boolean =>
    (given[column] !== null && own === null) || (frozen && other(column, own));
  const faults: readonly (readonly [ColumnName, boolean])[] = [
    ['side', other('side', order.side)],
    ['type', other('type', order.type)],
    ['time_in_force', other('time_in_force', order.timeInForce)],
    ['self_trade', given.self_trade !== null],
    ['post_only', given.post_only !== null],
    ['hidden', given.hidden],
    ['all_or_none', given.all_or_none],
    ['reduce_only', given.reduce_only],
    ['oco_order_id', given.oco_order_id !== null],
    ['trail_ticks', given.trail_ticks !== null],
    ['expire_at', given.expire_at !== null],
    ['price_ticks', fixed('price_ticks', order.price)],
    ['stop_ticks', fixed('stop_ticks', waits(order) ? order.stop : null)],
    ['display_lots', fixed('display_lots', order.display)],
  ];
  const fault = faults.find(([, wrong]) => wrong);
  return fault ? refusal('amend-not-allowed', fault[0], given[fault[0]]) : null;
}

/** A larger size of an iceberg that shows what it showed. */
function partsFault(order: Order, given: Instruction): Refusal | null {
  if (given.size_lots === null || given.display_lots !== null || order.display === null) return null;
  return tooManyParts(given.size_lots, order.display) ? refusal('display-too-small', 'display_lots', order.display) : null;
}

/** The price that the order would have; null when it is post-only and would trade. */
function priceAfter(book: Book, order: Order, given: Instruction): { readonly price: bigint | null } | null {
  const price = given.price_ticks ?? order.price;
  if (waits(order) || order.postOnly === null || price === null || price === order.price) return { price };
  const slid = postOnlyPrice(book, order.side, order.postOnly, price);
  return slid === null ? null : { price: slid };
}

function postOnlyFault(book: Book, order: Order, given: Instruction): Refusal | null {
  return priceAfter(book, order, given) === null ? refusal('post-only-would-trade', 'price_ticks', given.price_ticks) : null;
}

function fullFault(book: Book, order: Order, size: bigint): Refusal | null {
  const total = sideTotal(book, order.side) - leavesOf(order) + (size - order.filled);
  return total > MOST_OF_SIDE ? refusal('book-full', 'size_lots', size) : null;
}

/** An order that waits for its stop. */
function change(session: Session, order: Order, given: Instruction): void {
  order.size = given.size_lots ?? order.size;
  order.price = given.price_ticks ?? order.price;
  order.stop = given.stop_ticks ?? order.stop;
  order.display = given.display_lots ?? order.display;
  tell(session, order, 'replaced', null);
  electIfMet(session.book, order);
}

/** An order in the book. */
function replace(session: Session, order: Order, given: Instruction): void {
  const { book } = session;
  const price = priceAfter(book, order, given)?.price ?? null;
  const slid = given.price_ticks !== null && price !== given.price_ticks;
  const display = given.display_lots ?? order.display;
  const size = given.size_lots ?? order.size;
  const anew = price !== order.price;
  const back = anew || display !== order.display || size > order.size;
  Object.assign(order, { price, display, size });
  tell(session, order, 'replaced', slid ? 'slide' : null);
  if (anew || order.allOrNone) act(session, order);
  else if (back) rest(session, order);
  else if (order.display !== null && order.shown > leavesOf(order)) order.shown = leavesOf(order);
}
