import { decimalText } from '../limits/decimal.ts';
import { MONEY_PLACES } from '../limits/shape.ts';
import type { AccountLimits, LineLimits, OrderLimits, ScopeLimits, SymbolLimits, TradingState } from '../limits/table.ts';
import { abs, costOf, isLive, max, type Order, openOf, priceOf, signed, sizeOf, sum } from './books.ts';
import { exposures } from './exposures.ts';
import { money, passes } from './sums.ts';
import { type Denial, denial, fingerprint, first, type Instruction, named, ownPrice, plain, timeAt, type World } from './world.ts';

type Scoped<T> = readonly [scope: string, limit: T];

const PARTS = 10_000_000n;

/** The account's time and a new order's worst price, or the first check that fails, in the order of `RULES.md` section 3. */
export function checked(world: World, row: Instruction, order: Order | null): { readonly price: bigint | null } | Denial {
  return new Check(world, row, order).run();
}

/** A row beside all that it is held against. */
export class Check {
  readonly world: World;
  readonly row: Instruction;
  readonly order: Order | null;
  readonly scopes: readonly (readonly [string, string | null])[];

  constructor(world: World, row: Instruction, order: Order | null) {
    this.world = world;
    this.row = row;
    this.order = order;
    const { account, strategy, venue, symbol } = row;
    this.scopes = [['all', ''], ['account', account], ['strategy', strategy], ['venue', venue], ['symbol', symbol]]; // biome-ignore format: one line
  }

  run(): { price: bigint | null } | Denial {
    const { limits } = this.world;
    const { account, symbol } = this.row;
    const killed = this.scopes.find(([scope, name]) => this.world.killed.has(`${scope} ${name}`));
    if (killed) {
      const why = this.world.killed.get(killed.join(' '));
      return plain('killed', killed[0], `${this.text(killed[0])} is killed${why ? `: ${why}` : ''}`);
    }
    const own = named(limits.accounts, account);
    if (!own) return plain('account-unknown', 'account', `${this.text('account')} is not in the limits`);
    const list = limits.restricted.includes(symbol) ? 'all' : own.restricted.includes(symbol) ? 'account' : null;
    if (list) return plain('restricted', list, `symbol "${symbol}" is on the restricted list of ${this.text(list)}`);
    const ofSymbol = named(limits.symbols, symbol);
    if (!ofSymbol) return plain('symbol-unknown', 'symbol', `${this.text('symbol')} is not in the limits`);
    const line = named(own.symbols, symbol);
    return (
      this.listed() ?? this.halted() ?? this.taken() ?? this.reducing() ?? this.priced(own, line ?? {}, ofSymbol) // biome-ignore format: one line
    );
  }

  /** Checks from the size on. */
  priced(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits): { price: bigint | null } | Denial {
    const { row, order } = this;
    const reference = this.world.prices.get(row.symbol)?.price ?? null;
    const widest = this.rules(own, line, ofSymbol, 'collar').reduce((most, [, limit]) => Math.max(most, limit), 0);
    const away = reference === null ? 0n : (abs(reference) * BigInt(widest) + PARTS - 1n) / PARTS;
    const bound = reference === null ? null : reference + signed(row.side, away);
    const price = ownPrice(row) ?? bound;
    const before = order ? { lots: openOf(order), cost: costOf(order) } : { lots: 0n, cost: 0n };
    const asked = order ? { size: row.size, price: ownPrice(row) } : { size: row.size, price };
    const later = { side: row.side, versions: [...(order?.versions ?? []), asked], filled: order?.filled ?? 0n };
    const added = { lots: openOf(later) - before.lots, cost: costOf(later) - before.cost };
    return (
      this.sized(own, line, ofSymbol) ??
      this.referenced(own, line, ofSymbol) ??
      this.near(own, line, ofSymbol, reference) ??
      this.usual(own, line) ??
      this.notional(own, line, ofSymbol, reference, bound) ??
      this.timely(own) ??
      this.openOrders(own, line, ofSymbol) ??
      this.position(own, line, ofSymbol, added.lots) ??
      exposures(this, own, added) ?? { price }
    );
  }

  text(scope: string): string {
    const { account, strategy, venue, symbol } = this.row;
    const texts: Readonly<Record<string, string>> = {
      all: 'everything',
      defaults: 'the defaults',
      account: `account "${account}"`,
      strategy: `strategy "${strategy}"`,
      venue: `venue "${venue}"`,
      symbol: `symbol "${symbol}"`,
      account_symbol: `account "${account}" in "${symbol}"`,
    };
    return texts[scope] ?? scope;
  }

