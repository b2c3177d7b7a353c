import { hash } from './noise.ts';

/** What trades on the simulated exchange. */
export interface Instrument {
  readonly symbol: string;
  readonly tickSize: number;
  readonly lotSize: number;
  readonly currency: string;
  /** Price around which it moves, in the currency. */
  readonly level: number;
}

/** Symbol, level, tick size, lot size. */
const LISTED: readonly (readonly [string, number, number, number])[] = [
  ['BTCUSDT', 60_000, 0.1, 0.001],
  ['ETHUSDT', 3_000, 0.01, 0.001],
  ['SOLUSDT', 150, 0.01, 0.1],
  ['XRPUSDT', 0.6, 0.0001, 1],
  ['BNBUSDT', 550, 0.01, 0.01],
  ['DOGEUSDT', 0.12, 0.00001, 1],
  ['ADAUSDT', 0.45, 0.0001, 1],
  ['AVAXUSDT', 28, 0.001, 0.1],
  ['LINKUSDT', 14, 0.001, 0.01],
  ['DOTUSDT', 6.5, 0.001, 0.1],
  ['LTCUSDT', 75, 0.01, 0.001],
  ['BCHUSDT', 380, 0.01, 0.001],
  ['TRXUSDT', 0.12, 0.00001, 1],
  ['ATOMUSDT', 8.2, 0.001, 0.01],
  ['NEARUSDT', 5.4, 0.001, 0.1],
  ['UNIUSDT', 7.8, 0.001, 0.1],
];

/** The first n of the listed symbols and then `SIM0017`, …; or the named ones, those not listed with a level drawn from the name. */
export function instrumentsOf(symbols: number | readonly string[]): readonly Instrument[] {
  const names =
    typeof symbols === 'number'
      ? Array.from({ length: symbols }, (_, i) => LISTED[i]?.[0] ?? `SIM${String(i + 1).padStart(4, '0')}`)
      : symbols;
  return names.map((symbol) => {
    const listed = LISTED.find((row) => row[0] === symbol);
    if (listed) return { symbol, level: listed[1], tickSize: listed[2], lotSize: listed[3], currency: 'USDT' };
    const drawn = [...symbol].reduce((h, char) => hash(h, char.codePointAt(0) ?? 0), 7) >>> 0;
    const magnitude = drawn % 4;
    return {
      symbol,
      level: 10 ** magnitude * (1 + (drawn >>> 8) / 2 ** 22),
      tickSize: [0.0001, 0.001, 0.01, 0.1][magnitude] ?? 0.01,
      lotSize: [1, 0.1, 0.01, 0.001][magnitude] ?? 0.01,
      currency: 'USDT',
    };
  });
}

/** The instrument table of the simulated exchange, as CSV text with a header. */
export function instrumentsCsv(symbols: number | readonly string[]): string {
  const rows = instrumentsOf(symbols).map(({ symbol, tickSize, lotSize, currency }) => [
    'sim',
    symbol,
    plain(tickSize),
    plain(lotSize),
    '1',
    currency,
  ]);
  return [['venue', 'symbol', 'tick_size', 'lot_size', 'contract_size', 'currency'], ...rows].map((row) => `${row.join(',')}\n`).join('');
}

/** A decimal without an exponent. */
function plain(value: number): string {
  return value.toFixed(10).replace(/\.?0+$/, '');
}
