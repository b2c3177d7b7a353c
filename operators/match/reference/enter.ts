import type { OrderType, PostOnlyMode, SelfTradeMode, Side, TimeInForce } from '../words.ts';
import { act, settle } from './act.ts';
import { liveOrder } from './book.ts';
import type { Instruction, Refusal } from './instruction.ts';
import { isStop, type Order } from './order.ts';
import { postOnlyPrice } from './post-only.ts';
import { refuseNew } from './refuse-new.ts';
import { type Session, tell } from './session.ts';
import { electIfMet, trailing } from './stops.ts';

/** A new order: refused, or accepted and all that follows from it. */
export function enter(session: Session, given: Instruction, selfTrade: SelfTradeMode): Refusal | null {
  const { book } = session;
  const refused = refuseNew(book, given);
  if (refused) return refused;
  const order: Order = {
    entry: ++book.entries,
    id: given.order_id as bigint,
    account: given.account as string,
    side: given.side as Side,
    type: given.type as OrderType,
    timeInForce: (given.time_in_force as TimeInForce | null) ?? 'gtc',
    selfTrade: (given.self_trade as SelfTradeMode | null) ?? selfTrade,
    postOnly: given.post_only as PostOnlyMode | null,
    hidden: given.hidden,
    allOrNone: given.all_or_none,
    reduceOnly: given.reduce_only,
    expireAt: given.expire_at,
    trail: given.trail_ticks,
    price: given.price_ticks,
    stop: given.stop_ticks,
    size: given.size_lots as bigint,
    filled: 0n,
    display: given.display_lots,
    shown: 0n,
    place: 0,
    pair: given.oco_order_id,
    state: isStop(given.type as string) ? 'waiting' : 'taking',
  };
  const other = liveOrder(book, order.pair);
  if (other) other.pair = order.id;
  book.orders.push(order);
  if (order.state === 'waiting') {
    const from = book.last ?? book.settings.reference;
    if (order.stop === null && order.trail !== null && from !== null) order.stop = trailing(order.side, from, order.trail);
    tell(session, order, 'pending', null);
    electIfMet(book, order);
  } else {
    if (order.postOnly !== null) order.price = postOnlyPrice(book, order.side, order.postOnly, order.price as bigint);
    tell(session, order, 'new', order.price === given.price_ticks ? null : 'slide');
    act(session, order);
  }
  settle(session);
  return null;
}
