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
 */
export const binanceUsdm: Venue = {
  name: 'binance_usdm',
  source: 'Binance, USDS-Margined Futures, WebSocket Market Streams, https://developers.binance.com/docs/derivatives/usds-margined-futures',
  read: readBinance,
};
