import { Field, type RecordBatch, Schema, type Utf8, type Vector } from 'apache-arrow';
import { type ColumnValues, dictionaryVector, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import { type Block, blockOf, type Layout, repeatedBefore, skippedBefore } from './blocks.ts';
import { asInt64, setBit, setInt64 } from './int64.ts';
import { hash, hashLong, PricePath } from './noise.ts';
import type { SimulateParams } from './params.ts';

const nullable = ({ name, type, metadata }: Field): Field => new Field(name, type, true, metadata);
const bidAsk = (name: string, description: string): Field => field(name, COLUMNS.price.type, true, description);

/** Columns of the simulated exchange; those of the other kind are null. */
export const SIMULATE_SCHEMA = new Schema([
  field('kind', dictionaryOf('kind'), false, 'trade or quote'),
  COLUMNS.ts_event,
  COLUMNS.ts_recv,
  COLUMNS.symbol,
  COLUMNS.venue,
  COLUMNS.sequence,
  COLUMNS.trade_id,
  nullable(COLUMNS.price),
  nullable(COLUMNS.size),
  nullable(COLUMNS.aggressor_side),
  bidAsk('bid', 'best bid price'),
  bidAsk('bid_size', 'size at the best bid'),
  bidAsk('ask', 'best ask price'),
  bidAsk('ask_size', 'size at the best ask'),
]);

/** ts_recv is up to this much after the event, ns. */
const LATENCY_NS = 5_000_000;
/** A disordered row lies up to this much before its place, ns. */
const DISORDER_NS = 50_000_000;
const UNIT = 1 / 4294967296;
const KINDS = dictionaryVector(['quote', 'trade']);
const SIDES = dictionaryVector(['buy', 'sell']);
const VENUE = dictionaryVector(['sim']);
/** Sizes in lots by 1,024ths of probability: many small ones, few large ones. */
export const LOTS = Float64Array.from({ length: 1024 }, (_, i) => Math.max(1, Math.round(5 / ((1024.5 - i) / 1024) ** 0.7)));

/** A decimal grid: dividing by a whole number gives the double nearest to the decimal, multiplying by 0.1 does not. */
interface Grid {
  readonly by: number;
  readonly inverse: boolean;
}

function gridOf(step: number): Grid {
  const inverse = Math.round(1 / step);
  return step < 1 && Math.abs(inverse * step - 1) < 1e-9 ? { by: inverse, inverse: true } : { by: step, inverse: false };
}

const onGrid = (grid: Grid, steps: number): number => (grid.inverse ? steps / grid.by : steps * grid.by);

/** The columns of a range of rows, to be written row by row. */
class Columns {
  readonly kind: Int32Array;
  readonly tsEvent: Int32Array;
  readonly tsRecv: Int32Array;
  readonly symbol: Int32Array;
  readonly sequence: Int32Array;
  readonly tradeId: Int32Array;
  readonly side: Int32Array;
  readonly price: Float64Array;
  readonly size: Float64Array;
  readonly bid: Float64Array;
  readonly bidSize: Float64Array;
  readonly ask: Float64Array;
  readonly askSize: Float64Array;
  readonly ofTrade: Uint8Array;
  readonly ofQuote: Uint8Array;
  readonly priced: Uint8Array;

  constructor(rows: number) {
    const floats = (): Float64Array => new Float64Array(rows);
    const bits = (): Uint8Array => new Uint8Array((rows + 7) >> 3);
    this.kind = new Int32Array(rows);
    this.symbol = new Int32Array(rows);
    this.side = new Int32Array(rows);
    this.tsEvent = new Int32Array(2 * rows);
    this.tsRecv = new Int32Array(2 * rows);
    this.sequence = new Int32Array(2 * rows);
    this.tradeId = new Int32Array(2 * rows);
    this.price = floats();
    this.size = floats();
    this.bid = floats();
    this.bidSize = floats();
    this.ask = floats();
    this.askSize = floats();
    this.ofTrade = bits();
    this.ofQuote = bits();
    this.priced = bits();
  }
}

/** Rows of the exchange: a pure function of parameters, partition and position. */
export class RowGenerator {
  readonly #params: SimulateParams;
  readonly #layout: Layout;
  readonly #paths: readonly PricePath[];
  readonly #ticks: readonly Grid[];
  readonly #lots: readonly Grid[];
  /** Level of each symbol, in ticks. */
  readonly #levels: Float64Array;
  readonly #symbols: Vector<Utf8>;
  readonly #blocks: (Block | null)[];

  constructor(params: SimulateParams, layout: Layout) {
    this.#params = params;
    this.#layout = layout;
    const { instruments } = params;
    const seconds = Number(layout.blockNs) / 1e9;
    this.#paths = instruments.map((_, i) => new PricePath(hash(params.seed, 1_000_003 * (i + 1)), layout.slots, seconds));
    this.#ticks = instruments.map((instrument) => gridOf(instrument.tickSize));
    this.#lots = instruments.map((instrument) => gridOf(instrument.lotSize));
    this.#levels = Float64Array.from(instruments, (instrument) => instrument.level / instrument.tickSize);
    this.#symbols = dictionaryVector([...instruments.map((instrument) => instrument.symbol), 'UNKNOWN']);
    this.#blocks = new Array(params.partitions).fill(null);
  }

  /** The block of a partition; the last one asked for is kept. */
  block(partition: number, index: number): Block {
    let block = this.#blocks[partition];
    if (block?.index !== index) {
      block = blockOf(this.#params, this.#layout, partition, index);
      this.#blocks[partition] = block;
    }
    return block as Block;
  }

  /** Rows [from, to) of a partition. */
  batch(partition: number, from: number, to: number): RecordBatch {
    const perBlock = this.#layout.rows[partition] as number;
    const columns = new Columns(to - from);
    for (let position = from; position < to; ) {
      const index = Math.floor(position / perBlock);
      const first = position - index * perBlock;
      const last = Math.min(perBlock, first + to - position);
      this.#write(columns, position - from, this.block(partition, index), first, last);
      position += last - first;
    }
    const int64 = (halves: Int32Array): ColumnValues => ({ values: asInt64(halves) });
    return makeBatch(SIMULATE_SCHEMA, to - from, [
      { values: columns.kind, dictionary: KINDS },
      int64(columns.tsEvent),
      int64(columns.tsRecv),
      { values: columns.symbol, dictionary: this.#symbols },
      { values: new Int32Array(to - from), dictionary: VENUE },
      int64(columns.sequence),
      { ...int64(columns.tradeId), valid: columns.ofTrade },
      { values: columns.price, valid: columns.priced },
      { values: columns.size, valid: columns.ofTrade },
      { values: columns.side, valid: columns.ofTrade, dictionary: SIDES },
      { values: columns.bid, valid: columns.ofQuote },
      { values: columns.bidSize, valid: columns.ofQuote },
      { values: columns.ask, valid: columns.ofQuote },
      { values: columns.askSize, valid: columns.ofQuote },
    ]);
  }

  /** Rows [first, last) of a block, from row `at` of the columns on. */
  #write(columns: Columns, at: number, block: Block, first: number, last: number): void {
    const { slots, blockNs, events, trades } = this.#layout;
    const { faults, originNs, instruments } = this.#params;
    const startNs = originNs + BigInt(block.index) * blockNs;
    const high = Number(startNs >> 32n);
    const low = Number(startNs & 0xffffffffn);
    const perSlot = Number(blockNs) / slots;
    const blockSeed = hashLong(this.#params.seed ^ 0x5bd1e995, block.index);
    for (let own = first; own < last; own++) {
      const i = at + own - first;
      const row = block.same[own] as number;
      const slot = block.slot[row] as number;
      const symbol = block.symbol[row] as number;
      const seed = hash(blockSeed, slot);
      const late =
        faults.disorder > 0 && (hash(seed, 11) >>> 0) * UNIT < faults.disorder
          ? Math.floor((hash(seed, 12) >>> 0) * UNIT * DISORDER_NS)
          : 0;
      setInt64(columns.tsEvent, i, high, low + Math.floor(slot * perSlot) - late);
      const latency = 50_000 + Math.floor((hash(seed, 13) >>> 0) * UNIT * (LATENCY_NS - 50_000));
      setInt64(columns.tsRecv, i, high, low + Math.floor((block.slot[own] as number) * perSlot) + latency);
      const count = trades[symbol] as number;
      const moved = skippedBefore(this.#params, block.index, count) - repeatedBefore(this.#params, block.index, count);
      setInt64(columns.sequence, i, 0, block.index * (events[symbol] as number) + moved + (block.event[row] as number) + 1);
      columns.symbol[i] = symbol;
      const path = this.#paths[symbol] as PricePath;
      path.enter(block.index);
      const spread = 1 + (((seed >>> 8) & 0xff) < 200 ? 0 : (seed >>> 16) & 3);
      const bid = Math.max(1, Math.round((this.#levels[symbol] as number) * Math.exp(path.at(slot)) - spread / 2));
      const tick = this.#ticks[symbol] as Grid;
      const lot = this.#lots[symbol] as Grid;
      if (block.isTrade[row]) {
        columns.kind[i] = 1;
        setBit(columns.ofTrade, i);
        setInt64(columns.tradeId, i, 0, block.index * count + moved + (block.trade[row] as number) + 1);
        const sell = seed & 1;
        columns.side[i] = sell;
        columns.price[i] = onGrid(tick, sell ? bid : bid + spread);
        columns.size[i] = onGrid(lot, LOTS[hash(seed, 14) & 1023] as number);
        setBit(columns.priced, i);
        if (faults.bad_rows > 0 && (hash(seed, 15) >>> 0) * UNIT < faults.bad_rows) {
          spoil(columns, i, hash(seed, 16) >>> 0, instruments[symbol]?.tickSize ?? 0, instruments.length);
        }
      } else {
        setBit(columns.ofQuote, i);
        columns.bid[i] = onGrid(tick, bid);
        columns.ask[i] = onGrid(tick, bid + spread);
        columns.bidSize[i] = onGrid(lot, 10 * (LOTS[hash(seed, 17) & 1023] as number));
        columns.askSize[i] = onGrid(lot, 10 * (LOTS[hash(seed, 18) & 1023] as number));
      }
    }
  }
}

/** Makes a trade one that has to be refused, in one of five ways. */
function spoil(columns: Columns, i: number, drawn: number, tickSize: number, unknown: number): void {
  const price = columns.price[i] as number;
  switch (drawn % 5) {
    case 0:
      columns.price[i] = -price;
      return;
    case 1:
      columns.price[i] = Number.NaN;
      return;
    case 2:
      columns.price[i] = price + 0.37 * tickSize;
      return;
    case 3:
      columns.symbol[i] = unknown;
      return;
    default:
      columns.priced[i >> 3] = (columns.priced[i >> 3] as number) & ~(1 << (i & 7));
  }
}
