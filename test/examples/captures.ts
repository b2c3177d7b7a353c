import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DATA } from './example.ts';

const CAPTURES = {
  binance_usdm: 'usdm-btcusdt-20240808.ndjson.gz',
  binance_coinm: 'cm-btcusd_perp-20240808.ndjson.gz',
  binance_spot: 'spot-btcusdt-20240808.ndjson.gz',
} as const;
export type Venue = keyof typeof CAPTURES;
export const VENUES = Object.keys(CAPTURES) as Venue[];
/** Whether the captures are there. */
export const isCaptured = DATA !== null && Object.values(CAPTURES).every((file) => existsSync(join(DATA ?? '', 'binance', file)));

/** A trade as the capture's line says it. */
export interface Trade {
  readonly venue: Venue;
  readonly recvNs: string;
  readonly ms: number;
  readonly id: number;
  readonly symbol: string;
  readonly price: number;
  readonly size: number;
  readonly side: 'buy' | 'sell';
}

function linesOf(venue: Venue): string[] {
  return gunzipSync(readFileSync(join(DATA ?? '', 'binance', CAPTURES[venue])))
    .toString()
    .split('\n');
}

/** All trades of a capture, in the order of its lines. */
export function tradesOf(venue: Venue): Trade[] {
  return linesOf(venue).flatMap((line) => {
    if (!line.includes('"e":"trade"')) return [];
    const space = line.indexOf(' ');
    const { data } = JSON.parse(line.slice(space + 1)) as { data: { T: number; t: number; s: string; p: string; q: string; m: boolean } };
    const { T: ms, t: id, s: symbol, p, q, m } = data;
    return [{ venue, recvNs: line.slice(0, space), ms, id, symbol, price: Number(p), size: Number(q), side: m ? 'sell' : 'buy' } as const];
  });
}

/** The trades of each second that has any, in the order of their times. */
export function secondsOf(trades: readonly Trade[]): [number, Trade[]][] {
  const seconds = new Map<number, Trade[]>();
  for (const trade of trades.toSorted((a, b) => a.ms - b.ms)) {
    const second = Math.floor(trade.ms / 1000);
    const group = seconds.get(second);
    if (group) group.push(trade);
    else seconds.set(second, [trade]);
  }
  return [...seconds];
}

/** When the last line of a capture was received, ns. */
export function lastReceiptNs(venue: Venue): bigint {
  let last = 0n;
  for (const line of linesOf(venue)) {
    const recvNs = line === '' ? 0n : BigInt(line.slice(0, line.indexOf(' ')));
    if (recvNs > last) last = recvNs;
  }
  return last;
}
