import { type RecordBatch, Schema } from 'apache-arrow';
import { dictionaryVector, makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { risk } from '../operators/risk/operator.ts';
import { atMost, type Bench, figure } from './figure.ts';

const ACCOUNTS = 10_000;
const SYMBOLS = 50;
const ROWS = 10_000;
const BATCHES = 50;
/** The naive kernel keeps every event and starts again for each row, so it gets less to do. */
const NAIVE_ROWS = 5_000;
const REPEATS = 3;

const name = (column: string) => field(column, dictionaryOf(column), true, column);
const ORDERS = new Schema([
  COLUMNS.ts_event,
  COLUMNS.action,
  COLUMNS.order_id,
  COLUMNS.account,
  COLUMNS.symbol,
  COLUMNS.side,
  COLUMNS.type,
  field('price_ticks', COLUMNS.price_ticks.type, true, 'price'),
  COLUMNS.size_lots,
  name('strategy'),
]);
const PRICES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price_ticks]);
const FILLS = new Schema([
  COLUMNS.ts_event,
  COLUMNS.order_id,
  COLUMNS.account,
  COLUMNS.symbol,
  COLUMNS.side,
  COLUMNS.price_ticks,
  COLUMNS.size_lots,
]);

const accountName = (i: number) => `account${i}`;
const symbolName = (i: number) => `SYM${i}`;

/** Every kind of limit on, none of them tight: the whole list of checks is walked for every row. */
function limitsText(): string {
  return [
    'version: 1',
    'currency: USD',
    'rates: { EUR: 1.08 }',
    'defaults:',
    '  { max_size_lots: 1000000, max_notional: 1000000000, price_collar_bps: 5000, fat_finger_bps: 5000, max_position_lots: 1000000000, max_gross: 1000000000000, max_net: 1000000000000, credit: 1000000000000, max_price_age: 1d, duplicate_window: 1ms, message_rate: { messages: 100, per: 1ms }, fat_finger_size: { times: 1000, after: 20 } }',
    'symbols:',
    ...Array.from({ length: SYMBOLS }, (_, i) => `  ${symbolName(i)}: { tick_value: 0.01, currency: ${i % 2 ? 'EUR' : 'USD'} }`),
    'strategies: { mm: , arb: { max_size_lots: 1000000 } }',
    'accounts:',
    ...Array.from({ length: ACCOUNTS }, (_, i) => `  ${accountName(i)}: { max_position_lots: ${1_000_000_000 + i} }`),
  ].join('\n');
}

