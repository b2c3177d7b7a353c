import { type Book, capOf, copyOf, liveOrder, positionOf, queueOf, reducible, within } from './book.ts';
import { least, leavesOf, type Order, opposite, showsOf } from './order.ts';
import { end, isLive, remove, type Session, sessionOf, showAgain, tell } from './session.ts';
import { look } from './stops.ts';

/** Section 4: an order takes from the other side until it has no leaves, no maker, or is cancelled. */
export function take(session: Session, taker: Order): void {
  const { book } = session;
  const passed = new Set<bigint>();
  while (isLive(session, taker)) {
    const cap = capOf(book, taker);
    if (cap === 0n) {
      end(session, taker, 'canceled', 'reduce_only');
      return;
    }
    const makers = queueOf(book, opposite(taker.side)).filter((order) => within(taker.side, taker.price, order.price as bigint));
    const maker = makers.find((order) => !passed.has(order.id));
    if (!maker) return;
    const can = maker.reduceOnly ? reducible(book, maker.account, maker.side) : leavesOf(maker);
    if (maker.allOrNone && leavesOf(maker) > cap) passed.add(maker.id);
    else if (maker.account === taker.account && taker.selfTrade !== 'none') preventSelfTrade(session, maker, taker, cap);
    else if (can === 0n || (maker.allOrNone && can < leavesOf(maker))) end(session, maker, 'canceled', 'reduce_only');
    else trade(session, maker, taker, least(cap, showsOf(maker), can));
  }
}

/** Whether an order that takes now would trade all that is left of it: played through in a copy of the book. */
export function wouldTradeWhole(book: Book, order: Order): boolean {
  const copy = copyOf(book);
  const played = liveOrder(copy, order.id) as Order;
  take(sessionOf(copy), played);
  return played.filled - order.filled === leavesOf(order);
}

/** Section 5. */
function preventSelfTrade(session: Session, maker: Order, taker: Order, cap: bigint): void {
  const mode = taker.selfTrade;
  if (mode === 'cancel_oldest' || mode === 'cancel_both') end(session, maker, 'canceled', 'self_trade');
  if (mode === 'cancel_newest' || mode === 'cancel_both') end(session, taker, 'canceled', 'self_trade');
  if (mode !== 'decrement') return;
  const amount = least(cap, showsOf(maker));
  for (const order of [maker, taker]) {
    order.size -= amount;
    if (leavesOf(order) === 0n) end(session, order, 'canceled', 'self_trade');
    else tell(session, order, 'replaced', 'self_trade');
  }
  hide(session, maker, amount);
}

function trade(session: Session, maker: Order, taker: Order, amount: bigint): void {
  const { book } = session;
  const price = maker.price as bigint;
  execute(session, [maker, taker], amount, price, ['maker', 'taker']);
  if (isLive(session, maker) && maker.reduceOnly && reducible(book, maker.account, maker.side) === 0n)
    end(session, maker, 'canceled', 'reduce_only');
  hide(session, maker, amount);
  book.last = price;
  look(book, price);
}

/** An iceberg that shows nothing more shows its next part, at the tail. */
function hide(session: Session, maker: Order, amount: bigint): void {
  if (maker.display === null || !isLive(session, maker)) return;
  maker.shown -= amount;
  if (maker.shown > 0n) return;
  showAgain(maker);
  maker.place = ++session.book.places;
}

/** One execution of two orders: positions, rows, and the other orders of their pairs. */
export function execute(
  session: Session,
  orders: readonly [Order, Order],
  amount: bigint,
  price: bigint,
  liquidity: readonly [string, string],
): void {
  const { book } = session;
  const pairs = orders.map((order) => liveOrder(book, order.pair));
  book.executions += 1;
  orders.forEach((order, i) => {
    order.filled += amount;
    book.positions.set(order.account, positionOf(book, order.account) + (order.side === 'buy' ? amount : -amount));
    session.fills.push({
      ts_event: book.time,
      symbol: book.symbol,
      execution_id: BigInt(book.executions),
      order_id: order.id,
      account: order.account,
      side: order.side,
      liquidity: liquidity[i] ?? null,
      price_ticks: price,
      size_lots: amount,
      leaves_lots: leavesOf(order),
    });
  });
  for (const order of orders) tell(session, order, leavesOf(order) === 0n ? 'filled' : 'partially_filled', null);
  for (const order of orders) if (leavesOf(order) === 0n) remove(session, order);
  for (const other of pairs) if (other && isLive(session, other)) end(session, other, 'canceled', 'oco');
}
