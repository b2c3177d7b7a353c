import { Binary, Bool, type DataType, Dictionary, Field, Float64, Int32, Int64, Schema, TimestampNanosecond, Utf8 } from 'apache-arrow';

/** Key of a field's metadata that holds its one-line description; it ends as the column comment of a table. */
export const DESCRIPTION = 'description';

/** Strings as codes into a per-batch dictionary. The id is derived from the name, so that equal schemas compare equal everywhere. */
export function dictionaryOf(name: string): Dictionary<Utf8, Int32> {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return new Dictionary(new Utf8(), new Int32(), hash >>> 2);
}

/** ns since 1970 UTC. */
export const timestampNs = (): TimestampNanosecond => new TimestampNanosecond('UTC');

/** A field that carries its own description. */
export function field(name: string, type: DataType, nullable: boolean, description: string): Field {
  return new Field(name, type, nullable, new Map([[DESCRIPTION, description]]));
}

const word = (name: string, nullable: boolean, description: string) => field(name, dictionaryOf(name), nullable, description);

/** The dictionary of columns: one name, one type, one unit, product-wide. */
export const COLUMNS = {
  ts_event: field(
    'ts_event',
    timestampNs(),
    false,
    "venue's clock, ns since 1970 UTC; for a bar the end of its interval, when it is known",
  ),
  ts_recv: field('ts_recv', timestampNs(), false, 'our clock at receipt, ns since 1970 UTC'),
  ts_open: field('ts_open', timestampNs(), false, 'start of the interval, ns since 1970 UTC'),
  symbol: word('symbol', false, "venue's symbol, upper case"),
  venue: word('venue', false, 'where it was traded, e.g. binance_usdm'),
  sequence: field('sequence', new Int64(), true, "venue's sequence number"),
  trade_id: field('trade_id', new Int64(), true, "venue's trade number"),
  price: field('price', new Float64(), false, 'quote currency per unit'),
  size: field('size', new Float64(), false, 'base units (COIN-M: contracts)'),
  price_ticks: field('price_ticks', new Int64(), false, 'price in multiples of the tick size'),
  size_lots: field('size_lots', new Int64(), false, 'size in multiples of the lot size'),
  aggressor_side: word('aggressor_side', false, 'side of the taker: buy or sell'),
  side: word('side', false, 'side of the order: buy or sell'),
  bid: field('bid', new Float64(), false, 'highest price that is bid, quote currency per unit'),
  bid_size: field('bid_size', new Float64(), false, 'size bid at that price, base units (COIN-M: contracts)'),
  ask: field('ask', new Float64(), false, 'lowest price that is asked, quote currency per unit'),
  ask_size: field('ask_size', new Float64(), false, 'size asked at that price, base units (COIN-M: contracts)'),
  bid_ticks: field('bid_ticks', new Int64(), false, 'bid in multiples of the tick size'),
  bid_lots: field('bid_lots', new Int64(), false, 'bid_size in multiples of the lot size'),
  ask_ticks: field('ask_ticks', new Int64(), false, 'ask in multiples of the tick size'),
  ask_lots: field('ask_lots', new Int64(), false, 'ask_size in multiples of the lot size'),
  flags: field('flags', new Int32(), false, 'bit set: 1 clock_skew, 2 sequence_gap, 4 late, 8 snapshot, 16 receipt_time'),
  payload: field('payload', new Utf8(), false, "venue's message as it was received"),
  open: field('open', new Float64(), true, 'first price of the interval'),
  high: field('high', new Float64(), true, 'highest price of the interval'),
  low: field('low', new Float64(), true, 'lowest price of the interval'),
  close: field('close', new Float64(), true, 'last price of the interval'),
  volume: field('volume', new Float64(), false, 'sum of sizes'),
  notional: field('notional', new Float64(), false, 'sum of price x size'),
  vwap: field('vwap', new Float64(), true, 'volume-weighted average price: notional / volume'),
  trades: field('trades', new Int64(), false, 'number of trades'),
  signed_volume: field('signed_volume', new Float64(), false, 'bought minus sold volume, by aggressor'),
  final: field('final', new Bool(), false, 'true when the bar will not change'),
  action: word('action', false, 'what an instruction asks for: new, amend or cancel'),
  order_id: field('order_id', new Int64(), false, 'number of an order, unique among the live orders of its symbol'),
  account: word('account', false, 'who the order belongs to'),
  type: word('type', true, 'type of an order: market, limit, stop, stop_limit, trailing_stop'),
  time_in_force: word('time_in_force', true, 'how long an order lives: gtc, ioc, fok, gtd, day'),
  stop_ticks: field('stop_ticks', new Int64(), true, 'price that triggers a waiting order, in multiples of the tick size'),
  trail_ticks: field(
    'trail_ticks',
    new Int64(),
    true,
    'distance at which a trailing stop follows the price, in multiples of the tick size',
  ),
  display_lots: field('display_lots', new Int64(), true, 'most that an iceberg shows at once, in multiples of the lot size'),
  expire_at: field('expire_at', timestampNs(), true, 'when an order is over, ns since 1970 UTC'),
  self_trade: word(
    'self_trade',
    true,
    'what meets an order of the same account: none, cancel_newest, cancel_oldest, cancel_both, decrement',
  ),
  post_only: word('post_only', true, 'what an order does that would trade at once and must not: reject or slide'),
  hidden: field('hidden', new Bool(), true, 'true for an order that the book does not show'),
  all_or_none: field('all_or_none', new Bool(), true, 'true for an order that trades whole or not at all'),
  reduce_only: field('reduce_only', new Bool(), true, "true for an order that may only make its account's position smaller"),
  oco_order_id: field('oco_order_id', new Int64(), true, 'the other order of a pair where one cancels the other'),
  execution_id: field('execution_id', new Int64(), false, 'number of an execution in its symbol; each has two fills'),
  liquidity: word('liquidity', false, 'part that an order had in an execution: maker, taker, auction'),
  leaves_lots: field('leaves_lots', new Int64(), false, 'what is still open of an order, in multiples of the lot size'),
  filled_lots: field('filled_lots', new Int64(), false, 'what is traded of an order, in multiples of the lot size'),
  status: word('status', false, 'what became of an order: new, pending, triggered, partially_filled, filled, replaced, canceled, expired'),
} as const;

