import { type DataType, Type } from 'apache-arrow';
import { isWord } from '../../graph/contract/batch.ts';
import type { SchemaRequest } from '../../graph/contract/operator.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { absolute, mulDiv, RATE_ONE, rateOf, unitsOf } from './money.ts';

/** Columns of a position with its value, as port `out` of `positions` has them. */
export const VALUED_COLUMNS = ['ts_event', 'account', 'symbol', 'currency', 'market_value', 'rate'] as const;

/** Why a row is refused, in the order in which `native/kernels/src/valued.rs` numbers it. */
export const VALUED_REFUSALS = [
  'ts-missing',
  'account-missing',
  'symbol-missing',
  'currency-missing',
  'value-not-finite',
  'value-out-of-range',
  'rate-not-positive',
] as const;

export type ValuedRefusal = (typeof VALUED_REFUSALS)[number];

/** What a row says of a position. */
export interface Valued {
  readonly ns: bigint;
  readonly account: string;
  readonly symbol: string;
  readonly currency: string;
  /** In base currency, 10^-18; null where the row does not know it. */
  readonly value: bigint | null;
}

/** Largest value that is counted, 10^-18: 10^14 of the base currency. */
const MOST = 10n ** 32n;

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const WORD = { wanted: 'Dictionary', accepts: isWord };
const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const ACCEPTS = { ts_event: TIME, account: WORD, symbol: WORD, currency: WORD, market_value: NUMBER, rate: NUMBER };

/** Whether the input has the columns; records a fault for each that it has not. */
export function hasValuedColumns<P>(request: SchemaRequest<P>): boolean {
  return VALUED_COLUMNS.map((name) => request.column(name, ACCEPTS[name])).every((type) => type !== null);
}

/** What a row says, or why it is refused. */
export function valuedOf(row: Row): Valued | ValuedRefusal {
  if (row.ts_event === null) return 'ts-missing';
  if (row.account === null) return 'account-missing';
  if (row.symbol === null) return 'symbol-missing';
  if (row.currency === null) return 'currency-missing';
  const [value, rate] = [row.market_value as number | null, row.rate as number | null];
  if (value !== null && !Number.isFinite(value)) return 'value-not-finite';
  const exact = rate === null ? null : rateOf(rate, false);
  if (rate !== null && exact === null) return 'rate-not-positive';
  const place = { ns: row.ts_event as bigint, account: String(row.account), symbol: String(row.symbol), currency: String(row.currency) };
  if (value === null || exact === null) return { ...place, value: null };
  const units = unitsOf(value);
  const based = units === null ? null : mulDiv(units, exact, RATE_ONE);
  return based === null || absolute(based) > MOST ? 'value-out-of-range' : { ...place, value: based };
}

/** The reason in words, with the value that is refused. */
export function explainValued(code: ValuedRefusal, row: Row): string {
  const column = {
    'ts-missing': 'ts_event',
    'account-missing': 'account',
    'symbol-missing': 'symbol',
    'currency-missing': 'currency',
    'value-not-finite': 'market_value',
    'value-out-of-range': 'market_value',
    'rate-not-positive': 'rate',
  }[code];
  const shown = `${column} is ${row[column] === null ? 'null' : String(row[column])}`;
  return code === 'value-out-of-range' ? `${shown}, beyond 10^14 of the base currency at a rate of ${row.rate}` : shown;
}
