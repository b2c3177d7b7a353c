import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import type { Operator } from '../graph/contract/operator.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { performance } from '../operators/performance/operator.ts';
import { varOperator } from '../operators/var/operator.ts';
import { varBacktest } from '../operators/var_backtest/operator.ts';
import { atMost, type Bench, figure } from './figure.ts';

const ASSETS = Array.from({ length: 10 }, (_, i) => `asset_${i}`);
const NAMES = ['r', 'b', ...ASSETS];
const SCHEMA = new Schema([COLUMNS.ts_event, ...NAMES.map((name) => new Field(name, new Float64(), false))]);
const BATCH_ROWS = 1_000;

/** Returns between -5 % and 5 %, the same in each run. */
function batches(rows: number): RecordBatch[] {
  let state = 7;
  const draw = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) / 2 ** 23 / 10 - 0.05;
  };
  return Array.from({ length: rows / BATCH_ROWS }, (_, b) => {
    const times = BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => BigInt(b * BATCH_ROWS + i));
    return makeBatch(SCHEMA, BATCH_ROWS, [
      { values: times },
      ...NAMES.map(() => ({ values: Float64Array.from({ length: BATCH_ROWS }, draw) })),
    ]);
  });
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** Takes batches: those that fill its window, then those that are measured. */
interface Runner {
  fill(batch: RecordBatch): void;
  push(batch: RecordBatch): void;
}

/** CPU time of one row once the window is full, us: the least of three runs. */
function updateUs(window: number, rows: number, make: () => Runner): number {
  const warm = batches(Math.max(window, BATCH_ROWS));
  const rest = batches(rows);
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 3; repeat++) {
    const runner = make();
    for (const batch of warm) runner.fill(batch);
    const from = cpuUs();
    for (const batch of rest) runner.push(batch);
    best = Math.min(best, (cpuUs() - from) / rows);
  }
  return best;
}

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
const nativeUs = (operator: Operator<any>, window: number, params: object): number =>
  updateUs(window, 20_000, () => {
    const kernel = subjectOf(operator, { window, ...params }, { in: SCHEMA }).create();
    const push = (batch: RecordBatch) => kernel.push(batch, 'in', () => undefined, MIN_NS);
    return { fill: push, push };
  });

/** Historical VaR and ES by sorting the whole window again for each row. */
function resortUs(window: number, confidence: number): number {
  return updateUs(window, 1_000, () => {
    const values = new Float64Array(window);
    const out = new Float64Array(2 * BATCH_ROWS);
    let row = 0;
    const returnsOf = (batch: RecordBatch) => batch.data.children[1]?.values as Float64Array;
    return {
      fill(batch) {
        for (const value of returnsOf(batch)) values[row++ % window] = value;
      },
      push(batch) {
        for (const [i, value] of returnsOf(batch).entries()) {
          values[row++ % window] = value;
          const sorted = values.slice().sort();
          const at = (window - 1) * (1 - confidence);
          const low = sorted[Math.floor(at)] as number;
          out[2 * i] = low + (at % 1) * ((sorted[Math.floor(at) + 1] as number) - low);
          let sum = 0;
          for (let k = 0; k <= at; k++) sum += sorted[k] as number;
          out[2 * i + 1] = sum / (Math.floor(at) + 1);
        }
      },
    };
  });
}

const UNIT = 'us CPU/row';
const METHODS = ['historical', 'gaussian', 'cornish_fisher', 'ewma'];

/** What a row costs in `var`, `performance` and `var_backtest` through the adapter, beside sorting the window for each row. */
export const valueAtRisk: Bench = {
  name: 'var',
  summary: 'VaR, ES and performance over a sliding window, CPU time an update',
  async run() {
    const naive = (window: number) => ({ name: 'sorting the window again', figure: resortUs(window, 0.95) });
    const aim = [atMost(5)];
    const risk = (window: number, params: object) => nativeUs(varOperator, window, { column: 'r', confidences: [0.95], ...params });
    const thousand = naive(1_000);
    const single = (method: string) =>
      figure(`${method}, window 1,000`, risk(1_000, { methods: [method] }), UNIT, method === 'historical' ? thousand : null, aim);
    const five = { confidences: [0.9, 0.95, 0.975, 0.99, 0.999] };
    const portfolio = { column: undefined, columns: ASSETS };
    const tested = { var: 'b', realised: 'r', confidence: 0.5 };
    return [
      ...METHODS.map(single),
      figure('all four, window 1,000', risk(1_000, {}), UNIT, thousand, aim),
      figure('all four, 5 confidences, window 1,000', risk(1_000, five), UNIT, null, aim),
      figure('10 assets with contributions, window 1,000', risk(1_000, portfolio), UNIT),
      figure('all four, window 20,000', risk(20_000, {}), UNIT, naive(20_000)),
      figure('performance, window 1,000', nativeUs(performance, 1_000, { column: 'r', benchmark: 'b' }), UNIT),
      figure('var_backtest, window 1,000', nativeUs(varBacktest, 1_000, tested), UNIT),
    ];
  },
};
