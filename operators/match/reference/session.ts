import type { Row } from '../../../graph/contract/rows.ts';
import { type Book, liveOrder } from './book.ts';
import { leavesOf, type Order, waits } from './order.ts';

/** Rows by port, and the book that they come from while an instruction acts on it. */
export interface Session {
  readonly book: Book;
  readonly fills: Row[];
  readonly orders: Row[];
  readonly levels: Row[];
  readonly auctions: Row[];
}

export function sessionOf(book: Book): Session {
  return { book, fills: [], orders: [], levels: [], auctions: [] };
}

/** A row of the port `orders`. */
export function tell({ book, orders }: Session, order: Order, status: string, reason: string | null): void {
  orders.push({
    ts_event: book.time,
    symbol: book.symbol,
    order_id: order.id,
    account: order.account,
    side: order.side,
    status,
    reason,
    price_ticks: order.price,
    stop_ticks: waits(order) ? order.stop : null,
    size_lots: order.size,
    leaves_lots: status === 'canceled' || status === 'expired' ? 0n : leavesOf(order),
    filled_lots: order.filled,
  });
}

/** Takes an order out of the book for good; its pair is no more. */
export function remove({ book }: Session, order: Order): void {
  const other = liveOrder(book, order.pair);
  if (other) other.pair = null;
  book.orders = book.orders.filter((one) => one.id !== order.id);
  book.elected = book.elected.filter((id) => id !== order.id);
}

/** Ends an order that is not filled. */
export function end(session: Session, order: Order, status: 'canceled' | 'expired', reason: string | null): void {
  tell(session, order, status, reason);
  remove(session, order);
}

export function isLive({ book }: Session, order: Order): boolean {
  return liveOrder(book, order.id) !== null;
}

/** At the tail of its price; an iceberg shows anew. */
export function rest({ book }: Session, order: Order): void {
  order.state = 'resting';
  order.place = ++book.places;
  showAgain(order);
}

/** An iceberg shows its next part. */
export function showAgain(order: Order): void {
  const leaves = leavesOf(order);
  if (order.display !== null) order.shown = order.display < leaves ? order.display : leaves;
}
