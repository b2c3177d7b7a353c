import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Random } from '../../graph/test-kit/random.ts';
import { openSession } from '../../operators/onnx/session.ts';
import { artefactOf } from '../../train/artefact.ts';
import { walkForward } from '../../train/folds.ts';
import { scoreOf, sigmoid } from '../../train/linear.ts';
import type { Matrix } from '../../train/matrix.ts';
import { evaluate, fitTo, type TrainOptions } from '../../train/walk.ts';
import { folderWith, run } from '../cli/millrace.ts';

const SECOND = 1_000_000_000n;
const OPTIONS: TrainOptions = { l2: 1, folds: 4, embargoNs: SECOND, coverage: 0.9, costBps: 0.5, seed: 1 };

/** A row a second; the first of two features tells of the next return as far as `signal` goes. */
function matrixOf(seed: number, count: number, signal: number): Matrix {
  const random = new Random(seed);
  const normal = (): number => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
  const x = Float32Array.from({ length: 2 * count }, normal);
  const returns = Float64Array.from({ length: count }, (_, i) =>
    random.chance(0.1) ? 0 : 1e-4 * (signal * (x[2 * i] as number) + normal()),
  );
  return {
    features: ['known', 'noise'],
    x,
    coarse: [],
    key: new Int32Array(count),
    returns,
    up: Int8Array.from(returns, (ret) => (ret === 0 ? -1 : ret > 0 ? 1 : 0)),
    originNs: BigInt64Array.from({ length: count }, (_, i) => BigInt(i) * SECOND),
    knownNs: BigInt64Array.from({ length: count }, (_, i) => BigInt(i + 1) * SECOND),
    leftOut: 0,
  };
}

describe('a walk forward', () => {
  test('learns from nothing that was not known before the embargo', () => {
    const matrix = matrixOf(1, 100, 1);
    const folds = walkForward(matrix, 4, 3n * SECOND);
    expect(folds.map(({ test: tested }) => [tested[0], tested.length])).toEqual([
      [20, 20],
      [40, 20],
      [60, 20],
      [80, 20],
    ]);
    // known a second after its time, three seconds before the first tested row
    expect(folds.map(({ train }) => train.at(-1))).toEqual([16, 36, 56, 76]);
  });

  test('shows what is there to know, and nothing where there is nothing', () => {
    const told = evaluate(matrixOf(2, 1500, 0.7), OPTIONS);
    expect(told.gain.low).toBeGreaterThan(0);
    expect(told.areaUnderCurve).toBeGreaterThan(0.6);
    expect(told.r2).toBeGreaterThan(0.1);
    const shown = [3, 4, 5, 6, 7, 8].map((seed) => evaluate(matrixOf(seed, 800, 0), OPTIONS).gain.low > 0);
    expect(shown.filter(Boolean).length).toBeLessThanOrEqual(1); // 2.5 % each by chance
  });

  test('has intervals that hold as often as they say', () => {
    const { covered, tested } = evaluate(matrixOf(9, 4000, 0.5), OPTIONS);
    const deviation = Math.sqrt((0.9 * 0.1) / tested + (0.9 * 0.1) / (0.2 * 800)); // of what is tested, and of the smallest set that bounds come from
    expect(Math.abs(covered - 0.9)).toBeLessThan(3 * deviation);
  });

  test('knows after which move it is', () => {
    const matrix = matrixOf(10, 400, 0);
    const up = Int8Array.from({ length: 400 }, (_, i) => ((i >> 1) % 2 === 0 ? 1 : 0)); // up, up, down, down: what came last says nothing of what comes
    const alternating = Int8Array.from({ length: 400 }, (_, i) => i % 2); // and here it says all
    expect(evaluate({ ...matrix, up }, OPTIONS).persistenceLogLoss).toBeGreaterThan(0.65);
    expect(evaluate({ ...matrix, up: alternating }, OPTIONS).persistenceLogLoss).toBeLessThan(1e-6);
  });
});

