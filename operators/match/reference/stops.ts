import type { Book } from './book.ts';
import { byEntry, type Order } from './order.ts';

/** Section 7: whether a trade at that price meets the stop of an order. */
export function meets(order: Order, price: bigint): boolean {
  if (order.stop === null) return false;
  return order.side === 'buy' ? price >= order.stop : price <= order.stop;
}

/** Puts an order into the queue of those to be triggered. */
export function elect(book: Book, order: Order): void {
  order.state = 'elected';
  book.elected.push(order.id);
}

/** Elects an order that waits, if the last trade meets its stop. */
export function electIfMet(book: Book, order: Order): void {
  if (book.settings.phase === 'continuous' && book.last !== null && meets(order, book.last)) elect(book, order);
}

/** All waiting stops see a trade: those that it meets are elected, then those that trail follow it. */
export function look(book: Book, price: bigint): void {
  const waiting = book.orders.filter((order) => order.state === 'waiting').sort(byEntry);
  for (const order of waiting) if (meets(order, price)) elect(book, order);
  for (const order of waiting) if (order.state === 'waiting') follow(order, price);
}

function follow(order: Order, price: bigint): void {
  if (order.trail === null || order.stop === null) return;
  const stop = trailing(order.side, price, order.trail);
  if (order.side === 'buy' ? stop < order.stop : stop > order.stop) order.stop = stop;
}

/** The stop that trails a price. */
export function trailing(side: Order['side'], price: bigint, trail: bigint): bigint {
  return side === 'buy' ? price + trail : price - trail;
}
