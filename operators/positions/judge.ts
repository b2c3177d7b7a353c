import type { Row } from '../../graph/contract/rows.ts';
import { absolute, fitsInt64, mulDiv, nearest, SHARE_ONE, TICK_PARTS, unitsOf } from '../money/money.ts';
import type { Refusal, RefusedColumns } from './refusal.ts';
import type { Listed, Terms } from './terms.ts';

/** A fill that can be one. Money is in 10^-18 of its currency. */
export interface Fill {
  readonly ns: bigint;
  readonly listed: Listed;
  /** Lots, below 0 sold. */
  readonly signed: bigint;
  /** Thousandths of a tick. */
  readonly price: bigint;
  readonly notional: bigint;
  readonly fee: bigint;
  readonly feeCurrency: string;
}

/** What a row of port `fills` says, or why it cannot be a fill. */
export function fillOf(row: Row, terms: Terms, names: RefusedColumns): Fill | Refusal {
  if (row.ts_event === null) return 'ts-missing';
  if (row.account === null) return 'account-missing';
  if (row.symbol === null) return 'symbol-missing';
  const listed = terms.instruments.get(row.symbol as string);
  if (!listed) return 'symbol-unknown';
  if (row.side === null) return 'side-missing';
  if (row.side !== 'buy' && row.side !== 'sell') return 'side-unknown';
  const price = thousandthsOf(row[names.price] as bigint | number | null, listed);
  if (typeof price === 'string') return price;
  const lots = lotsOf(row[names.size] as bigint | number | null, listed);
  if (typeof lots === 'string') return lots;
  const notional = absolute(price * lots * listed.point);
  if (notional >= 2n ** 127n) return 'amount-out-of-range';
  const charged = feeOf(row, notional, listed, terms);
  if (typeof charged === 'string') return charged;
  return { ns: row.ts_event as bigint, listed, signed: row.side === 'buy' ? lots : -lots, price, notional, ...charged };
}

/** A price in thousandths of a tick: of ticks exactly, of a Float64 to the nearest. */
export function thousandthsOf(price: bigint | number | null, { tick }: Listed): bigint | Refusal {
  if (price === null) return 'price-missing';
  if (typeof price === 'number' && !Number.isFinite(price)) return 'price-not-finite';
  const thousandths = typeof price === 'bigint' ? price * TICK_PARTS : nearest((price / tick) * 1000);
  if (typeof thousandths === 'number' && !Number.isFinite(thousandths)) return 'price-out-of-range';
  return fitsInt64(BigInt(thousandths)) && absolute(BigInt(thousandths)) < 2n ** 63n ? BigInt(thousandths) : 'price-out-of-range';
}

/** A size in lots; a Float64 must be within one part in 10^9 of a multiple, and never more than a hundredth of a lot away. */
function lotsOf(size: bigint | number | null, { lot }: Listed): bigint | Refusal {
  if (size === null) return 'size-missing';
  if (typeof size === 'bigint') return size > 0n ? size : 'size-not-positive';
  if (!Number.isFinite(size)) return 'size-not-finite';
  if (size <= 0) return 'size-not-positive';
  const quotient = size / lot;
  const whole = nearest(quotient);
  if (whole > 2 ** 53) return 'size-out-of-range';
  return whole < 1 || Math.abs(quotient - whole) > Math.min(quotient * 1e-9, 0.01) ? 'size-off-lot' : BigInt(whole);
}

/** The fee that the row tells, else that of its part in the execution. */
function feeOf(row: Row, notional: bigint, { currency }: Listed, terms: Terms): Pick<Fill, 'fee' | 'feeCurrency'> | Refusal {
  if (!Object.hasOwn(row, 'fee')) {
    const fee = mulDiv(notional, row.liquidity === 'maker' ? terms.maker : terms.taker, SHARE_ONE);
    return fee === null ? 'amount-out-of-range' : { fee, feeCurrency: currency };
  }
  if (row.fee === null) return { fee: 0n, feeCurrency: currency };
  if (!Number.isFinite(row.fee)) return 'fee-not-finite';
  const fee = unitsOf(row.fee as number);
  if (fee === null) return 'fee-out-of-range';
  const feeCurrency = (row.fee_currency ?? currency) as string;
  return terms.currencies.includes(feeCurrency) ? { fee, feeCurrency } : 'currency-unknown';
}

/** What a row of port `cash` says. */
export function depositOf(row: Row, terms: Terms): { readonly currency: string; readonly units: bigint } | Refusal {
  if (row.ts_event === null) return 'ts-missing';
  if (row.account === null) return 'account-missing';
  if (row.currency === null) return 'currency-missing';
  if (!terms.currencies.includes(row.currency as string)) return 'currency-unknown';
  if (row.amount === null) return 'amount-missing';
  if (!Number.isFinite(row.amount)) return 'amount-not-finite';
  const units = unitsOf(row.amount as number);
  if (units === null) return 'amount-out-of-range';
  return units === 0n ? 'amount-zero' : { currency: row.currency as string, units };
}
