import type { Quoted, Refusal } from '../refusal.ts';
import { type Json, parseJson } from './json.ts';
import type { ReadRow, RowKind } from './venue.ts';

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

/** Kinds that are told apart on `ignored`, by what is wanted. */
export const IGNORED_KINDS: Readonly<Record<RowKind, readonly string[]>> = {
  trades: KINDS,
  quotes: [...KINDS.filter((kind) => kind !== 'bookTicker'), 'trade'],
};

/** Keys that may stand once only, in the message and in its `data`. */
const READ_KEYS: Readonly<Record<RowKind, ReadonlySet<string>>> = {
  trades: new Set(['stream', 'data', 'lastUpdateId', 'e', 'T', 's', 't', 'p', 'q', 'm']),
  quotes: new Set(['stream', 'data', 'lastUpdateId', 'e', 'T', 's', 'u', 'b', 'B', 'a', 'A']),
};

/**
 * Reads payloads of any Binance market stream, raw or combined (`{"stream":…,"data":…}`): futures and spot write a trade alike; of quotes
 * only the futures say when, `timed`.
 */
export function readBinance(given: { readonly timed: boolean }): (payload: Uint8Array, wanted: RowKind) => ReadRow {
  return (payload, wanted) => read(payload, wanted, given.timed);
}

function read(payload: Uint8Array, wanted: RowKind, timed: boolean): ReadRow {
  const message = parseJson(payload, READ_KEYS[wanted]);
  if (message === null || message.is !== 'object') return refused('payload-unparsable', {});
  const inner = message.entries.get('data');
  const data = inner?.is === 'object' ? inner : message;
  const event = data.entries.get('e');
  if (wanted === 'trades' && event?.is === 'text' && event.text === 'trade') return readTrade(data.entries);
  if (data.entries.has('lastUpdateId')) return { is: 'ignored', kind: 'snapshot' };
  const word = wordOf(message.entries, data.entries, wanted);
  if (wanted === 'quotes' && word === 'bookTicker') return readQuote(data.entries, timed);
  return { is: 'ignored', kind: IGNORED_KINDS[wanted].find((kind) => kind === word) ?? 'other' };
}

/** The kind of a message as the venue calls it; spot's own stream of quotes calls it nothing. */
function wordOf(message: ReadonlyMap<string, Json>, data: ReadonlyMap<string, Json>, wanted: RowKind): string {
  const event = data.get('e');
  const stream = message.get('stream');
  if (event?.is === 'text') return event.text;
  if (stream?.is === 'text') return stream.text.split('@')[1] ?? '';
  return wanted === 'quotes' && ['u', 'b', 'B', 'a', 'A'].every((key) => data.has(key)) ? 'bookTicker' : '';
}

/** `T` transaction time in ms where the venue gives one; `u` update number; `b`, `B`, `a`, `A` best bid and ask. */
function readQuote(data: ReadonlyMap<string, Json>, timed: boolean): ReadRow {
  const needed = [...(timed ? ['T'] : []), 's', 'u', 'b', 'B', 'a', 'A'];
  const absent = needed.find((key) => !data.has(key) || data.get(key)?.is === 'null');
  if (absent !== undefined) return refused('field-missing', { field: absent });
  const time = timed ? int64(data.get('T')) : null;
  if (timed && (time === null || time * 1_000_000n >= INT64 || time * 1_000_000n < -INT64)) return refused('field-type', { field: 'T' });
  const sequence = int64(data.get('u'));
  if (sequence === null) return refused('field-type', { field: 'u' });
  const texts: Record<string, string> = {};
  for (const key of ['s', 'b', 'B', 'a', 'A']) {
    const value = data.get(key);
    if (value?.is !== 'text') return refused('field-type', { field: key });
    texts[key] = value.text;
  }
  const { s: symbol = '', b = '', B = '', a = '', A = '' } = texts;
  const tsEvent = time === null ? null : time * 1_000_000n;
  return { is: 'quote', quote: { tsEvent, symbol, sequence, bid: { price: b, size: B }, ask: { price: a, size: A } } };
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
