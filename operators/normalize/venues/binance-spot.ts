import { readBinance } from './binance.ts';
import type { Venue } from './venue.ts';

/**
 * Binance spot, stream `<symbol>@trade`, as captured on 2024-08-08 (combined stream):
 *
 *     {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000",
 *      "q":"0.02000000","T":1723161255342,"m":true,"M":true}}
 *
 * `T` trade time in ms, `t` trade id, consecutive per symbol, `m` whether the buyer is the maker; `M` means nothing any more.
 * Its `bookTicker` has no event type: the kind is read from `stream`, or from its fields where the stream is not combined:
 *
 *     {"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000",
 *      "a":"61837.64000000","A":"1.54698000"}}
 *
 * It has no time either: the time of a quote is that of its receipt.
 */
export const binanceSpot: Venue = {
  name: 'binance_spot',
  source: 'Binance, Spot, WebSocket Streams, Trade Streams, https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams',
  quotesTimed: false,
  read: readBinance({ timed: false }),
};
