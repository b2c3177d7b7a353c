import type { Row } from '../../graph/contract/rows.ts';
import { decimalValue, fitsInt64, RATE_ONE, rateOf } from '../money/money.ts';
import { thousandthsOf } from './judge.ts';
import type { Refusal } from './refusal.ts';
import type { Listed, Terms } from './terms.ts';

/** Last prices and rates, and what of them has moved since positions were last shown. */
export interface Market {
  /** Thousandths of a tick, by symbol. */
  marks: Map<string, bigint>;
  /** Time of the last price, ns, by symbol. */
  times: Map<string, bigint>;
  /** Base currency per unit, 10^-15, by currency. */
  rates: Map<string, bigint>;
  moved: Set<string>;
  movedRates: Set<string>;
  /** When what has moved is to be shown. */
  due: bigint | null;
}

export function marketOf(terms: Terms, base: string): Market {
  const rates = new Map([[base, RATE_ONE], ...terms.rates]);
  return { marks: new Map(), times: new Map(), rates, moved: new Set(), movedRates: new Set(), due: null };
}

/** Whether a symbol means anything here. */
export function isKnown(symbol: string, terms: Terms): boolean {
  return terms.instruments.has(symbol) || terms.crosses.some((cross) => cross.symbol === symbol);
}

/**
 * Takes a price of a known symbol: its own time, and the time it came. Returns the currencies that have a rate for the first time,
 * or why the row is refused.
 */
export function takePrice(
  market: Market,
  row: Row,
  column: string,
  now: bigint,
  { terms, every }: { readonly terms: Terms; readonly every: bigint },
): readonly string[] | Refusal {
  const symbol = row.symbol as string;
  const due = now - (((now % every) + every) % every) + every;
  if (!fitsInt64(due)) return 'ts-out-of-range';
  const listed = terms.instruments.get(symbol);
  const quoted = quotedOf(row[column] as bigint | number, listed);
  if (typeof quoted === 'string') return quoted;
  const crosses = terms.crosses.filter((cross) => cross.symbol === symbol);
  const rates = crosses.map(({ currency, inverse }) => ({ currency, rate: rateOf(quoted.price, inverse) }));
  if (rates.some(({ rate }) => rate === null)) return quoted.price > 0 ? 'price-out-of-range' : 'price-not-positive';
  const last = market.times.get(symbol);
  if (last !== undefined && (row.ts_event as bigint) < last) return [];
  market.times.set(symbol, row.ts_event as bigint);
  if (quoted.thousandths !== null && market.marks.get(symbol) !== quoted.thousandths) {
    market.marks.set(symbol, quoted.thousandths);
    market.moved.add(symbol);
    market.due ??= due;
  }
  const fresh = rates.filter(({ currency }) => !market.rates.has(currency)).map(({ currency }) => currency);
  for (const { currency, rate } of rates) {
    if (rate === null || market.rates.get(currency) === rate) continue;
    market.rates.set(currency, rate);
    market.movedRates.add(currency);
    market.due ??= due;
  }
  return fresh;
}

/** A price in thousandths of a tick, where it is of an instrument, and as it is quoted. */
function quotedOf(
  price: bigint | number,
  listed: Listed | undefined,
): { readonly thousandths: bigint | null; readonly price: number } | Refusal {
  if (!listed) {
    if (typeof price === 'bigint') return 'symbol-unknown';
    return Number.isFinite(price) ? { thousandths: null, price } : 'price-not-finite';
  }
  const thousandths = thousandthsOf(price, listed);
  if (typeof thousandths === 'string') return thousandths;
  return { thousandths, price: typeof price === 'number' ? price : decimalValue(thousandths * listed.tickDigits, listed.priceScale) };
}
