import { type Book, queueOf, reducible } from './book.ts';
import type { Order } from './order.ts';
import { postOnlyPrice } from './post-only.ts';
import { end, isLive, rest, type Session, tell } from './session.ts';
import { take, wouldTradeWhole } from './take.ts';

/** Section 4: what an order that is accepted, triggered or amended does. */
export function act(session: Session, order: Order): void {
  const { book } = session;
  order.state = 'taking';
  if (book.settings.phase !== 'continuous' || order.postOnly !== null) {
    rest(session, order);
    return;
  }
  const atOnce = order.timeInForce === 'fok' || (order.timeInForce === 'ioc' && order.allOrNone);
  if ((atOnce || order.allOrNone) && !wouldTradeWhole(book, order)) {
    if (atOnce) end(session, order, 'canceled', 'fok');
    else if (order.price === null) end(session, order, 'canceled', 'no_liquidity');
    else rest(session, order);
    return;
  }
  take(session, order);
  if (!isLive(session, order)) return;
  if (order.price === null) end(session, order, 'canceled', 'no_liquidity');
  else if (order.timeInForce === 'ioc') end(session, order, 'canceled', 'ioc');
  else rest(session, order);
}

/** Section 8: all-or-none orders that fill now, then the first elected stop, until there is neither. */
export function settle(session: Session): void {
  const { book } = session;
  while (book.settings.phase === 'continuous') {
    const whole = [...wholes(book, 'buy'), ...wholes(book, 'sell')].find((order) => wouldTradeWhole(book, order));
    const elected = book.orders.find((order) => order.id === book.elected[0]);
    if (whole) take(session, whole);
    else if (elected) trigger(session, elected);
    else return;
  }
}

/** All-or-none orders of a side: best price, then entry. */
function wholes(book: Book, side: Order['side']): Order[] {
  return queueOf(book, side).filter((order) => order.allOrNone);
}

/** Section 7: the turn of an elected stop. */
function trigger(session: Session, order: Order): void {
  const { book } = session;
  book.elected = book.elected.filter((id) => id !== order.id);
  order.state = 'taking';
  tell(session, order, 'triggered', null);
  const other = book.orders.find((one) => one.id === order.pair);
  if (other) end(session, other, 'canceled', 'oco');
  const price = order.postOnly === null ? order.price : postOnlyPrice(book, order.side, order.postOnly, order.price as bigint);
  if (order.reduceOnly && reducible(book, order.account, order.side) === 0n) end(session, order, 'canceled', 'reduce_only');
  else if (order.postOnly !== null && price === null) end(session, order, 'canceled', 'post_only');
  else {
    if (price !== order.price) {
      order.price = price;
      tell(session, order, 'replaced', 'slide');
    }
    act(session, order);
  }
}
