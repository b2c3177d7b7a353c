import type { Row } from '../../graph/contract/rows.ts';
import { amount, decimalValue } from '../money/money.ts';
import { type Account, balanceOf, equityOf, worthOf } from './account.ts';
import { costOf, type Holding, lotsOf } from './holding.ts';
import type { Market } from './market.ts';
import type { Listed, Terms } from './terms.ts';

/** The first columns of a row: when, whose and why. */
export interface Head {
  readonly ts_event: bigint;
  readonly account: string;
  readonly event: 'fill' | 'cash' | 'mark';
}

const money = (units: bigint | null | undefined): number | null => (units == null ? null : amount(units));
const rate = (market: Market, currency: string): number | null => {
  const found = market.rates.get(currency);
  return found === undefined ? null : Number(found) / 1e15;
};
const price = (thousandths: bigint, listed: Listed) => decimalValue(thousandths * listed.tickDigits, listed.priceScale);
const size = (lots: bigint, listed: Listed) => decimalValue(lots * listed.lotDigits, listed.lotScale);

/** A row of port `out`; `fee` is that of the fill, in the instrument's currency. */
export function positionRow(head: Head, holding: Holding, listed: Listed, fee: bigint, market: Market, terms: Terms): Row {
  const [lots, cost, value] = [lotsOf(holding), costOf(holding), worthOf(holding, market, terms)];
  const mark = market.marks.get(holding.symbol);
  return {
    ...head,
    symbol: holding.symbol,
    currency: listed.currency,
    position: size(lots, listed),
    position_lots: lots,
    average_price: averagePrice(lots, cost, listed),
    cost: amount(cost),
    mark: price(mark ?? holding.last, listed),
    mark_source: mark === undefined ? 'fill' : 'price',
    market_value: money(value),
    unrealised: money(value === null ? null : value - cost),
    realised: amount(holding.realised),
    fee: amount(fee),
    fees: amount(holding.fees),
    rate: rate(market, listed.currency),
  };
}

/** Exact where it is a whole thousandth of a tick. */
function averagePrice(lots: bigint, cost: bigint, listed: Listed): number | null {
  if (lots === 0n) return null;
  const perLot = lots * listed.point;
  return cost % perLot === 0n ? price(cost / perLot, listed) : amount(cost) / (size(lots, listed) * listed.contract);
}

/** A row of port `balances`. */
export function balanceRow(head: Head, account: Account, currency: string, market: Market, terms: Terms): Row {
  const { cash, value, deposits, realised, unrealised, fees } = balanceOf(account, currency, market, terms);
  return {
    ...head,
    currency,
    cash: amount(cash),
    market_value: money(value),
    equity: money(value === null ? null : cash + value),
    deposits: amount(deposits),
    realised: amount(realised),
    unrealised: money(unrealised),
    fees: amount(fees),
    rate: rate(market, currency),
  };
}

/** A row of port `equity`. */
export function equityRow(head: Head, account: Account, base: string, market: Market, terms: Terms): Row {
  const all = equityOf(account, market, terms);
  return {
    ...head,
    currency: base,
    cash: money(all?.cash),
    market_value: money(all?.value),
    equity: money(all && all.cash + all.value),
    deposits: money(all?.deposits),
    realised: money(all?.realised),
    unrealised: money(all?.unrealised),
    fees: money(all?.fees),
    translation: money(all?.translation),
  };
}
