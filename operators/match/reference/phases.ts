import type { Phase } from '../words.ts';
import { settle } from './act.ts';
import { type Book, inBands, NO_INDICATION, type Settings } from './book.ts';
import type { Instruction } from './instruction.ts';
import { byEntry, type Order } from './order.ts';
import { end, type Session } from './session.ts';
import { look } from './stops.ts';
import { uncross } from './uncross.ts';

/** What a row of `symbols` changes of what it does not leave null. */
export function changed(settings: Settings, given: Instruction): Settings {
  return {
    phase: (given.phase as Phase | null) ?? settings.phase,
    reference: given.reference_ticks ?? settings.reference,
    lower: given.lower_ticks ?? settings.lower,
    upper: given.upper_ticks ?? settings.upper,
    incrementTicks: given.increment_ticks ?? settings.incrementTicks,
    incrementLots: given.increment_lots ?? settings.incrementLots,
  };
}

/** Section 10: a row of `symbols` that is not refused. */
export function set(session: Session, given: Instruction): void {
  const { book } = session;
  const from = book.settings.phase;
  book.settings = { ...changed(book.settings, given), phase: from };
  endAll(session, (order) => order.price !== null && !inBands(book.settings, order.price), 'canceled', 'price_band');
  const to = (given.phase as Phase | null) ?? from;
  if (to !== from) enterPhase(session, from, to);
  settle(session);
}

function enterPhase(session: Session, from: Phase, to: Phase): void {
  const { book } = session;
  book.settings.phase = to;
  if (to === 'auction') {
    endAll(session, (order) => order.state === 'resting' && (order.allOrNone || order.reduceOnly), 'canceled', 'phase');
    book.indicated = NO_INDICATION;
  }
  if (to === 'continuous' || (to === 'closed' && from === 'auction')) uncross(session);
  if (from === 'auction') endAll(session, (order) => order.state === 'resting' && order.price === null, 'canceled', 'no_liquidity');
  if (to === 'closed') endAll(session, (order) => order.timeInForce === 'day', 'expired', 'day');
  if (to === 'continuous' && book.last !== null) look(book, book.last);
}

/** Ends the orders for which something holds, in entry order. */
function endAll(session: Session, holds: (order: Order) => boolean, status: 'canceled' | 'expired', reason: string): void {
  for (const order of session.book.orders.filter(holds).sort(byEntry)) end(session, order, status, reason);
}

/** Orders that are over at or before `until`: (expire_at, entry). */
export function expiring(book: Book, until: bigint): Order[] {
  const over = book.orders.filter((order) => order.expireAt !== null && order.expireAt <= until);
  return over.sort((a, b) => Number((a.expireAt as bigint) - (b.expireAt as bigint)) || byEntry(a, b));
}
