import { hash, hashLong } from './noise.ts';
import type { SimulateParams } from './params.ts';

/** Fewest slots of a block; more when there are many symbols. A power of two. */
const SLOTS = 4096;

/**
 * How the exchange's time is cut: into blocks of equally many slots, one row a slot. In every block a symbol has the same number of
 * trades and quotes, in another order each time, so that its counters are known at any block without those before.
 */
export interface Layout {
  readonly slots: number;
  readonly blockNs: bigint;
  /** Rows of a block, by partition. */
  readonly rows: readonly number[];
  /** Rows of a block, by symbol. */
  readonly events: Int32Array;
  readonly trades: Int32Array;
  /** One entry a slot, unordered: symbol * 2, + 1 for a trade. */
  readonly entries: Int32Array;
}

export function layoutOf(params: SimulateParams): Layout {
  const symbols = params.instruments.length;
  let slots = SLOTS;
  while (slots < 4 * symbols) slots *= 2;
  const weights = Float64Array.from({ length: symbols }, (_, i) => (i + 1) ** -params.zipf);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // one row each, the rest by weight, what rounding leaves to the most active
  const events = Int32Array.from(weights, (weight) => 1 + Math.floor(((slots - symbols) * weight) / total));
  events[0] = (events[0] as number) + slots - events.reduce((sum, count) => sum + count, 0);
  let owed = 0;
  const trades = events.map((count) => {
    owed += count * (1 - params.quotes);
    const some = Math.max(params.quotes < 1 ? 1 : 0, Math.min(count, Math.round(owed)));
    owed -= some;
    return some;
  });
  const entries = new Int32Array(slots);
  const rows = new Array<number>(params.partitions).fill(0);
  let at = 0;
  events.forEach((count, symbol) => {
    for (let i = 0; i < count; i++) entries[at++] = symbol * 2 + (i < (trades[symbol] as number) ? 1 : 0);
    rows[symbol % params.partitions] = (rows[symbol % params.partitions] as number) + count;
  });
  return { slots, blockNs: BigInt(Math.round((slots * 1e9) / params.rate)), rows, events, trades, entries };
}

/** The rows of one partition in one block, in order. */
export interface Block {
  readonly index: number;
  readonly slot: Int32Array;
  readonly symbol: Int32Array;
  readonly isTrade: Uint8Array;
  /** Rank among the symbol's rows and trades of the block, moved by the skipped and repeated numbers of the block so far. */
  readonly event: Int32Array;
  readonly trade: Int32Array;
  /** The row that a duplicate repeats, else the row itself. */
  readonly same: Int32Array;
}

/** Numbers skipped, or trades repeated, by a symbol in all blocks before `block`: spread evenly, so that they need no memory. */
export function faultsBefore(block: number, trades: number, share: number): number {
  return Math.floor(block * trades * share);
}

/** Ids skipped (`gaps`) or repeated (`duplicates`) by a symbol before a block; a duplicate needs a trade before it in its block. */
export function skippedBefore(params: SimulateParams, block: number, trades: number): number {
  return faultsBefore(block, trades, params.faults.gaps);
}

export function repeatedBefore(params: SimulateParams, block: number, trades: number): number {
  return trades < 2 ? 0 : faultsBefore(block, trades - 1, params.faults.duplicates);
}

/** Deals the entries of a block out to its slots and keeps those of a partition. */
export function blockOf(params: SimulateParams, layout: Layout, partition: number, index: number): Block {
  const entries = layout.entries.slice();
  let state = hashLong(params.seed, index);
  for (let i = entries.length - 1; i > 0; i--) {
    state = hash(state, i);
    const j = Math.floor(((state >>> 0) / 4294967296) * (i + 1));
    const entry = entries[i] as number;
    entries[i] = entries[j] as number;
    entries[j] = entry;
  }
  const rows = layout.rows[partition] as number;
  const block: Block = {
    index,
    slot: new Int32Array(rows),
    symbol: new Int32Array(rows),
    isTrade: new Uint8Array(rows),
    event: new Int32Array(rows),
    trade: new Int32Array(rows),
    same: new Int32Array(rows),
  };
  fill(params, layout, partition, entries, block);
  return block;
}

function fill(params: SimulateParams, layout: Layout, partition: number, entries: Int32Array, block: Block): void {
  const symbols = params.instruments.length;
  const events = new Int32Array(symbols);
  const trades = new Int32Array(symbols);
  const shift = new Int32Array(symbols);
  const lastTrade = new Int32Array(symbols);
  const faulty = params.faults.gaps > 0 || params.faults.duplicates > 0;
  let row = 0;
  for (let slot = 0; slot < entries.length; slot++) {
    const entry = entries[slot] as number;
    const symbol = entry >> 1;
    if (symbol % params.partitions !== partition) continue;
    const isTrade = entry & 1;
    block.slot[row] = slot;
    block.symbol[row] = symbol;
    block.isTrade[row] = isTrade;
    block.same[row] = row;
    if (isTrade) {
      const rank = trades[symbol] as number;
      const count = layout.trades[symbol] as number;
      if (faulty && rank > 0 && falls(rank - 1, count - 1, block.index, repeatedBefore, params, count)) {
        block.same[row] = lastTrade[symbol] as number;
        shift[symbol] = (shift[symbol] as number) - 1;
      } else {
        if (faulty && falls(rank, count, block.index, skippedBefore, params, count)) shift[symbol] = (shift[symbol] as number) + 1;
        lastTrade[symbol] = row;
      }
      trades[symbol] = rank + 1;
    }
    block.event[row] = (events[symbol] as number) + (shift[symbol] as number);
    block.trade[row] = (trades[symbol] as number) - 1 + (shift[symbol] as number);
    events[symbol] = (events[symbol] as number) + 1;
    row++;
  }
}

/** Whether place `rank` of `places` in a block gets one of its faults: the i-th falls on the first place of the i-th of equal parts. */
function falls(
  rank: number,
  places: number,
  block: number,
  before: (params: SimulateParams, block: number, trades: number) => number,
  params: SimulateParams,
  trades: number,
): boolean {
  const faults = before(params, block + 1, trades) - before(params, block, trades);
  return faults > 0 && Math.floor(((rank + 1) * faults) / places) > Math.floor((rank * faults) / places);
}
