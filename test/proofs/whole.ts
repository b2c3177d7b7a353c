import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Row } from '../../graph/contract/rows.ts';

/** Features of a capture over whole arrays: every one by its definition, from the lines of the file, nothing streams. */

interface Quote {
  readonly ns: bigint;
  readonly bid: number;
  readonly ask: number;
}

interface Trade {
  readonly ns: bigint;
  readonly price: number;
  readonly size: number;
  readonly sign: 1 | -1;
}

const SECOND_NS = 1_000_000_000n;

const byTime = <T extends { readonly ns: bigint }>(rows: T[]): T[] => rows.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));

/** Quotes and trades by the venue's clock, those of one time as they came. */
export function capturedIn(path: string): { readonly quotes: readonly Quote[]; readonly trades: readonly Trade[] } {
  const [quotes, trades]: [Quote[], Trade[]] = [[], []];
  for (const line of gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n')) {
    if (!/"e":"(bookTicker|trade)"/.test(line)) continue;
    const { data } = JSON.parse(line.slice(line.indexOf(' ')));
    const ns = BigInt(data.T) * 1_000_000n;
    if (data.e === 'trade') trades.push({ ns, price: Number(data.p), size: Number(data.q), sign: data.m ? -1 : 1 });
    else quotes.push({ ns, bid: Number(data.b), ask: Number(data.a) });
  }
  return { quotes: byTime(quotes), trades: byTime(trades) };
}

/** Trades with the last quote at or before them, what they paid above its middle, and its age. */
export function quotedTrades(quotes: readonly Quote[], trades: readonly Trade[]): Row[] {
  return trades.map(({ ns, price, size }) => {
    const after = firstAfter(quotes, ns);
    const quote = quotes[after - 1];
    const paid = quote ? price - (quote.bid + quote.ask) / 2 : null;
    return { ts_event: ns, price, size, bid: quote?.bid ?? null, paid, staleness_ns: quote ? ns - quote.ns : null };
  });
}

/** Place of the first row after a time. */
function firstAfter(rows: readonly { readonly ns: bigint }[], ns: bigint): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as { readonly ns: bigint }).ns <= ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Five seconds of quoted trades, every second in which there are any. */
export function windowsOf(quoted: readonly Row[]): Row[] {
  const seconds = quoted.map(({ ts_event }) => Number((ts_event as bigint) / SECOND_NS));
  const ends = new Set(seconds.flatMap((second) => [1, 2, 3, 4, 5].map((n) => second + n)));
  return [...ends].sort((a, b) => a - b).map((end) => {
    const rows = quoted.filter((_, i) => (seconds[i] as number) >= end - 5 && (seconds[i] as number) < end);
    const paid = rows.flatMap((row) => (row.paid === null ? [] : [row.paid as number]));
    const mean = paid.length === 0 ? null : sum(paid) / paid.length;
    const squares = sum(paid.map((value) => (value - (mean ?? 0)) ** 2));
    return {
      ts_event: BigInt(end) * SECOND_NS,
      trades: BigInt(rows.length),
      volume: sum(rows.map(({ size }) => size as number)),
      paid: mean,
      paid_var: paid.length < 2 ? null : squares / (paid.length - 1),
      lowest: Math.min(...rows.map(({ price }) => price as number)),
      first: rows[0]?.price ?? null,
      last: rows.at(-1)?.price ?? null,
    };
  }); // biome-ignore format: one step
}

/** Bars of a second with what changed from bar to bar. */
export function changesOf(trades: readonly Trade[]): Row[] {
  const seconds = new Map<bigint, Trade[]>();
  for (const trade of trades) {
    const second = trade.ns / SECOND_NS;
    seconds.set(second, [...(seconds.get(second) ?? []), trade]);
  }
  const bars = [...seconds].map(([second, rows]) => {
    const prices = rows.map(({ price }) => price);
    const [open, close] = [prices[0] as number, prices.at(-1) as number];
    const volume = sum(rows.map(({ size }) => size));
    const signed = sum(rows.map(({ size, sign }) => size * sign));
    const vwap = sum(rows.map(({ size, price }) => size * price)) / volume;
    return {
      end: (second + 1n) * SECOND_NS,
      open,
      high: Math.max(...prices),
      low: Math.min(...prices),
      close,
      volume,
      signed,
      vwap,
      trades: rows.length,
    };
  });
  return bars.map(({ end, signed, trades: count, ...bar }, i) => {
    const [before, third] = [bars[i - 1], bars[i - 3]];
    return {
      ts_event: end,
      ...bar,
      signed_volume: signed,
      trades: BigInt(count),
      change: before ? Math.log(bar.close / before.close) : null,
      range_of_3: third ? (bar.high - bar.low) / third.close : null,
      gap: before ? bar.open - before.vwap : null,
    };
  });
}
