import type { RecordBatch, Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { keysOf, QUOTES_PORT } from './layout.ts';
import type { OrderFlowParams } from './operator.ts';

interface Quote {
  readonly ns: bigint;
  readonly bid: number;
  readonly bidSize: number;
  readonly ask: number;
  readonly askSize: number;
}

interface Trade {
  readonly ns: bigint;
  readonly size: number;
  readonly sign: number;
}

/** A key with all it ever had, in order of arrival. */
interface Key {
  readonly cells: Row;
  readonly quotes: Quote[];
  readonly trades: Trade[];
}

const byTime = <T extends { readonly ns: bigint }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
const mid = (quote: Quote): number => (quote.bid + quote.ask) / 2;

/** Every row from all that was before it: the oracle of the native kernel. */
export function referenceOrderFlow({ params, inputs, outputs }: KernelContext<OrderFlowParams>): Kernel {
  const names = keysOf(params, inputs[QUOTES_PORT] as Schema);
  const out = outputs[MAIN_PORT] as Schema;
  const { every, stale_after: stale } = params;
  let keys = new Map<string, Key>();
  let watermark = MIN_NS;

  const startOf = (ns: bigint) => ns - (((ns % every) + every) % every);
  const endOf = (ns: bigint) => startOf(ns) + every;

  /** The row of a key at the end of an interval; null where there is none. */
  const rowAt = (key: Key, end: bigint): Row | null => {
    const quotes = byTime(key.quotes);
    const lastBefore = (time: bigint) => quotes.findLast((quote) => quote.ns < time);
    const inside = quotes.filter((quote) => quote.ns >= end - every && quote.ns < end);
    const trades = byTime(key.trades).filter((trade) => trade.ns >= end - every && trade.ns < end);
    const newest = lastBefore(end);
    const last = newest && (inside.length > 0 || end - newest.ns <= stale) ? newest : null;
    if (inside.length === 0 && trades.length === 0 && (params.empty === 'skip' || !last)) return null;
    const steps = inside.flatMap((quote) => {
      const before = quotes[quotes.indexOf(quote) - 1];
      return before && quote.ns - before.ns <= stale ? [{ quote, before }] : [];
    });
    const sum = <T>(rows: readonly T[], of: (row: T) => number) => rows.reduce((total, row) => total + of(row), 0);
    const back = (intervals: number): number | null => {
      const time = end - every * BigInt(intervals);
      const then = lastBefore(time);
      return last && then && time - then.ns <= stale ? Math.log(mid(last) / mid(then)) : null;
    };
    return {
      ...key.cells,
      ts_event: end,
      ...stateOf(last),
      order_flow_imbalance: sum(steps, ({ quote, before }) => flow(quote, before)),
      realised_variance: sum(steps, ({ quote, before }) => Math.log(mid(quote) / mid(before)) ** 2),
      quotes: BigInt(inside.length),
      volume: sum(trades, (trade) => trade.size),
      signed_volume: sum(trades, (trade) => trade.sign * trade.size),
      trades: BigInt(trades.length),
      mid_return: back(1),
      ...Object.fromEntries(params.returns.map((length) => [`return_${length}`, back(length)])),
    };
  };

  /** Ends of a key's intervals in (from, to] that may have a row. */
  const endsOf = (key: Key, from: bigint, to: bigint): bigint[] => {
    const ends = new Set<bigint>();
    for (const { ns } of key.trades) if (endOf(ns) > from && endOf(ns) <= to) ends.add(endOf(ns));
    for (const { ns } of key.quotes) {
      const most = params.empty === 'carry' ? ns + stale : endOf(ns);
      for (let end = endOf(ns); end <= to && (end <= most || end === endOf(ns)); end += every) if (end > from) ends.add(end);
    }
    return [...ends].sort((a, b) => (a < b ? -1 : 1));
  };

  return {
    push(batch, port, emit, floorNs) {
      const over = floorNs > watermark ? floorNs : watermark;
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const refused =
          refusal(row, port, (ns) => startOf(ns) >= MIN_NS && endOf(ns) <= MAX_NS, every) ??
          (endOf(row.ts_event as bigint) <= over ? ['late', `the interval of ts_event ${row.ts_event} was over`] : null);
        if (refused) rejected.push(rejectedRow(batch, i, refused));
        else add(keyOf(keys, names, row), port, row);
      });
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance(watermarkNs, _clockNs, emit) {
      const from = watermark;
      if (watermarkNs > watermark) watermark = watermarkNs;
      const rows = [...keys.values()].flatMap((key, order) =>
        endsOf(key, from, watermark).flatMap((end) => {
          const row = rowAt(key, end);
          return row ? [{ end, order, row }] : [];
        }),
      );
      rows.sort((a, b) => (a.end === b.end ? a.order - b.order : a.end < b.end ? -1 : 1));
      if (rows.length > 0) emit(MAIN_PORT, batchOf(out, rows.map(({ row }) => row))); // biome-ignore format: one step
    },
    nextTimer: () => null,
    snapshot() {
      const bytes = Buffer.from(JSON.stringify({ watermark, keys: [...keys] }, bigintAsText));
      const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
      return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
    },
    restore(chunks) {
      if (chunks.length === 0) return;
      const state = JSON.parse(Buffer.concat(chunks).toString(), textAsBigint) as { watermark: bigint; keys: [string, Key][] };
      watermark = state.watermark;
      keys = new Map(state.keys);
    },
  };
}

