import { type DataType, Float64, Int64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { PositionsParams } from './operator.ts';
import type { RefusedColumns } from './refusal.ts';

export const FILLS_PORT = 'fills';
export const PRICES_PORT = 'prices';
export const CASH_PORT = 'cash';
export const EQUITY_PORT = 'equity';
export const BALANCES_PORT = 'balances';

const word = (name: string, description: string) => field(name, dictionaryOf(name), false, description);
const number = (name: string, nullable: boolean, description: string) => field(name, new Float64(), nullable, description);
const ACCOUNT = field('account', COLUMNS.account.type, false, 'whose it is');

/** Rows of port `out`. Amounts are in the instrument's `currency`. */
export const POSITION_SCHEMA = new Schema([
  COLUMNS.ts_event,
  ACCOUNT,
  COLUMNS.symbol,
  word('event', 'what the row is about: fill, or mark (the price or rate moved)'),
  word('currency', 'currency of the amounts'),
  number('position', false, 'size held, base units or contracts; below 0 it is short'),
  field('position_lots', new Int64(), false, 'size held, in multiples of the lot size'),
  number('average_price', true, 'cost per unit, quote currency; null when nothing is held'),
  number('cost', false, 'what was paid for what is held, without fees; below 0: received for a short position'),
  number('mark', false, 'price it is valued at, quote currency per unit'),
  word('mark_source', 'where that price is from: price (port `prices`), or fill (the last of the account, before the first price)'),
  number(
    'market_value',
    true,
    'position x mark x contract size; null beyond 10^20 units of the currency divided by the number of instruments',
  ),
  number('unrealised', true, 'market_value - cost'),
  number('realised', false, 'profit of all that was closed so far, without fees'),
  number('fee', false, 'fee of this fill; 0 where it was charged in another currency'),
  number('fees', false, 'fees so far; those charged in another currency are in the cash of the account alone'),
  number('rate', true, 'base currency per unit of the currency; null while it is not known'),
]);

const accountFields = [COLUMNS.ts_event, ACCOUNT, word('event', 'what the row is about: fill, cash, or mark (a price or rate moved)')];

const amounts = (nullable: boolean) => [
  number('cash', nullable, 'deposits + realised - fees - cost of what is held'),
  number('market_value', true, 'value of all positions'),
  number('equity', true, 'cash + market_value'),
];

/** Rows of port `equity`. Amounts are in base currency. */
export const EQUITY_SCHEMA = new Schema([
  ...accountFields,
  word('currency', 'base currency, that of the amounts'),
  ...amounts(true),
  number('deposits', true, 'deposited minus withdrawn, each at the rate of its time'),
  number('realised', true, 'profit of all that was closed so far, without fees, at the last rate'),
  number('unrealised', true, 'profit of what is held, at the last price and rate'),
  number('fees', true, 'fees so far, at the last rate'),
  number(
    'translation',
    true,
    'what deposits in other currencies have gained since by rates that moved: equity - deposits - realised - unrealised + fees',
  ),
]);

/** Rows of port `balances`. Amounts are in `currency`. */
export const BALANCES_SCHEMA = new Schema([
  ...accountFields,
  word('currency', 'currency of the amounts'),
  ...amounts(false),
  number('deposits', false, 'deposited minus withdrawn'),
  number('realised', false, 'profit of all that was closed so far, without fees'),
  number('unrealised', true, 'profit of what is held'),
  number('fees', false, 'fees so far'),
  number('rate', true, 'base currency per unit of the currency; null while it is not known'),
]);

const has = (schema: Schema, name: string): boolean => columnIndex(schema, name) >= 0;

/** Columns of port `fills` that are read, in order; those of price and size, and the optional ones it has. */
export function fillColumns(fills: Schema): { readonly price: string; readonly size: string; readonly all: readonly string[] } {
  const price = has(fills, 'price_ticks') ? 'price_ticks' : 'price';
  const size = has(fills, 'size_lots') ? 'size_lots' : 'size';
  const charged = has(fills, 'fee') ? ['fee', 'fee_currency'] : ['liquidity'];
  return { price, size, all: ['ts_event', 'account', 'symbol', 'side', price, size, ...charged.filter((name) => has(fills, name))] };
}

/** The price column of port `prices`. */
export function priceColumn(params: PositionsParams, prices: Schema): string {
  return params.price ?? ['price', 'price_ticks', 'close'].find((name) => has(prices, name)) ?? 'price';
}

/** By port: the columns that cross, the price of `prices` last, and the names that reasons speak of. */
export function crossingColumns(
  params: PositionsParams,
  inputs: Readonly<Record<string, Schema>>,
): Readonly<Record<string, { readonly columns: readonly string[]; readonly refused: RefusedColumns }>> {
  const { [FILLS_PORT]: fills, [PRICES_PORT]: prices } = inputs;
  if (!fills) throw new MillraceError('the kernel lacks a schema', { code: 'input-absent', domain: 'internal' });
  const { price, size, all } = fillColumns(fills);
  const quoted = prices ? priceColumn(params, prices) : 'price';
  return {
    [FILLS_PORT]: { columns: all, refused: { price, size, currency: 'fee_currency' } },
    [PRICES_PORT]: { columns: ['ts_event', 'symbol', quoted], refused: { price: quoted, size, currency: 'currency' } },
    [CASH_PORT]: { columns: ['ts_event', 'account', 'currency', 'amount'], refused: { price, size, currency: 'currency' } },
  };
}

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const WORD = { wanted: 'Dictionary', accepts: isWord };
const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const isInt64 = (type: DataType) => type.typeId === Type.Int && String(type) === 'Int64';
const COUNT = { wanted: 'Int64', accepts: isInt64 };
const PRICE = { wanted: 'Float64 or Int64', accepts: (type: DataType) => type.typeId === Type.Float || isInt64(type) };

const ACCEPTS: Readonly<Record<string, typeof TIME>> = {
  ts_event: TIME,
  price_ticks: COUNT,
  size_lots: COUNT,
  price: NUMBER,
  size: NUMBER,
  fee: NUMBER,
  amount: NUMBER,
};

/** Schemas of the ports, or null after faults. */
export function positionsSchema(request: SchemaRequest<PositionsParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs, fault } = request;
  for (const kind of ['rates', 'fx'] as const) {
    if (params.base in params[kind])
      fault('value-invalid', `${params.base} is the base currency; its rate is 1`, { path: [kind, params.base] });
  }
  for (const currency of Object.keys(params.fx).filter((name) => name in params.rates)) {
    fault('value-invalid', `the rate of ${currency} is fixed and given by a symbol`, { path: ['fx', currency] });
  }
  for (const currency of Object.keys(params.cash)) {
    const known = currency === params.base || currency in params.rates || currency in params.fx;
    if (!known) fault('value-invalid', `there is no rate from ${currency} to ${params.base}`, { path: ['cash', currency] });
  }
  const fills = inputs[FILLS_PORT];
  const prices = inputs[PRICES_PORT];
  if (!fills) return null;
  const of = (port: string, names: readonly string[]) => names.map((name) => request.column(name, ACCEPTS[name] ?? WORD, undefined, port));
  const found = [
    ...of(FILLS_PORT, fillColumns(fills).all),
    ...(prices ? of(PRICES_PORT, ['ts_event', 'symbol']) : []),
    ...(prices ? [request.column(priceColumn(params, prices), PRICE, { path: ['price'] }, PRICES_PORT)] : []),
    ...(inputs[CASH_PORT] ? of(CASH_PORT, ['ts_event', 'account', 'currency', 'amount']) : []),
  ];
  if (Object.keys(params.fx).length > 0 && !prices) {
    fault('value-invalid', 'rates come by symbols of port "prices", which is not connected', { path: ['fx'] });
  }
  if (found.includes(null)) return null;
  return {
    [MAIN_PORT]: POSITION_SCHEMA,
    [EQUITY_PORT]: EQUITY_SCHEMA,
    [BALANCES_PORT]: BALANCES_SCHEMA,
    [REJECTED_PORT]: REJECTED_SCHEMA,
  };
}