  listed(): Denial | null {
    const { strategies, venues } = this.world.limits;
    for (const [scope, list, name] of [
      ['strategy', strategies, this.row.strategy],
      ['venue', venues, this.row.venue],
    ] as const) {
      // biome-ignore format: one line
      if (list === null || (name !== null && named(list, name))) continue;
      return plain(`${scope}-unknown`, scope, name === null ? `${scope} is null` : `${this.text(scope)} is not in the limits`);
    }
    return null;
  }

  stateOf([scope, name]: readonly [string, string | null]): TradingState {
    const { limits, states } = this.world;
    const lists: Readonly<Record<string, readonly (readonly [string, ScopeLimits])[] | null>> = {
      account: limits.accounts,
      strategy: limits.strategies,
      venue: limits.venues,
      symbol: limits.symbols,
    };
    const told = scope === 'all' ? limits.state : name === null ? undefined : named(lists[scope] ?? [], name)?.state;
    return states.get(`${scope} ${name}`) ?? told ?? 'active';
  }

  halted(): Denial | null {
    const scope = this.scopes.find((one) => this.stateOf(one) === 'halted')?.[0];
    return scope === undefined ? null : plain('halted', scope, `${this.text(scope)} is halted`);
  }

  taken(): Denial | null {
    const { id, symbol } = this.row;
    const { books, told } = this.world;
    if (!this.order && books.orders.some((order) => order.symbol === symbol && order.id === id))
      return plain('order-id-taken', null, `an order ${id} is in the gate's books`);
    if (this.order && told.updates && this.order.versions.length > 16)
      return plain('amends-unanswered', null, `16 amends of order ${id} have no answer`);
    return null;
  }

  /** Position, open buys and sells, tick-lots paid and at risk, of a symbol. */
  line(symbol: string) {
    const orders = this.world.books.orders.filter((order) => order.symbol === symbol);
    const fills = this.world.books.fills.filter((fill) => fill.symbol === symbol);
    const open = (side: string) => sum(orders.filter((order) => order.side === side).map(openOf));
    return {
      position: sum(fills.map((fill) => signed(fill.side, fill.size))),
      paid: fills.some((fill) => fill.price === null) ? null : sum(fills.map((fill) => signed(fill.side, (fill.price ?? 0n) * fill.size))),
      buys: open('buy'),
      sells: open('sell'),
      cost: sum(orders.map(costOf)),
      unpriced: orders.some((order) => priceOf(order) === null && openOf(order) > 0n),
      live: orders.filter(isLive).length,
    };
  }

  reducing(): Denial | null {
    const scope = this.scopes.find((one) => this.stateOf(one) !== 'active')?.[0];
    if (scope === undefined) return null;
    const { side, size, symbol } = this.row;
    const { order } = this;
    if (order && (size ?? 0n) <= sizeOf(order)) return null;
    const added = order ? max(0n, (size ?? 0n) - order.filled) - openOf(order) : (size ?? 0n);
    const { position, buys, sells } = this.line(symbol);
    if (side === 'buy' ? buys + added <= -position : sells + added <= position) return null;
    const words = `position ${position}, open buys ${buys}, open sells ${sells}, ${side} ${added} lots more`;
    return plain('reducing', scope, `${this.text(scope)} is reducing: ${words}`);
  }

  /** Limits of an order that apply: the account's nearest, then the symbol's, the strategy's, the venue's. */
  rules<K extends keyof OrderLimits>(
    own: AccountLimits,
    line: LineLimits,
    ofSymbol: SymbolLimits,
    key: K,
  ): Scoped<NonNullable<OrderLimits[K]>>[] {
    const { limits } = this.world;
    const of = (list: readonly (readonly [string, ScopeLimits])[] | null, name: string | null) =>
      list && name !== null ? named(list, name) : undefined;
    const nearest = this.nearest(own, line, (some) => some[key]);
    const others: (readonly [string, OrderLimits | undefined])[] = [
      ['symbol', ofSymbol],
      ['strategy', of(limits.strategies, this.row.strategy)],
      ['venue', of(limits.venues, this.row.venue)],
    ];
    const given = others.flatMap(([scope, some]) => {
      const limit = some?.[key];
      return limit === undefined ? [] : [[scope, limit as NonNullable<OrderLimits[K]>] as const];
    });
    return [...(nearest ? [nearest as Scoped<NonNullable<OrderLimits[K]>>] : []), ...given];
  }