describe('a model that was trained', () => {
  test('says in ONNX what it says to the trainer, and has the same bytes again', async () => {
    const matrix = matrixOf(11, 900, 0.7);
    const make = () => {
      const fitted = fitTo(matrix, Int32Array.from(matrix.originNs.keys()), OPTIONS);
      return { fitted, artefact: artefactOf('m', '1s', matrix, fitted, evaluate(matrix, OPTIONS), OPTIONS) };
    };
    const { fitted, artefact } = make();
    const again = make().artefact;
    expect(Buffer.from(again.onnx).equals(Buffer.from(artefact.onnx))).toBe(true);
    expect(again.card).toEqual(artefact.card);
    const session = await openSession('m', artefact.onnx);
    const rows = matrix.originNs.length;
    const given = await session.run({ features: session.float32(matrix.x, [rows, 2]) }, ['p_up', 'expected_return', 'lower', 'upper']);
    const said = (name: string) => given[name]?.data as Float32Array;
    for (let row = 0; row < rows; row++) {
      const expected = scoreOf(fitted.expected, matrix.x, row);
      expect(Math.abs((said('p_up')[row] ?? 0) - sigmoid(scoreOf(fitted.direction, matrix.x, row)))).toBeLessThan(1e-6);
      expect(Math.abs((said('expected_return')[row] ?? 0) - expected)).toBeLessThan(1e-6);
      expect(Math.abs((said('lower')[row] ?? 0) - expected - fitted.lower)).toBeLessThan(1e-6);
      expect(Math.abs((said('upper')[row] ?? 0) - expected - fitted.upper)).toBeLessThan(1e-6);
    }
    await session.close();
  });
});

const file = (model: string, horizon = '1s') => `version: 1
pipelines:
  guess:
    sources:
      prices:
        file: { path: prices.ndjson }
        format: json
        schema: { columns: { ts_event: timestamp, symbol: dictionary, mid: float64, hint: { type: float64, nullable: true } } }
        time: ts_event
    operators:
      labelled: { use: label, from: prices, with: { horizon: ${horizon} } }
    sinks:
      guess: { from: labelled, model: ${model} }
`;

/** A price a second; \`hint\` leans the way the next one goes. */
function prices(count: number): string {
  const random = new Random(12);
  let mid = 100;
  const lines = Array.from({ length: count }, (_, i) => {
    const next = (random.next() - 0.5) * 0.1;
    const line = JSON.stringify({
      ts_event: String(1_700_000_000n * SECOND + BigInt(i) * SECOND),
      symbol: 'A',
      mid,
      hint: i % 50 === 0 ? null : next + (random.next() - 0.5) * 0.2,
    });
    mid += next;
    return line;
  });
  return `${lines.join('\n')}\n`;
}

