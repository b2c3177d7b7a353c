/** An order that was accepted, as the events so far make it. Prices in ticks, sizes in lots. */
export interface Order {
  readonly symbol: string;
  readonly id: bigint;
  readonly side: 'buy' | 'sell';
  readonly type: string;
  readonly strategy: string | null;
  readonly venue: string | null;
  /** `price_ticks` as the row had it. */
  readonly priceCell: bigint | null;
  /** What is in force, then what amends asked for and is not answered; null: as it was. */
  versions: { size: bigint | null; price: bigint | null }[];
  filled: bigint;
  over: boolean;
}

/** What changed an account's books, in order of arrival. */
export type Event =
  | {
      readonly kind: 'new';
      readonly order: Omit<Order, 'versions' | 'filled' | 'over'>;
      readonly size: bigint;
      readonly price: bigint | null;
    }
  | { readonly kind: 'amend'; readonly symbol: string; readonly id: bigint; readonly size: bigint | null; readonly price: bigint | null }
  | {
      readonly kind: 'fill';
      readonly symbol: string;
      readonly id: bigint | null;
      readonly side: 'buy' | 'sell';
      readonly price: bigint;
      readonly size: bigint;
    }
  | {
      readonly kind: 'replaced';
      readonly symbol: string;
      readonly id: bigint;
      readonly size: bigint;
      readonly price: bigint | null;
      readonly stop: bigint | null;
    }
  | { readonly kind: 'over'; readonly symbol: string; readonly id: bigint; readonly filled: bigint };

/** Which feedback ports are connected. */
export interface Told {
  readonly fills: boolean;
  readonly updates: boolean;
}

/** A fill of an account, also of orders that are not its gate's; a price is unknown only where nobody tells of fills. */
interface Fill {
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly price: bigint | null;
  readonly size: bigint;
}

/** An account's books, recomputed from all that ever happened to it. */
export interface Books {
  readonly orders: readonly Order[];
  readonly fills: readonly Fill[];
  /** Sizes of all accepted new orders, by symbol. */
  readonly sizes: readonly (readonly [symbol: string, size: bigint])[];
}

export const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);
export const max = (...values: readonly bigint[]): bigint => values.reduce((most, value) => (value > most ? value : most));
export const abs = (value: bigint): bigint => (value < 0n ? -value : value);
export const signed = (side: 'buy' | 'sell', value: bigint): bigint => (side === 'buy' ? value : -value);

export function sizeOf({ versions }: Pick<Order, 'versions'>): bigint {
  return max(...versions.map((version) => version.size ?? 0n));
}

/** The worst price: of a buy the highest, of a sell the lowest. */
export function priceOf({ side, versions }: Pick<Order, 'side' | 'versions'>): bigint | null {
  if (versions[0]?.price == null) return null;
  return signed(side, max(...versions.flatMap(({ price }) => (price === null ? [] : [signed(side, price)]))));
}

export function openOf(order: Pick<Order, 'versions' | 'filled'>): bigint {
  return max(0n, sizeOf(order) - order.filled);
}

export const isLive = (order: Order): boolean => !order.over && openOf(order) > 0n;

/** What its open size may cost, in tick-lots. */
export function costOf(order: Pick<Order, 'side' | 'versions' | 'filled'>): bigint {
  return max(0n, signed(order.side, (priceOf(order) ?? 0n) * openOf(order)));
}

/** The books after the events. */
export function booksOf(events: readonly Event[], told: Told): Books {
  const orders: Order[] = [];
  const fills: Fill[] = [];
  const sizes: [string, bigint][] = [];
  const forget = (order: Order): void => void orders.splice(orders.indexOf(order), 1);
  for (const event of events) {
    if (event.kind === 'new') {
      sizes.push([event.order.symbol, event.size]);
      orders.push({ ...event.order, versions: [{ size: event.size, price: event.price }], filled: 0n, over: false });
      continue;
    }
    const order = orders.find(({ symbol, id }) => symbol === event.symbol && id === event.id);
    if (event.kind === 'fill') {
      fills.push(event);
      if (order?.side !== event.side) continue;
      order.filled += event.size;
      if (openOf(order) === 0n && (order.over || !told.updates)) forget(order);
    } else if (order && event.kind === 'amend') {
      order.versions.push({ size: event.size, price: event.price });
    } else if (order && event.kind === 'replaced') {
      replace(order, event);
    } else if (order && event.kind === 'over') {
      if (!told.fills && event.filled > 0n) fills.push({ ...order, price: priceOf(order), size: event.filled });
      order.over = true;
      order.versions = [{ size: event.filled, price: order.versions[0]?.price ?? null }];
      if (!told.fills || openOf(order) === 0n) forget(order);
    }
  }
  return { orders, fills, sizes };
}

function replace(order: Order, { size, price, stop }: Extract<Event, { kind: 'replaced' }>): void {
  const own = order.type === 'limit' || order.type === 'stop_limit' ? price : order.type === 'stop' ? stop : null;
  const [inForce, ...asked] = order.versions;
  const at = asked.findIndex((version) => (version.size ?? size) === size && (version.price === null || version.price === own));
  const before = inForce?.price ?? null;
  order.versions = [{ size, price: before === null ? null : (own ?? before) }, ...asked.slice(at + 1)];
}
