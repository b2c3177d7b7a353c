import { type DataType, type Field, Float64, Int64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { OrderFlowParams } from './operator.ts';

export const QUOTES_PORT = 'quotes';
export const TRADES_PORT = 'trades';

/** Columns of quotes and of trades that are read, besides the key. */
export const QUOTE_COLUMNS = ['ts_event', 'bid', 'bid_size', 'ask', 'ask_size'] as const;
export const TRADE_COLUMNS = ['ts_event', 'size', 'aggressor_side'] as const;

const DEFAULT_KEYS = ['venue', 'symbol'];
/** Most intervals for which a quote may be carried on. */
const MOST_CARRIED = 100_000n;

/** Key columns: those named, else those of venue and symbol that the quotes have. */
export function keysOf(params: OrderFlowParams, quotes: Schema): readonly string[] {
  return params.by ?? DEFAULT_KEYS.filter((name) => columnIndex(quotes, name) >= 0);
}

const number = (name: string, nullable: boolean, description: string): Field => field(name, new Float64(), nullable, description);

/** Columns of a row behind those of its key. */
export function featureFields(params: OrderFlowParams, traded: boolean): readonly Field[] {
  return [
    field('ts_event', COLUMNS.ts_event.type, false, 'end of the interval, when the row is known'),
    number('mid', traded, 'middle of bid and ask, quote currency per unit'),
    number('microprice', true, 'bid and ask, each weighted by the size of the other side, quote currency per unit'),
    number('spread', traded, 'ask - bid, quote currency per unit'),
    number('spread_bps', traded, 'ask - bid in 1/10,000 of the mid'),
    number('imbalance', true, '(bid_size - ask_size) / (bid_size + ask_size), -1 to 1'),
    number('order_flow_imbalance', false, 'what quotes added to the bid and took from the ask in the interval, base units'),
    number('realised_variance', false, 'sum of squared log returns of the mid from quote to quote in the interval'),
    field('quotes', new Int64(), false, 'number of quotes in the interval; 0: the last one is carried on, or there is none'),
    ...(traded ? [COLUMNS.volume, COLUMNS.signed_volume, COLUMNS.trades] : []),
    number('mid_return', true, 'log return of the mid over the interval'),
    ...params.returns.map((length) => number(`return_${length}`, true, `log return of the mid over ${length} intervals`)),
  ];
}

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const WORD = { wanted: 'Dictionary', accepts: isWord };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

/** Schemas of the ports, or null after faults. */
export function orderFlowSchema(request: SchemaRequest<OrderFlowParams>): Readonly<Record<string, Schema>> | null {
  const { params } = request;
  const { [QUOTES_PORT]: quotes, [TRADES_PORT]: trades } = request.inputs;
  if (params.stale_after > params.every * MOST_CARRIED) {
    const hint = `it is at most ${MOST_CARRIED} times "every"`;
    request.fault('param-invalid', 'a quote would be carried on for too many intervals', { path: ['stale_after'] }, hint);
    return null;
  }
  if (!quotes) return null;
  const keys = keysOf(params, quotes);
  const fields = featureFields(params, trades !== undefined);
  const found = [
    request.column('ts_event', TIME, undefined, QUOTES_PORT),
    ...QUOTE_COLUMNS.slice(1).map((name) => request.column(name, NUMBER, undefined, QUOTES_PORT)),
    ...keys.map((name, i) => request.column(name, KEY, { path: ['by', i] }, QUOTES_PORT)),
  ];
  if (trades) {
    found.push(request.column('ts_event', TIME, undefined, TRADES_PORT));
    found.push(request.column('size', NUMBER, undefined, TRADES_PORT));
    found.push(request.column('aggressor_side', WORD, undefined, TRADES_PORT));
    for (const [i, name] of keys.entries()) found.push(request.column(name, sameAs(quotes, name), { path: ['by', i] }, TRADES_PORT));
  }
  const twice = keys.filter((name, i) => keys.indexOf(name) < i || fields.some((one) => one.name === name));
  for (const name of twice)
    request.fault('column-duplicate', `order_flow would have two columns "${name}"`, { path: ['by', keys.lastIndexOf(name)] });
  if (twice.length > 0 || found.includes(null)) return null;
  const keyFields = keys.map((name) => quotes.fields[columnIndex(quotes, name)] as Field);
  return { [MAIN_PORT]: new Schema([...keyFields, ...fields]), [REJECTED_PORT]: REJECTED_SCHEMA };
}

/** A key column has one type on both ports. */
function sameAs(quotes: Schema, name: string) {
  const wanted = quotes.fields[columnIndex(quotes, name)]?.type;
  return { wanted: `${wanted} as on port "${QUOTES_PORT}"`, accepts: (type: DataType) => String(type) === String(wanted) };
}
