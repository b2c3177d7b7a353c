import { createHash } from 'node:crypto';
import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import ort from 'onnxruntime-node';
import { makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { MIN_NS } from '../graph/contract/frame.ts';
import { Random } from '../graph/test-kit/random.ts';
import { subjectOf } from '../graph/test-kit/subject.ts';
import { wire } from '../graph/wire/wire.ts';
import { predict } from '../operators/predict/operator.ts';
import { atLeast, type Bench, figure } from './figure.ts';
import { costOfAsync } from './measure.ts';
import { network, trees } from './onnx-models.ts';

const FEATURES = Array.from({ length: 16 }, (_, i) => `f${i}`);
const SCHEMA = new Schema([COLUMNS.ts_event, ...FEATURES.map((name) => new Field(name, new Float64(), false))]);
const BATCH_ROWS = 10_000;
const BATCHES = 20;

function batches(): RecordBatch[] {
  const random = new Random(3);
  return Array.from({ length: BATCHES }, (_, b) =>
    makeBatch(SCHEMA, BATCH_ROWS, [
      { values: BigInt64Array.from({ length: BATCH_ROWS }, (__, i) => BigInt(b * BATCH_ROWS + i)) },
      ...FEATURES.map(() => ({ values: Float64Array.from({ length: BATCH_ROWS }, () => random.next()) })),
    ]),
  );
}

/** Rows a second of the least of several rounds. */
async function rate(round: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) best = Math.min(best, (await costOfAsync(round)).wall);
  return (BATCHES * BATCH_ROWS) / best;
}

/** The runtime alone: tensors that are there already, answers into one that is kept. */
async function bare(model: Uint8Array, given: readonly RecordBatch[]): Promise<() => Promise<void>> {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' });
  const tensors = given.map((batch) => {
    const rows = new Float32Array(BATCH_ROWS * FEATURES.length);
    for (const [i] of FEATURES.entries()) {
      const values = batch.getChildAt(i + 1)?.toArray() as Float64Array;
      for (let row = 0; row < BATCH_ROWS; row++) rows[row * FEATURES.length + i] = values[row] as number;
    }
    return new ort.Tensor('float32', rows, [BATCH_ROWS, FEATURES.length]);
  });
  const y = new ort.Tensor('float32', new Float32Array(BATCH_ROWS), [BATCH_ROWS, 1]);
  return async () => {
    for (const x of tensors) await session.run({ x }, { y });
  };
}

/** The same through a wired node: kernel, rows of float32, runtime, columns. */
async function inGraph(model: Uint8Array, given: readonly RecordBatch[]): Promise<() => Promise<void>> {
  const card = {
    format: 'millrace-model',
    version: 1,
    name: 'm',
    sha256: createHash('sha256').update(model).digest('hex'),
    features: FEATURES,
    horizons: [{ horizon: '1s', expected_return: 'y' }],
  };
  const texts = new Map([['m.onnx.json', JSON.stringify(card)]]);
  const params = predict.params.parse({ model: 'm.onnx' });
  const { outputs } = subjectOf(predict, { model: 'm.onnx' }, { in: SCHEMA }, texts);
  const effect = await predict.effect?.({ params, inputs: { in: SCHEMA }, outputs, files: new Map([['m.onnx', model]]), texts });
  const node = {
    name: 'guess',
    operator: 'predict',
    params,
    inputs: [{ port: 'in', edges: [{ node: 'rows', port: 'out' }], schema: SCHEMA }],
    outputs,
    order: 'event_time' as const,
    time: { in: 'ts_event' },
    groups: null,
    signature: '',
    files: { 'm.onnx.json': 'm.onnx.json' },
  };
  let failure: unknown = null;
  const wired = wire(
    { pipeline: 'bench', inputs: [], nodes: [node] },
    {
      operators: new Map([['predict', predict]]),
      files: texts,
      read: [{ node: 'guess', port: 'out' }],
      failed: (error) => {
        failure = error;
      },
    },
  );
  const left: RecordBatch[] = [];
  wired.port('guess', 'out').subscribe((frame) => {
    if (frame.kind === 'batch') left.push(frame.batch);
  });
  return async () => {
    for (const [epoch, batch] of given.entries()) {
      wired.source('rows', 'out').next({ kind: 'batch', batch, floorNs: MIN_NS, origin: null });
      wired.source('rows', 'out').next({ kind: 'barrier', epoch, clockNs: 0n });
      if (failure !== null) throw failure;
      for (const asked of left.splice(0)) await effect?.apply('out', asked);
    }
  };
}

/** `predict` beside its runtime alone, on the same batches. */
export const prediction: Bench = {
  name: 'predict',
  summary: 'answers of ONNX models through the graph, beside the bare runtime',
  async run() {
    const given = batches();
    const figures = [];
    for (const [what, model] of [
      ['network 16-32-1', network(16, 32)],
      ['100 trees of depth 6', trees(16, 100, 6)],
    ] as const) {
      const own = await rate(await inGraph(model, given));
      const alone = await rate(await bare(model, given));
      figures.push(figure(what, own, 'rows/s', { name: 'onnxruntime alone', figure: alone }, [atLeast(0.8, 'ratio')]));
    }
    return figures;
  },
};
