import type { Quoted, Refusal } from '../refusal.ts';
import { type Json, parseJson } from './json.ts';
import type { ReadRow } from './venue.ts';

/** Event types that are told apart on `ignored`; any other is `other`. The native reader knows the same list. */
export const KINDS = [
  'other',
  'aggTrade',
  'bookTicker',
  'depthUpdate',
  'snapshot',
  'kline',
  'continuous_kline',
  'markPriceUpdate',
  'indexPriceUpdate',
  'forceOrder',
  '24hrTicker',
  '24hrMiniTicker',
  '1dTicker',
  'avgPrice',
  'compositeIndex',
  'contractInfo',
  'assetIndexUpdate',
] as const;

const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
const INT64 = 2n ** 63n;

/** Keys that may stand once only, in the message and in its `data`. */
const READ_KEYS: ReadonlySet<string> = new Set(['stream', 'data', 'lastUpdateId', 'e', 'T', 's', 't', 'p', 'q', 'm']);

/** Reads a payload of any Binance market stream, raw or combined (`{"stream":…,"data":…}`): futures and spot write a trade alike. */
export function readBinance(payload: Uint8Array): ReadRow {
  const message = parseJson(payload, READ_KEYS);
  if (message === null || message.is !== 'object') return refused('payload-unparsable', {});
  const inner = message.entries.get('data');
  const data = inner?.is === 'object' ? inner : message;
  const event = data.entries.get('e');
  if (event?.is === 'text' && event.text === 'trade') return readTrade(data.entries);
  return { is: 'ignored', kind: kindOf(message.entries, data.entries) };
}

function kindOf(message: ReadonlyMap<string, Json>, data: ReadonlyMap<string, Json>): string {
  const event = data.get('e');
  const stream = message.get('stream');
  const word = event?.is === 'text' ? event.text : stream?.is === 'text' ? (stream.text.split('@')[1] ?? '') : '';
  if (data.has('lastUpdateId')) return 'snapshot';
  return KINDS.find((kind) => kind === word) ?? 'other';
}

/** The futures streams write the event `T` in ms; `m`: the buyer was the maker, so the aggressor sold. */
function readTrade(data: ReadonlyMap<string, Json>): ReadRow {
  const absent = ['T', 's', 't', 'p', 'q', 'm'].find((key) => !data.has(key) || data.get(key)?.is === 'null');
  if (absent !== undefined) return refused('field-missing', { field: absent });
  const time = int64(data.get('T'));
  if (time === null || time * 1_000_000n >= INT64 || time * 1_000_000n < -INT64) return refused('field-type', { field: 'T' });
  const symbol = data.get('s');
  if (symbol?.is !== 'text') return refused('field-type', { field: 's' });
  const tradeId = int64(data.get('t'));
  if (tradeId === null) return refused('field-type', { field: 't' });
  const price = data.get('p');
  if (price?.is !== 'text') return refused('field-type', { field: 'p' });
  const size = data.get('q');
  if (size?.is !== 'text') return refused('field-type', { field: 'q' });
  const maker = data.get('m');
  if (maker?.is !== 'bool') return refused('field-type', { field: 'm' });
  const trade = {
    tsEvent: time * 1_000_000n,
    symbol: symbol.text,
    sequence: null,
    tradeId,
    price: price.text,
    size: size.text,
    side: maker.value ? ('sell' as const) : ('buy' as const),
  };
  return { is: 'trade', trade };
}

/** Whether a decimal text says that it is no number. */
export function notFinite(text: string): boolean {
  return NOT_FINITE.test(text);
}

function int64(json: Json | undefined): bigint | null {
  if (json?.is !== 'number' || !/^-?\d+$/.test(json.text)) return null;
  const value = BigInt(json.text);
  return value < INT64 && value >= -INT64 ? value : null;
}

function refused(code: Refusal, quoted: Quoted): ReadRow {
  return { is: 'refused', code, quoted };
}