/** Bits of the column `flags`; `receiptTime`: the venue gives no time, so that `ts_event` is `ts_recv`. */
export const FLAG = { clockSkew: 1, sequenceGap: 2, late: 4, snapshot: 8, receiptTime: 16 } as const;

/** What a kernel emits on `rejected`: which row of the pushed batch, why, and the row as it was received. */
export const REJECT_SCHEMA = new Schema([
  field('row', new Int32(), false, 'row of the pushed batch'),
  field('code', dictionaryOf('code'), false, 'machine-readable reason, e.g. price-off-tick'),
  field('reason', new Utf8(), false, 'reason in words, with the offending value'),
  field('raw', new Binary(), false, 'the row as it was received'),
]);

/** What leaves a node on its `rejected` port, and the columns of the dead letters. */
export const REJECTED_SCHEMA = new Schema([
  field('ts_recv', timestampNs(), false, 'clock of the epoch that rejected the row'),
  field('pipeline', dictionaryOf('pipeline'), false, 'pipeline that rejected it'),
  field('node', dictionaryOf('node'), false, 'node that rejected it'),
  field('code', dictionaryOf('code'), false, 'machine-readable reason'),
  field('reason', new Utf8(), false, 'reason in words, with the offending value'),
  field('raw', new Binary(), false, 'the row as it was received'),
  field('source', dictionaryOf('source'), true, 'topic or file it was read from'),
  field('partition', new Int32(), true, 'partition it was read from'),
  field('offset', new Int64(), true, 'position in the source: line from 0 for files, offset for topics'),
  field('row', new Int32(), true, 'position in the message, from 0, where a message holds several rows'),
]);

/** Identity and lineage of a row in a sink. */
export const LINEAGE_FIELDS = [
  field(
    '_src',
    dictionaryOf('_src'),
    false,
    'run of the state, topic and partition that the row was delivered from: incarnation/topic/partition',
  ),
  field(
    '_seq',
    new Int64(),
    false,
    'order of the row within _src, where no number comes twice: offset of its message x 65,536 + its position in it',
  ),
  field('_task', new Int32(), false, 'task that made the row'),
  field('_epoch', new Int64(), false, 'number of the transaction, within its task, that made the row'),
] as const;

/** A message has at most this many rows, so that offset and row fit one int64. */
export const MAX_MESSAGE_ROWS = 65_536;
