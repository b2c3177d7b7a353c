import { Bool, Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { learn } from '../operators/learn/operator.ts';
import { atMost, type Bench, figure } from './figure.ts';

const FEATURES = Array.from({ length: 32 }, (_, i) => `f${i}`);
const IN = new Schema([COLUMNS.ts_event, ...FEATURES.map((name) => new Field(name, new Float64(), false))]);
const LABELLED = new Schema([...IN.fields, new Field('label_up', new Bool(), true), new Field('label_return', new Float64(), true)]);
const BATCH_ROWS = 1_000;
const BATCHES = 40;

/** Features between -1 and 1 and labels that follow them, the same in each run. */
function batches(): RecordBatch[] {
  let state = 7;
  const draw = () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) / 2 ** 22 - 1;
  };
  return Array.from({ length: BATCHES }, (_, b) => {
    const times = BigInt64Array.from({ length: BATCH_ROWS }, (_, i) => BigInt(b * BATCH_ROWS + i));
    const features = FEATURES.map(() => Float64Array.from({ length: BATCH_ROWS }, draw));
    const returns = Float64Array.from({ length: BATCH_ROWS }, (_, i) =>
      features.reduce((sum, values) => sum + (values[i] as number), draw()),
    );
    const up = new Uint8Array(BATCH_ROWS / 8);
    returns.forEach((value, i) => {
      if (value > 0) up[i >> 3] = (up[i >> 3] as number) | (1 << (i & 7));
    });
    return makeBatch(LABELLED, BATCH_ROWS, [
      { values: times },
      ...features.map((values) => ({ values })),
      { values: up },
      { values: returns },
    ]);
  });
}

const cpuUs = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** CPU time of a row, us: the least of five runs. */
function rowUs(make: () => (batch: RecordBatch) => void): number {
  const rows = batches();
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 5; repeat++) {
    const push = make();
    const from = cpuUs();
    for (const batch of rows) push(batch);
    best = Math.min(best, (cpuUs() - from) / (BATCHES * BATCH_ROWS));
  }
  return best;
}

const nativeUs = (port: 'in' | 'labelled', params: object): number =>
  rowUs(() => {
    const subject = subjectOf(learn, { features: FEATURES, warm_up: 0, ...params }, { in: IN, labelled: LABELLED });
    const kernel = subject.create();
    const given = (batch: RecordBatch) =>
      port === 'in' ? makeBatch(IN, BATCH_ROWS, IN.fields.map((_, i) => ({ values: batch.data.children[i]?.values }))) : batch; // biome-ignore format: one step
    return (batch) => kernel.push(given(batch), port, () => undefined, MIN_NS);
  });

/** FTRL-Proximal with running standard deviations, as a plain loop over the columns' arrays. */
const loopUs = (): number =>
  rowUs(() => {
    const width = FEATURES.length + 1;
    const [z, squares, weights, mean, spread, x] = Array.from({ length: 6 }, () => new Float64Array(width)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    let rows = 0;
    return (batch) => {
      const columns = FEATURES.map((_, i) => batch.data.children[i + 1]?.values as Float64Array);
      const ups = batch.data.children[width]?.values as Uint8Array;
      for (let row = 0; row < batch.numRows; row++) {
        rows++;
        let odds = 0;
        for (let i = 0; i < width; i++) {
          const value = i + 1 < width ? (columns[i]?.[row] as number) : 1;
          if (i + 1 === width) x[i] = 1;
          else {
            const before = value - (mean[i] as number);
            mean[i] = (mean[i] as number) + before / rows;
            spread[i] = (spread[i] as number) + before * (value - (mean[i] as number));
            const scale = 1 / Math.sqrt((spread[i] as number) / rows);
            x[i] = Number.isFinite(scale) ? (value - (mean[i] as number)) * scale : 0;
          }
          odds += (weights[i] as number) * (x[i] as number);
        }
        const error = 1 / (1 + Math.exp(-odds)) - (((ups[row >> 3] as number) >> (row & 7)) & 1);
        for (let i = 0; i < width; i++) {
          const gradient = error * (x[i] as number);
          const sum = (squares[i] as number) + gradient * gradient;
          z[i] = (z[i] as number) + gradient - ((Math.sqrt(sum) - Math.sqrt(squares[i] as number)) / 0.1) * (weights[i] as number);
          squares[i] = sum;
          weights[i] = -(z[i] as number) / ((1 + Math.sqrt(sum)) / 0.1 + 1);
        }
      }
    };
  });

const UNIT = 'us CPU/row';

/** What a row costs `learn` at 32 features, through the adapter. */
export const learning: Bench = {
  name: 'learn',
  summary: 'Online models of 32 features: CPU time of an update and of a prediction',
  async run() {
    const aim = [atMost(1)];
    const loop = { name: 'FTRL as a plain loop in JavaScript', figure: loopUs() };
    return [
      figure('logistic, score and update', nativeUs('labelled', { model: 'logistic' }), UNIT, loop, aim),
      figure('logistic, prediction', nativeUs('in', { model: 'logistic' }), UNIT, null, aim),
      figure('linear, score and update', nativeUs('labelled', { model: 'linear' }), UNIT, null, aim),
      figure('linear, prediction', nativeUs('in', { model: 'linear' }), UNIT, null, aim),
    ];
  },
};
