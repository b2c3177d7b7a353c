import type { Schema } from 'apache-arrow';
import { gather } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { type Emit, type Kernel, SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, type Cell, type Row, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { keysOf, LATE_PORT, sideOf } from './layout.ts';
import type { BarsParams } from './operator.ts';

interface Trade {
  readonly ns: bigint;
  readonly price: number;
  readonly size: number;
  readonly sign: number;
}

/** A key and its trades that are in no bar yet, in order of arrival. */
interface Key {
  readonly cells: Row;
  trades: Trade[];
  /** End of its last bar; null before the first. */
  end: bigint | null;
  close: number;
  /** Bars without trades since the last with some. */
  empties: number;
}

/** Bars computed from the kept trades of every key: the oracle of the native kernel. */
export function referenceBars({ params, inputs, outputs }: KernelContext<BarsParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const out = outputs[MAIN_PORT] as Schema;
  const names = keysOf(params, schema);
  const side = sideOf(params, schema);
  const { every } = params;
  let keys = new Map<string, Key>();
  let watermark = MIN_NS;

  const startOf = (ns: bigint) => ns - (((ns % every) + every) % every);
  const endOf = (ns: bigint) => startOf(ns) + every;

  const refusal = (row: Row): [code: string, reason: string] | null => {
    const [ns, price, size] = [row.ts_event, row[params.price], row[params.size]];
    if (ns === null) return ['ts-missing', 'ts_event is null'];
    if (price === null) return ['price-missing', `${params.price} is null`];
    if (size === null) return ['size-missing', `${params.size} is null`];
    if (!Number.isFinite(price)) return ['price-not-finite', `${params.price} is ${shown(price as number)}`];
    if (!Number.isFinite(size)) return ['size-not-finite', `${params.size} is ${shown(size as number)}`];
    if ((size as number) < 0) return ['size-negative', `${params.size} is ${size}`];
    if (startOf(ns as bigint) < MIN_NS || endOf(ns as bigint) > MAX_NS) {
      return ['ts-out-of-range', `ts_event ${ns} has no whole interval of ${every} ns`];
    }
    return null;
  };

  const keyOf = (row: Row): Key => {
    const cells = Object.fromEntries(names.map((name) => [name, row[name] ?? null]));
    const text = JSON.stringify(Object.values(cells), bigintAsText);
    const key = keys.get(text) ?? { cells, trades: [], end: null, close: 0, empties: 0 };
    keys.set(text, key);
    return key;
  };

  const bar = (key: Key, end: bigint, trades: readonly Trade[]): Row => {
    const byTime = trades.toSorted((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0));
    const sum = (of: (trade: Trade) => number) => trades.reduce((total, trade) => total + of(trade), 0);
    const [volume, notional] = [sum((t) => t.size), sum((t) => t.price * t.size)];
    const prices = trades.map((trade) => trade.price);
    const last: Cell = params.empty === 'carry' ? key.close : null;
    return {
      ...key.cells,
      ts_open: end - every,
      ts_event: end,
      open: byTime[0]?.price ?? last,
      high: prices.length > 0 ? prices.reduce((a, b) => Math.max(a, b)) : last,
      low: prices.length > 0 ? prices.reduce((a, b) => Math.min(a, b)) : last,
      close: byTime.at(-1)?.price ?? last,
      volume,
      notional,
      vwap: volume > 0 ? notional / volume : null,
      trades: BigInt(trades.length),
      signed_volume: sum((t) => t.sign * t.size),
      final: true,
    };
  };

  /** The end of the key's next bar, or null. */
  const nextEnd = (key: Key): bigint | null => {
    const filled = params.empty !== 'skip' && key.end !== null && key.empties < params.max_empty ? [key.end + every] : [];
    const ends = [...key.trades.map((trade) => endOf(trade.ns)), ...filled].filter((end) => end <= watermark);
    return ends.toSorted((a, b) => (a < b ? -1 : 1))[0] ?? null;
  };

  const close = (key: Key, end: bigint): Row => {
    const inside = key.trades.filter((trade) => endOf(trade.ns) === end);
    const row = bar(key, end, inside);
    key.trades = key.trades.filter((trade) => endOf(trade.ns) !== end);
    key.end = end;
    key.empties = inside.length > 0 ? 0 : key.empties + 1;
    if (inside.length > 0) key.close = row.close as number;
    return row;
  };

  return {
    push(batch, _port, emit: Emit, floorNs) {
      const late: number[] = [];
      const rejected: Row[] = [];
      const over = later(floorNs, watermark);
      rowsOf(batch).forEach((row, i) => {
        const refused = refusal(row);
        if (refused) {
          rejected.push({ row: i, code: refused[0], reason: refused[1], raw: Buffer.from(rowText(batch, i)) });
        } else if (endOf(row.ts_event as bigint) <= over) {
          late.push(i);
        } else {
          const word = side === null ? null : row[side];
          const sign = word === 'buy' ? 1 : word === 'sell' ? -1 : 0;
          keyOf(row).trades.push({
            ns: row.ts_event as bigint,
            price: row[params.price] as number,
            size: row[params.size] as number,
            sign,
          });
        }
      });
      if (late.length > 0) emit(LATE_PORT, gather(schema, [batch], null, Int32Array.from(late)));
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance(watermarkNs, _clockNs, emit) {
      watermark = later(watermark, watermarkNs);
      const rows: { readonly end: bigint; readonly order: number; readonly row: Row }[] = [];
      [...keys.values()].forEach((key, order) => {
        for (let end = nextEnd(key); end !== null; end = nextEnd(key)) rows.push({ end, order, row: close(key, end) });
      });
      rows.sort((a, b) => (a.end === b.end ? a.order - b.order : a.end < b.end ? -1 : 1));
      if (rows.length > 0) emit(MAIN_PORT, batchOf(out, rows.map(({ row }) => row))); // biome-ignore format: one step
    },
    nextTimer: () => null,
    snapshot() {
      const text = JSON.stringify({ watermark, keys: [...keys] }, bigintAsText);
      return chunksOf(Buffer.from(text));
    },
    restore(chunks) {
      if (chunks.length === 0) return;
      const state = JSON.parse(Buffer.concat(chunks).toString(), textAsBigint) as { watermark: bigint; keys: [string, Key][] };
      watermark = state.watermark;
      keys = new Map(state.keys);
    },
  };
}

const bigintAsText = (_name: string, value: unknown) => (typeof value === 'bigint' ? { ns: value.toString() } : value);
const textAsBigint = (_name: string, value: unknown) =>
  typeof value === 'object' && value !== null && 'ns' in value && typeof value.ns === 'string' ? BigInt(value.ns) : value;

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function shown(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'inf' : '-inf';
}

function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
}
