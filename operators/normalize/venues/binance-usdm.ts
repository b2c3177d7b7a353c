import { readBinance } from './binance.ts';
import type { Venue } from './venue.ts';

/**
 * Binance USD-M futures, stream `<symbol>@trade`, as captured on 2024-08-08 (combined stream):
 *
 *     {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT","t":5266583935,
 *      "p":"61800.30","q":"0.006","X":"MARKET","m":false}}
 *
 * `T` trade time in ms, `E` event time (not used), `t` trade id, consecutive per symbol, `p` price, `q` quantity in base units,
 * `m` whether the buyer is the maker, `X` kind of execution (`INSURANCE_FUND` and `ADL` may come with price and quantity 0).
 *
 * Quotes, stream `<symbol>@bookTicker`:
 *
 *     {"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":5123107840008,"s":"BTCUSDT","b":"61800.20","B":"2.507",
 *      "a":"61800.30","A":"2.504","T":1723161256322,"E":1723161256322}}
 *
 * `u` update number of the book, rising, not by one; `b`, `B` best bid and its size, `a`, `A` best ask; `T` transaction time in ms.
 */
export const binanceUsdm: Venue = {
  name: 'binance_usdm',
  source: 'Binance, USDS-Margined Futures, WebSocket Market Streams, https://developers.binance.com/docs/derivatives/usds-margined-futures',
  quotesTimed: true,
  read: readBinance({ timed: true }),
};