/** The same numbers in each run. */
function drawer(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

const account = dictionaryVector(Array.from({ length: ACCOUNTS }, (_, i) => accountName(i)));
const symbol = dictionaryVector(Array.from({ length: SYMBOLS }, (_, i) => symbolName(i)));
const side = dictionaryVector(['buy', 'sell']);

interface Flow {
  readonly orders: readonly RecordBatch[];
  /** Fills the whole of each batch of orders, so that the books stay of one size. */
  readonly fills: readonly RecordBatch[];
}

/** Limit orders of all accounts in turn by chance, each account in 4 symbols, then their fills. */
function flow(rows: number, batches: number): Flow {
  const draw = drawer(1);
  const [action, type, strategy] = [dictionaryVector(['new']), dictionaryVector(['limit']), dictionaryVector(['mm', 'arb'])];
  const made = Array.from({ length: batches }, (_, b) => {
    const times = BigInt64Array.from({ length: rows }, (_, i) => BigInt(b * rows + i) * 1000n);
    const ids = BigInt64Array.from({ length: rows }, (_, i) => BigInt(b * rows + i));
    const who = Int32Array.from({ length: rows }, () => draw(ACCOUNTS));
    const what = Int32Array.from({ length: rows }, (_, i) => ((who[i] as number) + draw(4)) % SYMBOLS);
    const sides = Int32Array.from({ length: rows }, () => draw(2));
    const price = BigInt64Array.from({ length: rows }, () => BigInt(9_900 + draw(200)));
    const size = BigInt64Array.from({ length: rows }, () => BigInt(1 + draw(100_000)));
    const whose = [{ values: who, dictionary: account }, { values: what, dictionary: symbol }, { values: sides, dictionary: side }]; // biome-ignore format: one line
    const zeros = new Int32Array(rows);
    return {
      orders: makeBatch(ORDERS, rows, [
        { values: times },
        { values: zeros, dictionary: action },
        { values: ids },
        ...whose,
        { values: zeros, dictionary: type },
        { values: price },
        { values: size },
        { values: Int32Array.from({ length: rows }, () => draw(2)), dictionary: strategy },
      ]),
      fills: makeBatch(FILLS, rows, [{ values: times }, { values: ids }, ...whose, { values: price }, { values: size }]),
    };
  });
  return { orders: made.map(({ orders }) => orders), fills: made.map(({ fills }) => fills) };
}

function prices(): RecordBatch {
  const values = new BigInt64Array(SYMBOLS);
  const codes = Int32Array.from({ length: SYMBOLS }, (_, i) => i);
  return makeBatch(PRICES, SYMBOLS, [{ values }, { values: codes, dictionary: symbol }, { values: values.map(() => 10_000n) }]);
}

interface Cost {
  /** ns of CPU an order row. */
  readonly check: number;
  /** ns of CPU a fill. */
  readonly fill: number;
}

function cost(create: () => Kernel, { orders, fills }: Flow, repeats: number): Cost {
  const rows = orders.reduce((sum, batch) => sum + batch.numRows, 0);
  const best = { check: Number.POSITIVE_INFINITY, fill: Number.POSITIVE_INFINITY };
  const timed = (work: () => void): number => {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    return ((user + system) * 1000) / rows;
  };
  for (let repeat = 0; repeat < repeats; repeat++) {
    const kernel = create();
    kernel.push(prices(), 'prices', () => undefined, MIN_NS);
    let [check, fill, refused] = [0, 0, 0];
    orders.forEach((batch, i) => {
      check += timed(
        () =>
        kernel.push(batch, 'orders', (port, out) => { if (port === 'denied') refused += out.numRows; }, MIN_NS), // biome-ignore format: one step
      );
      fill += timed(() => kernel.push(fills[i] as RecordBatch, 'fills', () => undefined, MIN_NS));
    });
    if (refused > 0) throw new Error(`${refused} orders were denied: the bench is about those that pass`);
    best.check = Math.min(best.check, check);
    best.fill = Math.min(best.fill, fill);
  }
  return best;
}

/** CPU time of a check against every limit with 10,000 accounts, through the adapter: Arrow batch in, Arrow batch out. */
export const gate: Bench = {
  name: 'risk',
  summary: 'ns of CPU a check of the pre-trade gate, 10,000 accounts',
  async run({ note }) {
    const text = limitsText();
    const subject = subjectOf(
      risk,
      { limits: 'limits.yaml' },
      { orders: ORDERS, prices: PRICES, fills: FILLS },
      new Map([['limits.yaml', text]]),
    );
    const started = performance.now();
    subject.create();
    const loaded = performance.now() - started;
    const naive = subject.reference as () => Kernel;
    note('naive kernel');
    const slow = cost(naive, flow(NAIVE_ROWS, 1), 1);
    note('native kernel');
    const large = cost(subject.create, flow(ROWS, BATCHES), REPEATS);
    const small = cost(subject.create, flow(100, 500), REPEATS);
    const beside = (value: number) => ({ name: `naive kernel, ${NAIVE_ROWS} rows`, figure: value });
    return [
      figure('check, batches of 10,000', large.check, 'ns CPU/row', beside(slow.check), [atMost(500)]),
      figure('check, batches of 100', small.check, 'ns CPU/row', beside(slow.check), [atMost(500)]),
      figure('fill, batches of 10,000', large.fill, 'ns CPU/row', beside(slow.fill)),
      figure('limits of 10,000 accounts, read', loaded, 'ms'),
    ];
  },
};
