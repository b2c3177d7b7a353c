import type { Row } from '../../graph/contract/rows.ts';

/** Why a row is refused, in the order in which `native/kernels/src/positions/judge.rs` numbers it. */
export const REFUSALS = [
  'ts-missing',
  'account-missing',
  'symbol-missing',
  'symbol-unknown',
  'side-missing',
  'side-unknown',
  'price-missing',
  'price-not-finite',
  'price-out-of-range',
  'price-not-positive',
  'size-missing',
  'size-not-finite',
  'size-not-positive',
  'size-off-lot',
  'size-out-of-range',
  'fee-not-finite',
  'fee-out-of-range',
  'currency-missing',
  'currency-unknown',
  'amount-missing',
  'amount-not-finite',
  'amount-zero',
  'amount-out-of-range',
  'position-out-of-range',
  'ts-out-of-range',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** Names of the columns that a reason speaks of. */
export interface RefusedColumns {
  readonly price: string;
  readonly size: string;
  readonly currency: string;
}

/** The reason in words, with the value that is refused. */
export function explain(code: Refusal, row: Row, { price, size, currency }: RefusedColumns): string {
  const is = (name: string) => `${name} is ${row[name] === null ? 'null' : String(row[name])}`;
  switch (code) {
    case 'ts-missing':
      return is('ts_event');
    case 'account-missing':
      return is('account');
    case 'symbol-missing':
      return is('symbol');
    case 'symbol-unknown':
      return `${is('symbol')}, which is not in the instrument table`;
    case 'side-missing':
    case 'side-unknown':
      return is('side');
    case 'price-missing':
    case 'price-not-finite':
    case 'price-out-of-range':
    case 'price-not-positive':
      return is(price);
    case 'size-missing':
    case 'size-not-finite':
    case 'size-not-positive':
    case 'size-out-of-range':
      return is(size);
    case 'size-off-lot':
      return `${is(size)}, which is no multiple of the lot size of ${row.symbol}`;
    case 'fee-not-finite':
    case 'fee-out-of-range':
      return is('fee');
    case 'currency-missing':
      return is(currency);
    case 'currency-unknown':
      return `${is(currency)}, which has no rate`;
    case 'amount-missing':
    case 'amount-not-finite':
    case 'amount-zero':
      return is('amount');
    case 'amount-out-of-range':
      return Object.hasOwn(row, 'amount') ? is('amount') : `${is(price)} and ${is(size)}: the turnover of the account would pass 4 x 10^19`;
    case 'position-out-of-range':
      return `${is(size)}, and the position would pass 64 bits of lots`;
    case 'ts-out-of-range':
      return `${is('ts_event')}, whose interval has no end`;
  }
}