describe('millrace train', () => {
  const MODEL = '{ path: models/guess.onnx, features: [hint], embargo: 1s }';

  test('writes a model that predict takes, its card and a report; again the same', async () => {
    const folder = folderWith({ 'pipelines.yaml': file(MODEL), 'prices.ndjson': prices(600) });
    const first = await run(folder, ['train', '--json']);
    expect(first.code, first.stderr).toBe(0);
    const [model] = JSON.parse(first.stdout).models;
    expect(model).toMatchObject({ pipeline: 'guess', sink: 'guess', model: 'models/guess.onnx', rows: 587 }); // 600 less 12 without a hint and the last
    expect(model.metrics.log_loss_gain_95[0]).toBeGreaterThan(0);
    const read = (name: string) => readFileSync(join(folder, 'models', name));
    const before = ['guess.onnx', 'guess.onnx.json', 'guess.onnx.html'].map(read);
    expect(String(before[2])).toContain('It knows more than the base rate');
    expect(String(before[2])).not.toMatch(/NaN|undefined|Infinity/);
    expect((await run(folder, ['train'])).code).toBe(0);
    expect(['guess.onnx', 'guess.onnx.json', 'guess.onnx.html'].map(read).map((bytes, i) => bytes.equals(before[i] as Buffer))).toEqual([
      true,
      true,
      true,
    ]);
    const asks = `version: 1
pipelines:
  ask:
    sources:
      prices: { file: { path: prices.ndjson }, format: json, time: ts_event, schema: { columns: { ts_event: timestamp, symbol: dictionary, mid: float64, hint: { type: float64, nullable: true } } } }
    operators:
      guess: { use: predict, from: prices, with: { model: models/guess.onnx } }
    sinks:
      rows: { from: guess, file: { path: rows.csv } }
`;
    writeFileSync(join(folder, 'ask.yaml'), asks);
    const asked = await run(folder, ['run', '-f', 'ask.yaml', '--status-port', '0', '--json']);
    expect(asked.code, asked.stderr).toBe(0);
    const [head = '', ...rows] = readFileSync(join(folder, 'rows.csv'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(600);
    const at = head.split(',').indexOf('p_up');
    const answers = rows.map((row) => row.split(',')[at]);
    expect(answers.filter((answer) => answer === '')).toHaveLength(12);
    expect(answers.every((answer) => answer === '' || (Number(answer) > 0 && Number(answer) < 1))).toBe(true);
  });

  test('counts what was refused on the way, by reason: on the terminal, in its answer, its card and its report; on any broker', async () => {
    const lines = prices(300).trim().split('\n');
    for (const i of [20, 90]) lines[i] = lines[i]?.replace(/"mid":[^,]+/, '"mid":0') ?? ''; // no price to divide by
    // files are read where they are, though this broker would have them in a topic
    const yaml = file(MODEL).replace('\npipelines:', `\nconnections: { broker: "kafka://127.0.0.1:1" }\npipelines:`);
    const folder = folderWith({ 'pipelines.yaml': yaml, 'prices.ndjson': [...lines, 'no JSON', '{}', 'nor this', ''].join('\n') });
    const { code, stdout, stderr } = await run(folder, ['train', '--json']);
    expect(code, stderr).toBe(0);
    const refused = [
      { node: 'prices', code: expect.stringMatching(/json/), rows: 2 },
      { node: 'prices', code: expect.any(String), rows: 1 },
      { node: 'labelled', code: 'price-not-positive', rows: 2 },
    ];
    expect(JSON.parse(stdout).models[0].refused).toEqual(refused);
    expect(stderr).toMatch(/refused: 2 rows of prices \(.*, 2 rows of labelled \(price-not-positive\)/);
    const read = (name: string) => readFileSync(join(folder, 'models', name), 'utf8');
    expect(JSON.parse(read('guess.onnx.json')).trained.refused).toEqual(refused);
    expect(read('guess.onnx.html')).toContain('2 rows of labelled (price-not-positive)');
    const leaks = await run(folder, ['test', '--leaks', '--cuts', '1', '--json']);
    expect(leaks.code, leaks.stderr).toBe(0);
    expect(JSON.parse(leaks.stdout).pipelines[0].refused).toEqual(refused);
    expect(leaks.stderr).toMatch(/refused: 2 rows of prices/);
  }, 120_000);

  test('makes two models of one node, each of every row once', async () => {
    const yaml = `${file(MODEL)}      other: { from: labelled, model: { path: models/other.onnx, features: [hint, mid] } }\n`;
    const { code, stdout, stderr } = await run(folderWith({ 'pipelines.yaml': yaml, 'prices.ndjson': prices(600) }), ['train', '--json']);
    expect(code, stderr).toBe(0);
    const models = JSON.parse(stdout).models as readonly { readonly sink: string; readonly rows: number }[];
    expect(models.map(({ sink, rows }) => [sink, rows])).toEqual([
      ['guess', 587],
      ['other', 587],
    ]);
  });

  test('tells what it lacks', async () => {
    const fault = async (yaml: string, args: readonly string[], rows = 600) => {
      const { code, stderr } = await run(folderWith({ 'pipelines.yaml': yaml, 'prices.ndjson': prices(rows) }), args);
      return [code, stderr.split('\n').find((line) => line.startsWith('error')) ?? stderr];
    };
    expect(await fault(file(MODEL), ['train'], 60)).toEqual([2, expect.stringMatching(/history-short.*57 whole rows for 5 steps/)]);
    expect(await fault(file('{ path: m.onnx, features: [mid, label_up] }'), ['train'])).toEqual([
      1,
      expect.stringMatching(/sink-schema.*"label_up" is named as a feature, and only the future tells it/),
    ]);
    expect(await fault(file('{ path: m.onnx, features: [hint], embargo: 3h }'), ['train'])).toEqual([
      2,
      expect.stringMatching(/history-short.*step 1 of 5 would learn from 0 rows/),
    ]);
    expect(await fault(file('{ path: m.onnx, features: [mind] }'), ['train'])).toEqual([
      1,
      expect.stringMatching(/sink-schema.*no column "mind"/),
    ]);
    expect(await fault(file('{ path: m.txt, features: [mid] }'), ['train'])).toEqual([1, expect.stringMatching(/param-invalid.*\.onnx/)]);
    expect(await fault(file(MODEL).replace(/model: .*/, 'print: {} }'), ['train'])).toEqual([2, expect.stringMatching(/makes no model/)]);
  }, 120_000);
});

const DATA = resolve(process.env.MILLRACE_DATA ?? join(import.meta.dirname, '../../../shared/data'));
const CAPTURE = join(DATA, 'binance/usdm-btcusdt-20240808.ndjson.gz');

test.skipIf(!existsSync(CAPTURE))(
  'order flow beats the base rate of mid moves a second ahead, out of sample, on a real capture',
  async () => {
    const yaml = `version: 1
pipelines:
  direction:
    sources:
      lines: { file: { path: "\${MILLRACE_DATA}/binance/usdm-btcusdt-20240808.ndjson.gz" }, format: capture, time: { column: ts_recv, lateness: 1s } }
    operators:
      quotes: { use: normalize, from: lines, with: { kind: quotes, venue: binance_usdm, instruments: instruments.csv } }
      trades: { use: normalize, from: lines, with: { venue: binance_usdm, instruments: instruments.csv } }
      flow: { use: order_flow, from: { quotes: quotes, trades: trades }, with: { every: 250ms, returns: [5, 10] } }
      labelled: { use: label, from: flow, with: { horizon: 1s } }
    sinks:
      direction:
        from: labelled
        model:
          path: direction.onnx
          features: [imbalance, order_flow_imbalance, signed_volume, mid_return, return_5, return_10, realised_variance]
          embargo: 1s
          l2: 10
`;
    const table = readFileSync(resolve('examples/binance/instruments.csv'), 'utf8');
    const folder = folderWith({ 'pipelines.yaml': yaml, 'instruments.csv': table });
    const { code, stdout, stderr } = await run(folder, ['train', '--json'], { MILLRACE_DATA: DATA });
    expect(code, stderr).toBe(0);
    const [{ metrics, rows }] = JSON.parse(stdout).models;
    expect(rows).toBeGreaterThan(1_500);
    expect(metrics.log_loss_gain_95[0]).toBeGreaterThan(0);
    expect(metrics.log_loss).toBeLessThan(metrics.persistence_log_loss);
    // four rows a horizon depend on each other: about a quarter as many count, 3 deviations
    expect(Math.abs(metrics.covered - 0.9)).toBeLessThan(3 * Math.sqrt((0.9 * 0.1) / (metrics.tested / 4)));
    const leaks = await run(folder, ['test', '--leaks', '--cuts', '1', '--json'], { MILLRACE_DATA: DATA });
    expect(leaks.code, leaks.stderr).toBe(0);
    expect(JSON.parse(leaks.stdout).pipelines[0].leaks).toEqual([]);
  },
  120_000,
);
