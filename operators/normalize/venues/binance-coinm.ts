import { readBinance } from './binance.ts';
import type { Venue } from './venue.ts';

/**
 * Binance COIN-M futures, stream `<symbol>@trade`, as captured on 2024-08-08 (combined stream):
 *
 *     {"stream":"btcusd_perp@trade","data":{"e":"trade","E":1723161257687,"T":1723161257679,"s":"BTCUSD_PERP","t":849714402,
 *      "p":"61804.8","q":"4","X":"MARKET","m":false}}
 *
 * As USD-M, but `q` counts contracts (of 100 USD for BTCUSD_PERP), and so does `size`.
 * Quotes as in USD-M, with the pair `ps` beside the symbol; `B` and `A` count contracts.
 */
export const binanceCoinm: Venue = {
  name: 'binance_coinm',
  source: 'Binance, COIN-Margined Futures, WebSocket Market Streams, https://developers.binance.com/docs/derivatives/coin-margined-futures',
  quotesTimed: true,
  read: readBinance({ timed: true }),
};