  nearest<T>(own: AccountLimits, line: LineLimits, of: (limits: LineLimits) => T | undefined): Scoped<T> | null {
    const limit = of(line);
    return limit === undefined ? this.own(own, of) : ['account_symbol', limit];
  }

  own<T>(own: AccountLimits, of: (limits: AccountLimits) => T | undefined): Scoped<T> | null {
    const [mine, common] = [of(own), of(this.world.limits.defaults)];
    return mine !== undefined ? ['account', mine] : common !== undefined ? ['defaults', common] : null;
  }

  grownSize(): bigint | null {
    const { size } = this.row;
    return size !== null && (!this.order || size > sizeOf(this.order)) ? size : null;
  }

  sized(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits): Denial | null {
    const size = this.grownSize();
    if (size === null) return null;
    return first(this.rules(own, line, ofSymbol, 'size'), ([scope, limit]) =>
      size <= limit
        ? null
        : denial('size-limit', scope, Number(limit), Number(size), `size ${size} lots, the limit of ${this.text(scope)} is ${limit}`),
    );
  }

  referenced(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits): Denial | null {
    const given = (key: keyof OrderLimits) => this.rules(own, line, ofSymbol, key).length > 0;
    const unpriced = this.row.type === 'market' || this.row.type === 'trailing_stop';
    const sums = [this.own(own, (limits) => limits.gross), this.own(own, (limits) => limits.net)];
    const needed =
      (ofSymbol.max_age ?? this.world.limits.defaults.max_age) !== undefined ||
      given('collar') ||
      given('through') ||
      sums.some((limit) => limit !== null) ||
      (unpriced && (given('notional') || this.own(own, (limits) => limits.credit) !== null));
    return needed ? this.fresh(this.row.symbol) : null;
  }

  /** Why a symbol's reference price cannot be used, or null. */
  fresh(symbol: string): Denial | null {
    const { limits, prices } = this.world;
    const of = named(limits.symbols, symbol);
    if (!of) return plain('symbol-unknown', 'symbol', `symbol "${symbol}" is not in the limits, and the account has it`);
    const last = prices.get(symbol);
    if (!last) return plain('reference-missing', 'symbol', `symbol "${symbol}" has no reference price`);
    const most = of.max_age ?? limits.defaults.max_age;
    const age = abs(this.row.ts - last.ts);
    if (most === undefined || age <= most) return null;
    const scope = of.max_age === undefined ? 'defaults' : 'symbol';
    const whose = scope === 'symbol' ? `symbol "${symbol}"` : 'the defaults';
    const reason = `the reference price of "${symbol}" is ${age} ns from the order, the limit of ${whose} is ${most} ns`;
    return denial('price-stale', scope, Number(most) / 1e9, Number(age) / 1e9, reason);
  }

  near(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits, reference: bigint | null): Denial | null {
    const price = ownPrice(this.row);
    if (price === null || reference === null) return null;
    const moved = abs(price - reference) * PARTS;
    const refused = (code: string, word: string, [scope, limit]: Scoped<number>): Denial | null => {
      if (moved <= BigInt(limit) * abs(reference)) return null;
      const far = reference === 0n ? null : moved / abs(reference);
      const distance = far === null ? 'infinitely many' : decimalText(far, 3);
      const most = decimalText(BigInt(limit), 3);
      const reason = `price ${price} is ${distance} bps ${word} the reference ${reference}, the limit of ${this.text(scope)} is ${most} bps`;
      return denial(code, scope, limit / 1000, far === null ? null : Number(far) / 1000, reason);
    };
    const through = signed(this.row.side, price - reference) > 0n;
    return (
      first(this.rules(own, line, ofSymbol, 'collar'), (rule) => refused('price-collar', 'from', rule)) ??
      (through ? first(this.rules(own, line, ofSymbol, 'through'), (rule) => refused('fat-finger', 'through', rule)) : null)
    );
  }

  usual(own: AccountLimits, line: LineLimits): Denial | null {
    const rule = this.nearest(own, line, (limits) => limits.fat);
    const size = this.grownSize();
    if (!rule || size === null) return null;
    const [scope, { times, after }] = rule;
    const sizes = this.world.books.sizes.filter(([symbol]) => symbol === this.row.symbol).map(([, lots]) => lots);
    const [count, total] = [BigInt(sizes.length), sum(sizes)];
    if (count < BigInt(after) || size * count * 1000n <= BigInt(times) * total) return null;
    const most = decimalText(BigInt(times), 3);
    const reason = `size ${size} lots after ${count} orders of ${total} lots together, the limit of ${this.text(scope)} is ${most} times their mean`;
    return denial('fat-finger', scope, times / 1000, Number(size), reason);
  }

