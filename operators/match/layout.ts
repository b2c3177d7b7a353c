import { Bool, type DataType, Int64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { type ColumnTest, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';

/** Port of instructions, one a row. */
export const ORDERS_PORT = 'orders';
/** Optional port of what is told of symbols: phases, reference prices, bands, increments. */
export const SYMBOLS_PORT = 'symbols';
/** Port of executions, two rows each. */
export const FILLS_PORT = 'fills';
/** Port of the changes of levels. */
export const BOOK_PORT = 'book';
/** Port of what an uncross would trade. */
export const AUCTION_PORT = 'auction';

const TIME: ColumnTest = { wanted: 'Timestamp', accepts: (type) => type.typeId === Type.Timestamp };
const WORD: ColumnTest = { wanted: 'Dictionary', accepts: isWord };
const BOOL: ColumnTest = { wanted: 'Bool', accepts: (type) => type.typeId === Type.Bool };
const INT64: ColumnTest = {
  wanted: 'Int64',
  accepts: (type) => type.typeId === Type.Int && (type as DataType & { bitWidth: number }).bitWidth === 64,
};

interface InputColumns {
  readonly required: Readonly<Record<string, ColumnTest>>;
  /** All null where the input lacks them. */
  readonly optional: Readonly<Record<string, ColumnTest>>;
}

const ORDERS: InputColumns = {
  required: {
    ts_event: TIME,
    action: WORD,
    symbol: WORD,
    account: WORD,
    order_id: INT64,
    side: WORD,
    type: WORD,
    price_ticks: INT64,
    size_lots: INT64,
  },
  optional: {
    time_in_force: WORD,
    stop_ticks: INT64,
    trail_ticks: INT64,
    display_lots: INT64,
    expire_at: TIME,
    self_trade: WORD,
    post_only: WORD,
    hidden: BOOL,
    all_or_none: BOOL,
    reduce_only: BOOL,
    oco_order_id: INT64,
  },
};

const SYMBOLS: InputColumns = {
  required: { ts_event: TIME, symbol: WORD },
  optional: {
    phase: WORD,
    reference_ticks: INT64,
    lower_ticks: INT64,
    upper_ticks: INT64,
    increment_ticks: INT64,
    increment_lots: INT64,
  },
};

/** What is read of each input port. */
const INPUTS: Readonly<Record<string, InputColumns>> = { [ORDERS_PORT]: ORDERS, [SYMBOLS_PORT]: SYMBOLS };

/** The columns of a port that are read, of those the input has. */
export function columnsRead(port: string, input: Schema): string[] {
  const { required, optional } = INPUTS[port] ?? { required: {}, optional: {} };
  return Object.keys({ ...required, ...optional }).filter((name) => columnIndex(input, name) >= 0);
}

const { ts_event, symbol, order_id, account, side, price_ticks, size_lots, leaves_lots, filled_lots, status, stop_ticks } = COLUMNS;

const limit = field('price_ticks', new Int64(), true, 'limit in multiples of the tick size; null for market orders');
const best = (name: string, what: string) => field(name, new Int64(), true, `${what} after the instruction; null when that side is empty`);

/** Two rows an execution. */
export const FILLS_SCHEMA = new Schema([
  ts_event,
  symbol,
  COLUMNS.execution_id,
  order_id,
  account,
  side,
  COLUMNS.liquidity,
  price_ticks,
  size_lots,
  leaves_lots,
]);

/** A row for every change of an order. */
export const UPDATES_SCHEMA = new Schema([
  ts_event,
  symbol,
  order_id,
  account,
  side,
  status,
  field(
    'reason',
    dictionaryOf('reason'),
    true,
    'why: ioc, fok, no_liquidity, self_trade, reduce_only, post_only, oco, amended, price_band, phase, day, gtd, slide; null where the instruction says it',
  ),
  limit,
  stop_ticks,
  size_lots,
  leaves_lots,
  filled_lots,
]);

/** A row for every displayed level that changed. */
export const BOOK_SCHEMA = new Schema([
  ts_event,
  symbol,
  field('sequence', new Int64(), false, 'number of the change in its symbol, from 1; one for all rows of an instruction'),
  side,
  field('price_ticks', new Int64(), false, 'price of the level, in multiples of the tick size'),
  field('size_lots', new Int64(), false, 'displayed size of the level, in multiples of the lot size; 0: the level went'),
  field('orders', new Int64(), false, 'orders displayed at the level'),
  best('bid_ticks', 'best displayed bid, in ticks,'),
  best('bid_lots', 'displayed size of the best bid, in lots,'),
  best('ask_ticks', 'best displayed offer, in ticks,'),
  best('ask_lots', 'displayed size of the best offer, in lots,'),
  field(
    'checksum',
    new Int64(),
    false,
    'CRC-32 of the best bids, then the best offers after the instruction: price and size of each level as little-endian int64',
  ),
  field('final', new Bool(), false, 'true for the last row of an instruction'),
]);

/** A row for every change of what an uncross would trade, and one for every uncross. */
export const AUCTION_SCHEMA = new Schema([
  ts_event,
  symbol,
  field('indicative_ticks', new Int64(), true, 'price at which the uncross would trade, in ticks; null when nothing would trade'),
  field('indicative_lots', new Int64(), false, 'size that it would trade, in lots; of a final row what it traded'),
  field('surplus_lots', new Int64(), true, 'demand less supply at that price, in lots; null when nothing would trade'),
  field('final', new Bool(), false, 'true for the uncross itself'),
]);

/** Schemas of the output ports, whatever comes in. */
export const OUTPUTS = {
  [FILLS_PORT]: FILLS_SCHEMA,
  [ORDERS_PORT]: UPDATES_SCHEMA,
  [BOOK_PORT]: BOOK_SCHEMA,
  [AUCTION_PORT]: AUCTION_SCHEMA,
  [REJECTED_PORT]: REJECTED_SCHEMA,
} as const;

/** Schemas of the output ports, or null after recording what the inputs lack. */
export function matchSchema(request: SchemaRequest<unknown>): Readonly<Record<string, Schema>> | null {
  const { inputs } = request;
  if (!inputs[ORDERS_PORT]) return null;
  const found = Object.entries(INPUTS).flatMap(([port, { required, optional }]) => {
    const input = inputs[port];
    if (!input) return [];
    const there = Object.entries(optional).filter(([name]) => columnIndex(input, name) >= 0);
    return [...Object.entries(required), ...there].map(([name, test]) => request.column(name, test, undefined, port));
  });
  return found.includes(null) ? null : OUTPUTS;
}
