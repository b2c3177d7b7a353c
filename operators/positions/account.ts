import { absolute, MOST_TURNOVER, MOST_VALUE, mulDiv, RATE_ONE, total } from '../money/money.ts';
import { costOf, type Holding, lotsOf, sum } from './holding.ts';
import type { Market } from './market.ts';
import type { Terms } from './terms.ts';

/** Deposits of an account in one currency, 10^-18. */
interface Deposits {
  units: bigint;
  /** In base currency, each at the rate of its time; null beyond int128. */
  settled: bigint | null;
  /** What came before the first rate. */
  unsettled: bigint;
}

/** Everything of an account, as events brought it; what follows from it is worked out when it is asked for. */
export interface Account {
  turnover: bigint;
  deposits: Map<string, Deposits>;
  /** Fees by the currency they were charged in. */
  fees: Map<string, bigint>;
  /** By symbol, in the order in which they were first traded. */
  holdings: Map<string, Holding>;
}

export function newAccount(terms: Terms, market: Market): Account {
  const account: Account = { turnover: 0n, deposits: new Map(), fees: new Map(), holdings: new Map() };
  for (const [currency, units] of terms.cash) deposit(account, currency, units, market);
  return account;
}

/** Counts amounts towards the turnover; false, and nothing changed, when it would be too much. */
export function turns(account: Account, ...amounts: readonly bigint[]): boolean {
  const turnover = account.turnover + sum(amounts.map(absolute));
  if (turnover > MOST_TURNOVER) return false;
  account.turnover = turnover;
  return true;
}

export function deposit(account: Account, currency: string, units: bigint, market: Market): void {
  const deposits = account.deposits.get(currency) ?? { units: 0n, settled: 0n, unsettled: 0n };
  deposits.units += units;
  deposits.unsettled += units;
  account.deposits.set(currency, deposits);
  settle(account, currency, market);
}

/** What waited for a rate is worth this much in base currency, once there is one. */
export function settle(account: Account, currency: string, market: Market): void {
  const deposits = account.deposits.get(currency);
  const rate = market.rates.get(currency);
  if (!deposits || rate === undefined) return;
  deposits.settled = total(deposits.settled, mulDiv(deposits.unsettled, rate, RATE_ONE));
  deposits.unsettled = 0n;
}

/** Market value of a holding; null beyond what is counted. */
export function worthOf(holding: Holding, market: Market, terms: Terms): bigint | null {
  const point = terms.instruments.get(holding.symbol)?.point ?? 0n;
  const value = lotsOf(holding) * (market.marks.get(holding.symbol) ?? holding.last) * point;
  return absolute(value) <= MOST_VALUE / BigInt(terms.instruments.size) ? value : null;
}

/** What an account has in one currency, 10^-18 of it. */
export interface Balance {
  readonly cash: bigint;
  readonly deposits: bigint;
  readonly realised: bigint;
  readonly fees: bigint;
  readonly cost: bigint;
  readonly value: bigint | null;
  readonly unrealised: bigint | null;
  readonly empty: boolean;
}

export function balanceOf(account: Account, currency: string, market: Market, terms: Terms): Balance {
  const held = [...account.holdings.values()].filter(({ symbol }) => terms.instruments.get(symbol)?.currency === currency);
  const { units = 0n, settled = 0n, unsettled = 0n } = account.deposits.get(currency) ?? {};
  const [realised, cost, fees] = [sum(held.map((holding) => holding.realised)), sum(held.map(costOf)), account.fees.get(currency) ?? 0n];
  const value = total(...held.map((holding) => worthOf(holding, market, terms)));
  return {
    cash: units + realised - fees - cost,
    deposits: units,
    realised,
    fees,
    cost,
    value,
    unrealised: value === null ? null : value - cost,
    empty: [units, settled, unsettled, realised, fees, cost, value].every((amount) => amount === 0n),
  };
}

/** An account in base currency, 10^-18; null while a rate or a value is missing. */
export interface Equity {
  readonly cash: bigint;
  readonly value: bigint;
  readonly deposits: bigint;
  readonly realised: bigint;
  readonly unrealised: bigint;
  readonly fees: bigint;
  readonly translation: bigint;
}

export function equityOf(account: Account, market: Market, terms: Terms): Equity | null {
  const floating = new Set(terms.crosses.map(({ currency }) => currency));
  const parts = terms.currencies.flatMap((currency) => {
    const balance = balanceOf(account, currency, market, terms);
    if (balance.empty) return [];
    const rate = market.rates.get(currency);
    const based = (units: bigint | null) => (rate === undefined || units === null ? null : mulDiv(units, rate, RATE_ONE));
    const [deposits, realised, fees, cost] = [balance.deposits, balance.realised, balance.fees, balance.cost].map(based);
    const unrealised = based(balance.unrealised);
    const settled = floating.has(currency)
      ? (account.deposits.get(currency)?.settled ?? (account.deposits.has(currency) ? null : 0n))
      : deposits;
    return [{ deposits, realised, fees, cost, unrealised, settled }];
  });
  const minus = (units: bigint | null | undefined) => (units == null ? null : -units);
  const all = (of: (part: (typeof parts)[number]) => bigint | null | undefined) => total(...parts.map((part) => of(part) ?? null));
  const [deposits, realised, unrealised, fees] = [
    all((p) => p.settled),
    all((p) => p.realised),
    all((p) => p.unrealised),
    all((p) => p.fees),
  ];
  const cash = all((p) => total(p.deposits ?? null, p.realised ?? null, minus(p.fees), minus(p.cost)));
  const value = all((p) => total(p.cost ?? null, p.unrealised));
  const translation = all((p) => total(p.deposits ?? null, minus(p.settled)));
  if (cash === null || value === null || total(cash, value) === null) return null;
  if (deposits === null || realised === null || unrealised === null || fees === null || translation === null) return null;
  return { cash, value, deposits, realised, unrealised, fees, translation };
}