  notional(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits, reference: bigint | null, bound: bigint | null): Denial | null {
    const { row, order } = this;
    const size = row.size ?? (order ? sizeOf(order) : 0n);
    const price = ownPrice(row) ?? (order ? priceOf(order) : null);
    const ticks = price !== null ? abs(price) : reference !== null && bound !== null ? max(abs(reference), abs(bound)) : null;
    if (ticks === null) return null;
    const value = money(size * ticks, ofSymbol.unit);
    const before = order ? money(sizeOf(order) * abs(priceOf(order) ?? 0n), ofSymbol.unit) : null;
    return first(this.rules(own, line, ofSymbol, 'notional'), ([scope, limit]) => {
      const above = order ? passes(value, before, limit) : value === null || value > limit;
      return above ? this.tooMuch('notional-limit', 'notional', scope, limit, value) : null;
    });
  }

  tooMuch(code: string, what: string, scope: string, limit: bigint, value: bigint | null): Denial {
    const { currency } = this.world.limits;
    const amount = value === null ? 'more than 10^15' : decimalText(value, MONEY_PLACES);
    const reason = `${what} ${amount} ${currency}, the limit of ${this.text(scope)} is ${decimalText(limit, MONEY_PLACES)} ${currency}`;
    return denial(code, scope, Number(limit) / 1e18, value === null ? null : Number(value) / 1e18, reason);
  }

  timely(own: AccountLimits): Denial | null {
    const { recent } = this.world;
    const now = timeAt(recent, this.row.ts);
    const window = this.order ? null : this.own(own, (limits) => limits.duplicate);
    const equal = recent.prints.filter(({ print }) => print === fingerprint(this.row)).at(-1);
    if (window && equal && now - equal.time < window[1]) {
      const [scope, limit] = window;
      const age = now - equal.time;
      const reason = `an equal order was accepted ${age} ns before, the limit of ${this.text(scope)} is ${limit} ns`;
      return denial('duplicate-order', scope, Number(limit) / 1e9, Number(age) / 1e9, reason);
    }
    const rate = this.own(own, (limits) => limits.rate);
    if (!rate) return null;
    const [scope, { messages, per }] = rate;
    if (recent.messages.filter((time) => now - time < per).length < messages) return null;
    const next = messages + 1;
    return denial('message-rate', scope, messages, next, `${next} messages in ${per} ns, the limit of ${this.text(scope)} is ${messages}`);
  }

  openOrders(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits): Denial | null {
    if (this.order) return null;
    const all = this.world.books.orders.filter(isLive).length + 1;
    const here = this.line(this.row.symbol).live + 1;
    const limits: (readonly [number, string, number | undefined, string])[] = [
      [all, ...(this.own(own, (limits) => limits.open_orders) ?? (['defaults', 10_000] as const)), ''],
      [here, 'account_symbol', line.open_orders, ' in the symbol'],
      [here, 'symbol', ofSymbol.open_orders, ' in the symbol'],
    ];
    return first(limits, ([next, scope, limit, where]) =>
      limit === undefined || next <= limit
        ? null
        : denial('open-orders-limit', scope, limit, next, `${next} open orders${where}, the limit of ${this.text(scope)} is ${limit}`),
    );
  }

  position(own: AccountLimits, line: LineLimits, ofSymbol: SymbolLimits, added: bigint): Denial | null {
    if (added === 0n) return null;
    const { position, buys, sells } = this.line(this.row.symbol);
    const could = this.row.side === 'buy' ? position + buys + added : position - sells - added;
    const nearest = this.nearest(own, line, (limits) => limits.position);
    const rules: Scoped<bigint>[] = [
      ...(nearest ? [nearest] : []),
      ...(ofSymbol.position === undefined ? [] : [['symbol', ofSymbol.position] as const]),
    ];
    return first(rules, ([scope, limit]) =>
      signed(this.row.side, could) <= limit
        ? null
        : denial(
            'position-limit',
            scope,
            Number(limit),
            Number(could),
            `position could become ${could} lots, the limit of ${this.text(scope)} is ${limit}`,
          ),
    );
  }
}
