import { type RecordBatch, Schema } from 'apache-arrow';
import { dictionaryVector, makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import { Random } from '../graph/test-kit/random.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { positions as operator } from '../operators/positions/operator.ts';
import { type Bench, type Figure, figure } from './figure.ts';
import { costOf } from './measure.ts';

const BATCH_ROWS = 10_000;
const SYMBOLS = 20;
const FILLS = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  COLUMNS.account,
  COLUMNS.side,
  COLUMNS.liquidity,
  COLUMNS.price_ticks,
  COLUMNS.size_lots,
]);
const TABLE = `venue,symbol,tick_size,lot_size,contract_size,currency
${Array.from({ length: SYMBOLS }, (_, i) => `sim,SYM${i},0.1,0.001,1,USDT`).join('\n')}
`;

/** Fills of random accounts and symbols around one price, a microsecond apart. */
function fills(batches: number, accounts: number): RecordBatch[] {
  const random = new Random(7);
  const symbol = dictionaryVector(Array.from({ length: SYMBOLS }, (_, i) => `SYM${i}`));
  const account = dictionaryVector(Array.from({ length: accounts }, (_, i) => `account-${i}`));
  const [side, liquidity] = [dictionaryVector(['buy', 'sell']), dictionaryVector(['maker', 'taker'])];
  const codes = (below: number) => Int32Array.from({ length: BATCH_ROWS }, () => random.int(0, below - 1));
  const numbers = (from: number, to: number) => BigInt64Array.from({ length: BATCH_ROWS }, () => BigInt(random.int(from, to)));
  return Array.from({ length: batches }, (_, b) =>
    makeBatch(FILLS, BATCH_ROWS, [
      { values: BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => BigInt(b * BATCH_ROWS + i) * 1_000n) },
      { values: codes(SYMBOLS), dictionary: symbol },
      { values: codes(accounts), dictionary: account },
      { values: codes(2), dictionary: side },
      { values: codes(2), dictionary: liquidity },
      { values: numbers(599_000, 601_000) },
      { values: numbers(1, 500) },
    ]),
  );
}

/** Fills a second of CPU, best of several runs: Arrow batch in, rows of positions, balances and equity out. */
function speed(create: () => Kernel, batches: readonly RecordBatch[], rounds: number): number {
  const run = () => {
    const kernel = create();
    for (const batch of batches) kernel.push(batch, 'fills', () => undefined, MIN_NS);
  };
  const costs = Array.from({ length: rounds }, () => costOf(run).cpu);
  return (batches.length * BATCH_ROWS) / Math.min(...costs);
}

/** Fills a second of CPU through `positions`, beside its reference, which works every sum out anew. */
export const positions: Bench = {
  name: 'positions',
  summary: 'fills a second of CPU through positions, by method, beside the reference',
  async run() {
    const [few, many] = [fills(20, 100), fills(20, 10_000)];
    const [short] = few;
    return (['fifo', 'lifo', 'average'] as const).flatMap((method): Figure[] => {
      const params = { method, instruments: 'table.csv', base: 'USDT', maker_bps: -0.5, taker_bps: 2 };
      const subject = subjectOf(operator, params, { fills: FILLS }, new Map([['table.csv', TABLE]]));
      const reference = subject.reference;
      const plain = reference && short ? { name: 'reference, 10,000 fills', figure: speed(reference, [short], 1) } : null;
      return [
        figure(`${method}, 100 accounts`, speed(subject.create, few, 5), 'fills/CPU s', plain),
        figure(`${method}, 10,000 accounts`, speed(subject.create, many, 5), 'fills/CPU s'),
      ];
    });
  },
};