/** What the last quote says; null without one. */
function stateOf(last: Quote | null): Row {
  if (!last) return { mid: null, microprice: null, spread: null, spread_bps: null, imbalance: null };
  const depth = last.bidSize + last.askSize;
  return {
    mid: mid(last),
    microprice: depth > 0 ? (last.bid * last.askSize + last.ask * last.bidSize) / depth : null,
    spread: last.ask - last.bid,
    spread_bps: ((last.ask - last.bid) / mid(last)) * 10_000,
    imbalance: depth > 0 ? (last.bidSize - last.askSize) / depth : null,
  };
}

/** e_n of Cont, Kukanov and Stoikov. */
function flow(quote: Quote, before: Quote): number {
  const bid = (quote.bid >= before.bid ? quote.bidSize : 0) - (quote.bid <= before.bid ? before.bidSize : 0);
  const ask = (quote.ask <= before.ask ? quote.askSize : 0) - (quote.ask >= before.ask ? before.askSize : 0);
  return bid - ask;
}

function keyOf(keys: Map<string, Key>, names: readonly string[], row: Row): Key {
  const cells = Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
  const text = JSON.stringify(Object.values(cells), bigintAsText);
  const key = keys.get(text) ?? { cells, quotes: [], trades: [] };
  keys.set(text, key);
  return key;
}

function add(key: Key, port: string, row: Row): void {
  const ns = row.ts_event as bigint;
  if (port === QUOTES_PORT) {
    const [bid, ask, bidSize, askSize] = [row.bid, row.ask, row.bid_size, row.ask_size] as [number, number, number, number];
    key.quotes.push({ ns, bid, ask, bidSize, askSize });
  } else {
    key.trades.push({ ns, size: row.size as number, sign: row.aggressor_side === 'buy' ? 1 : row.aggressor_side === 'sell' ? -1 : 0 });
  }
}

type Refused = readonly [code: string, reason: string];

function refusal(row: Row, port: string, hasInterval: (ns: bigint) => boolean, every: bigint): Refused | null {
  if (row.ts_event === null) return ['ts-missing', 'ts_event is null'];
  if (!hasInterval(row.ts_event as bigint)) return ['ts-out-of-range', `ts_event ${row.ts_event} has no whole interval of ${every} ns`];
  const [prices, sizes] = port === QUOTES_PORT ? [['bid', 'ask'], ['bid_size', 'ask_size']] : [[], ['size']]; // biome-ignore format: one step
  for (const name of prices) {
    const value = row[name] as number | null;
    if (value === null) return ['price-missing', `${name} is null`];
    if (!Number.isFinite(value)) return ['price-not-finite', `${name} is ${shown(value)}`];
    if (value <= 0) return ['price-not-positive', `${name} is not above 0`];
  }
  for (const name of sizes) {
    const value = row[name] as number | null;
    if (value === null) return ['size-missing', `${name} is null`];
    if (!Number.isFinite(value)) return ['size-not-finite', `${name} is ${shown(value)}`];
    if (value < 0) return ['size-negative', `${name} is below 0`];
  }
  const crossed = port === QUOTES_PORT && (row.bid as number) >= (row.ask as number);
  return crossed ? ['quote-crossed', 'bid is not below ask'] : null;
}

function rejectedRow(batch: RecordBatch, row: number, [code, reason]: readonly [string, string] | readonly string[]): Row {
  return { row, code: code ?? '', reason: reason ?? '', raw: Buffer.from(rowText(batch, row)) };
}

function shown(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

const bigintAsText = (_name: string, value: unknown) => (typeof value === 'bigint' ? { ns: value.toString() } : value);
const textAsBigint = (_name: string, value: unknown) =>
  typeof value === 'object' && value !== null && 'ns' in value && typeof value.ns === 'string' ? BigInt(value.ns) : value;
