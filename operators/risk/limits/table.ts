import { type AnyLimits, type LimitsFile, MONEY_PLACES } from './shape.ts';

export type TradingState = 'active' | 'reducing' | 'halted';

/** Limits of one order: lots, 10^-18 base units, thousandths of a basis point. */
export interface OrderLimits {
  readonly size?: bigint | undefined;
  readonly notional?: bigint | undefined;
  readonly collar?: number | undefined;
  readonly through?: number | undefined;
}

/** Limits of an account in a symbol. `times` in thousandths. */
export interface LineLimits extends OrderLimits {
  readonly fat?: { readonly times: number; readonly after: number } | undefined;
  readonly position?: bigint | undefined;
  readonly open_orders?: number | undefined;
}

/** Limits of an account, or the defaults of all; `open_orders` is over all symbols. Durations in ns. */
export interface AccountLimits extends LineLimits {
  readonly gross?: bigint | undefined;
  readonly net?: bigint | undefined;
  readonly credit?: bigint | undefined;
  readonly rate?: { readonly messages: number; readonly per: bigint } | undefined;
  readonly duplicate?: bigint | undefined;
  readonly max_age?: bigint | undefined;
  readonly state?: TradingState | undefined;
  readonly restricted: readonly string[];
  readonly symbols: readonly (readonly [string, LineLimits])[];
}

/** A symbol: what a tick-lot is worth in 10^-18 base units, and its limits for every account. */
export interface SymbolLimits extends LineLimits {
  readonly unit: bigint;
  readonly max_age?: bigint | undefined;
  readonly state?: TradingState | undefined;
}

/** A strategy or venue. */
export interface ScopeLimits extends OrderLimits {
  readonly state?: TradingState | undefined;
}

/** A limits file as the kernels take it; `limits.rs` reads its JSON. */
export interface Limits {
  readonly currency: string;
  readonly state?: TradingState | undefined;
  readonly restricted: readonly string[];
  readonly defaults: AccountLimits;
  readonly accounts: readonly (readonly [string, AccountLimits])[];
  readonly symbols: readonly (readonly [string, SymbolLimits])[];
  readonly strategies: readonly (readonly [string, ScopeLimits])[] | null;
  readonly venues: readonly (readonly [string, ScopeLimits])[] | null;
}

/** Largest unit: 10^9 base units a tick-lot. */
const MOST_UNIT = 10n ** 27n;

/** What a tick-lot of a symbol is worth in 10^-18 base units; null where that is no such integer or beyond 10^9 base units. */
export function unitOf(tickValue: bigint, rate: bigint): bigint | null {
  const one = 10n ** BigInt(MONEY_PLACES);
  const product = tickValue * rate;
  const unit = product / one;
  return product % one === 0n && unit > 0n && unit <= MOST_UNIT ? unit : null;
}

/** Rate of a currency in 10^-18 base units; undefined where the file has none. */
export function rateOf(file: Pick<LimitsFile, 'currency' | 'rates'>, currency: string): bigint | undefined {
  return currency === file.currency ? 10n ** BigInt(MONEY_PLACES) : file.rates[currency];
}

/** The table of a checked file. */
export function tableOf(file: LimitsFile): Limits {
  const entries = <T, R>(record: Readonly<Record<string, T>>, of: (value: T) => R) =>
    Object.entries(record).map(([name, value]) => [name, of(value)] as const);
  const scope = (given: AnyLimits): ScopeLimits => ({ ...orderOf(given), state: given.state });
  return {
    currency: file.currency,
    state: file.state,
    restricted: file.restricted,
    defaults: accountOf(file.defaults),
    accounts: entries(file.accounts, accountOf),
    symbols: entries(file.symbols, (given) => ({
      ...lineOf(given),
      unit: unitOf(given.tick_value, rateOf(file, given.currency ?? file.currency) ?? 0n) ?? 0n,
      max_age: given.max_price_age,
      state: given.state,
    })),
    strategies: file.strategies ? entries(file.strategies, scope) : null,
    venues: file.venues ? entries(file.venues, scope) : null,
  };
}

function orderOf(given: AnyLimits): OrderLimits {
  return { size: given.max_size_lots, notional: given.max_notional, collar: given.price_collar_bps, through: given.fat_finger_bps };
}

function lineOf(given: AnyLimits): LineLimits {
  return { ...orderOf(given), fat: given.fat_finger_size, position: given.max_position_lots, open_orders: given.max_open_orders };
}

/** Written out, since there are many accounts: spreading the parts into one takes ten times as long. */
function accountOf(given: AnyLimits): AccountLimits {
  const { symbols } = given;
  return {
    size: given.max_size_lots,
    notional: given.max_notional,
    collar: given.price_collar_bps,
    through: given.fat_finger_bps,
    fat: given.fat_finger_size,
    position: given.max_position_lots,
    open_orders: given.max_open_orders,
    gross: given.max_gross,
    net: given.max_net,
    credit: given.credit,
    rate: given.message_rate,
    duplicate: given.duplicate_window,
    max_age: given.max_price_age,
    state: given.state,
    restricted: given.restricted ?? [],
    symbols: symbols ? Object.entries(symbols).map(([name, limits]) => [name, lineOf(limits)] as const) : [],
  };
}

/** The table as JSON, integers of more than 53 bits as text. */
export function limitsJson(limits: Limits): string {
  return JSON.stringify(plain(limits));
}

/** The value with integers as text and without what is not given: a replacer of `JSON.stringify` takes five times as long. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const record: Record<string, unknown> = {};
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    if (inner !== undefined) record[key] = plain(inner);
  }
  return record;
}
