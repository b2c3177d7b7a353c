import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { dictionaryVector, makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import type { Operator } from '../graph/contract/operator.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { bars } from '../operators/bars/operator.ts';
import { indicators } from '../operators/indicators/operator.ts';
import { type Bench, type Figure, figure } from './figure.ts';

const ROWS = 1_000_000;
const REPEATS = 5;

const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.venue, COLUMNS.symbol, COLUMNS.price, COLUMNS.size, COLUMNS.aggressor_side]);
const BARS = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  ...['high', 'low', 'close', 'volume'].map((name) => new Field(name, new Float64(), true)),
]);

/** The same numbers in each run. */
function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

/** Batches of trades, 100 us apart, of that many symbols. */
function trades(rows: number, symbols: number): RecordBatch[] {
  const draw = drawer(1);
  const venue = dictionaryVector(['sim']);
  const symbol = dictionaryVector(Array.from({ length: symbols }, (_, i) => `SYM${i}`));
  const side = dictionaryVector(['buy', 'sell']);
  return Array.from({ length: ROWS / rows }, (_, b) => {
    const times = BigInt64Array.from({ length: rows }, (_, i) => BigInt(b * rows + i) * 100_000n);
    const price = Float64Array.from({ length: rows }, () => 100 + draw(1000) / 100);
    const size = Float64Array.from({ length: rows }, () => draw(1000) / 1000);
    const code = (n: number) => Int32Array.from({ length: rows }, () => draw(n));
    return makeBatch(TRADES, rows, [
      { values: times },
      { values: new Int32Array(rows), dictionary: venue },
      { values: code(symbols), dictionary: symbol },
      { values: price },
      { values: size },
      { values: code(2), dictionary: side },
    ]);
  });
}

function minuteBars(rows: number): RecordBatch[] {
  const draw = drawer(2);
  const symbol = dictionaryVector(['BTCUSDT']);
  return Array.from({ length: ROWS / rows }, () => {
    const close = Float64Array.from({ length: rows }, () => 100 + draw(1000) / 100);
    return makeBatch(BARS, rows, [
      { values: new BigInt64Array(rows) },
      { values: new Int32Array(rows), dictionary: symbol },
      { values: close.map((c) => c + 0.5) },
      { values: close.map((c) => c - 0.5) },
      { values: close },
      { values: close.map((c) => c * 10) },
    ]);
  });
}

/** Best of the repeats, ns of CPU a row (garbage collection in it); a watermark after each batch. */
function measure(create: () => Kernel, batches: readonly RecordBatch[]): number {
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const kernel = create();
    let reached = 0;
    const started = process.cpuUsage();
    for (const batch of batches) {
      kernel.push(batch, 'in', () => undefined, MIN_NS);
      reached += batch.numRows;
      kernel.advance(BigInt(reached) * 100_000n, 0n, () => undefined);
    }
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, ((user + system) * 1000) / rows);
  }
  return best;
}

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
function cost(name: string, operator: Operator<any>, params: unknown, schema: Schema, make: (rows: number) => RecordBatch[]): Figure {
  const subject = subjectOf(operator, params, { in: schema });
  const ns = (rows: number): number => measure(subject.create, make(rows));
  return figure(name, ns(10_000), 'ns CPU/row', { name: 'in batches of 1,000 rows', figure: ns(1_000) });
}

const ALL = [
  { sma: { period: 20 } },
  { ema: { period: 20 } },
  { rsi: { period: 14 } },
  { macd: { fast: 12, slow: 26, signal: 9 } },
  { bbands: { period: 20, deviations: 2 } },
  { atr: { period: 14 } },
  { stoch: { fast_k: 5, slow_k: 3, slow_d: 3 } },
  { adx: { period: 14 } },
  { obv: {} },
  { stddev: { period: 20, deviations: 1 } },
];

/**
 * CPU time of a row in `bars` and `indicators` through the adapter: Arrow batch in, Arrow batch out, garbage collection in it. The bare
 * Rust cost of the same: `cargo run --release --example cost` in `native/`.
 */
export const kernels: Bench = {
  name: 'kernels',
  summary: 'bars and indicators through the adapter, CPU time a row',
  async run() {
    return [
      ...[1, 100].map((symbols) => cost(`bars 1s, ${symbols} symbols`, bars, { every: '1s' }, TRADES, (rows) => trades(rows, symbols))),
      ...ALL.map((entry) => cost(JSON.stringify(entry).slice(1, -1), indicators, { series: [entry] }, BARS, minuteBars)),
      cost('all ten series', indicators, { series: ALL }, BARS, minuteBars),
    ];
  },
};
