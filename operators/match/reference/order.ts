import type { OrderType, PostOnlyMode, SelfTradeMode, Side, TimeInForce } from '../words.ts';

/** Where an order stands: in a take, waiting for its stop, waiting for its turn to be triggered, or in the book. */
type State = 'taking' | 'waiting' | 'elected' | 'resting';

/** A live order. Prices in ticks, sizes in lots, times in ns. */
export interface Order {
  readonly entry: number;
  readonly id: bigint;
  readonly account: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly selfTrade: SelfTradeMode;
  readonly postOnly: PostOnlyMode | null;
  readonly hidden: boolean;
  readonly allOrNone: boolean;
  readonly reduceOnly: boolean;
  readonly expireAt: bigint | null;
  readonly trail: bigint | null;
  /** Null: a market order, or one that becomes a market order. */
  price: bigint | null;
  stop: bigint | null;
  size: bigint;
  filled: bigint;
  display: bigint | null;
  /** What an iceberg shows. */
  shown: bigint;
  /** Larger numbers stand further back in the queue of a price. */
  place: number;
  /** The other order of its pair. */
  pair: bigint | null;
  state: State;
}

export function leavesOf(order: Order): bigint {
  return order.size - order.filled;
}

/** What can be traded with it at once. */
export function showsOf(order: Order): bigint {
  return order.display === null ? leavesOf(order) : order.shown;
}

export function waits(order: Order): boolean {
  return order.state === 'waiting' || order.state === 'elected';
}

/** Whether orders of the type begin by waiting for a stop. */
export function isStop(type: string): boolean {
  return type === 'stop' || type === 'stop_limit' || type === 'trailing_stop';
}

export function opposite(side: Side): Side {
  return side === 'buy' ? 'sell' : 'buy';
}

export function least(...values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a < b ? a : b));
}

/** Orders oldest first: the order of entry. */
export function byEntry(a: Order, b: Order): number {
  return a.entry - b.entry;
}
