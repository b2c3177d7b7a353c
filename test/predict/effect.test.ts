import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bool, Float64, Int64, type RecordBatch, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Effect } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { predict } from '../../operators/predict/operator.ts';
import { linearAnswer, linearModel, modelFolder, tableModel } from './models.ts';

const number = (name: string) => field(name, new Float64(), true, name);
const INPUT = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  number('spread'),
  number('imbalance'),
  field('trades', new Int64(), true, 'trades'),
  field('fresh', new Bool(), true, 'fresh'),
]);
const SWITCH = new Schema([COLUMNS.ts_event, field('model', COLUMNS.symbol.type, false, 'model')]);

const A = { weights: [0.5, -2], bias: 0.25 };
const B = { weights: [-1, 3, 0.125, 4], bias: -0.5 };
const B_CARD = { name: 'b', features: ['imbalance', 'spread', 'trades', 'fresh'] };

function folder(): string {
  const horizons = [
    { horizon: '1s', p_up: 'probabilities[1]', p_down: 'probabilities[0]' },
    { horizon: '1m', expected_return: 'return' },
  ];
  return modelFolder({
    'a.onnx': { bytes: linearModel(A) },
    'b.onnx': { bytes: linearModel(B), card: { ...B_CARD, horizons } },
  });
}

interface Opened {
  readonly effect: Effect;
  /** What leaves on a port, answered. */
  push(rows: readonly Row[], port?: string): Promise<Readonly<Record<string, Row[]>>>;
}

async function open(at: string, params: Readonly<Record<string, unknown>>): Promise<Opened> {
  const parsed = predict.params.parse(params);
  const named = predict.files?.(parsed) ?? [];
  const texts = new Map(named.filter(({ binary }) => !binary).map(({ path }) => [path, readFileSync(join(at, path), 'utf8')]));
  const files = new Map(named.filter(({ binary }) => binary).map(({ path }) => [path, readFileSync(join(at, path))]));
  const inputs = { in: INPUT, switch: SWITCH };
  const subject = subjectOf(predict, params, inputs, texts);
  const effect = await predict.effect?.({ params: parsed, inputs, outputs: subject.outputs, files, texts });
  if (!effect) throw new TypeError('predict has an effect');
  const kernel = subject.create();
  return {
    effect,
    async push(rows, port = 'in') {
      const left: [string, RecordBatch][] = [];
      kernel.push(batchOf(port === 'in' ? INPUT : SWITCH, rows), port, (to, batch) => left.push([to, batch]), MIN_NS);
      const answered = left.map(async ([to, batch]) => [to, rowsOf(to === 'rejected' ? batch : await effect.apply(to, batch))] as const);
      return Object.fromEntries(await Promise.all(answered));
    },
  };
}

function rowsFrom(seed: number, count: number): Row[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => ({
    ts_event: BigInt(i),
    symbol: 'A',
    spread: 4 * random.next() - 2,
    imbalance: 2 * random.next() - 1,
    trades: BigInt(random.int(0, 50)),
    fresh: random.int(0, 1) === 1,
  }));
}

describe('predict', () => {
  test('gives what the model gives, within the precision of float32', async () => {
    const { effect, push } = await open(folder(), { model: 'a.onnx' });
    const rows = rowsFrom(1, 3_000);
    const { out = [] } = await push(rows);
    expect(out).toHaveLength(3_000);
    for (const [i, row] of out.entries()) {
      const want = linearAnswer(A, [Number(rows[i]?.spread), Number(rows[i]?.imbalance)]);
      expect(Math.abs(Number(row.p_up) - want.p_up)).toBeLessThan(1e-6);
      expect(Math.abs(Number(row.expected_return) - want.expected_return)).toBeLessThan(1e-6);
      expect(Number(row.p_up) + Number(row.p_down)).toBe(1);
      expect(row).toMatchObject({ ...rows[i], horizon: '1s', model: 'direction', lower: null, upper: null, missing_features: 0 });
    }
    await effect.close();
  });

  test('takes whole numbers and flags as features, a row a horizon', async () => {
    const { effect, push } = await open(folder(), { model: 'b.onnx' });
    const rows = rowsFrom(2, 500);
    const { out = [] } = await push(rows);
    expect(out.map(({ horizon }) => horizon)).toEqual(rows.flatMap(() => ['1s', '1m']));
    rows.forEach((row, i) => {
      const want = linearAnswer(B, [Number(row.imbalance), Number(row.spread), Number(row.trades), Number(row.fresh)]);
      const [near, far] = [out[2 * i], out[2 * i + 1]];
      expect(Number(near?.p_up)).toBeCloseTo(want.p_up, 5);
      expect(Number(near?.p_down)).toBeCloseTo(1 - want.p_up, 5);
      expect(near?.expected_return).toBeNull();
      expect(Math.abs(Number(far?.expected_return) - want.expected_return)).toBeLessThan(1e-5);
      expect(far).toMatchObject({ p_up: null, p_down: null, ts_event: row.ts_event });
    });
    await effect.close();
  });

  test('says nothing of a row that lacks a feature, and how many it lacks', async () => {
    const { effect, push } = await open(folder(), { model: 'b.onnx' });
    const [row = {}] = rowsFrom(3, 1);
    const { out = [] } = await push([row, { ...row, spread: null }, { ...row, spread: Number.NaN, trades: null, fresh: null }]);
    expect(out.map(({ missing_features, p_up }) => [missing_features, p_up === null])).toEqual([
      [0, false],
      [0, true],
      [1, true],
      [1, true],
      [3, true],
      [3, true],
    ]);
    await effect.close();
  });

  test('answers by another version once it is switched to, by shadow models beside it', async () => {
    const { effect, push } = await open(folder(), { model: 'a.onnx', versions: ['b.onnx'], shadow: ['b.onnx', 'a.onnx'] });
    const rows = rowsFrom(4, 3);
    const first = await push(rows);
    expect(first.out?.map(({ model }) => model)).toEqual(['direction', 'direction', 'direction']);
    expect(first.shadow?.map(({ model, horizon }) => `${model} ${horizon}`)).toEqual(rows.flatMap(() => ['b 1s', 'b 1m', 'direction 1s']));
    for (const [i, row] of rows.entries()) {
      const a = linearAnswer(A, [Number(row.spread), Number(row.imbalance)]);
      expect(first.shadow?.[3 * i + 2]?.p_up).toBe(first.out?.[i]?.p_up);
      expect(Number(first.out?.[i]?.p_up)).toBeCloseTo(a.p_up, 6);
    }
    await push([{ ts_event: 9n, model: 'b' }], 'switch');
    const second = await push(rows);
    expect(second.out?.map(({ model, horizon }) => `${model} ${horizon}`)).toEqual(rows.flatMap(() => ['b 1s', 'b 1m']));
    expect(second.out?.map(({ p_up }) => p_up)).toEqual(second.shadow?.filter(({ model }) => model === 'b').map(({ p_up }) => p_up));
    await effect.close();
  });

  test('takes no column for granted where the model gives several and its card names none', async () => {
    const horizons = [{ horizon: '1s', p_up: 'probabilities' }];
    const { effect, push } = await open(modelFolder({ 'a.onnx': { bytes: linearModel({ ...A, open: true }), card: { horizons } } }), {
      model: 'a.onnx',
    });
    await expect(push(rowsFrom(5, 2))).rejects.toMatchObject({ code: 'model-failed', message: expect.stringMatching(/gave 2 columns/) });
    await effect.close();
  });

  test('answers all rows but those that the model cannot take', async () => {
    const horizons = [
      { horizon: '1s', expected_return: 'return' },
      { horizon: '1m', expected_return: 'return' },
    ];
    const card = { name: 'table', features: ['spread'], horizons };
    const at = modelFolder({ 'a.onnx': { bytes: linearModel(A) }, 't.onnx': { bytes: tableModel([10, 20, 40]), card } });
    const { effect, push } = await open(at, { model: 't.onnx', shadow: ['t.onnx', 'a.onnx'] });
    const answers = async (...spreads: readonly (number | null)[]) => {
      const left = await push(rowsFrom(5, spreads.length).map((row, i) => ({ ...row, spread: spreads[i] ?? null })));
      expect(left.shadow?.filter(({ model, p_up }) => model === 'direction' && p_up !== null)).toHaveLength(
        spreads.filter((spread) => spread !== null).length,
      );
      return left.out?.map(({ expected_return, missing_features }) => [expected_return, missing_features]);
    };
    const twice = (...rows: readonly unknown[]) => rows.flatMap((row) => [row, row]);
    expect(await answers(0, 2, 1)).toEqual(twice([10, 0], [40, 0], [20, 0]));
    expect(await answers(0, 7, 1, null, 2)).toEqual(twice([10, 0], [null, 0], [20, 0], [null, 1], [40, 0]));
    expect(await answers(9)).toEqual(twice([null, 0]));
    expect(await answers(9, 8, 7)).toEqual(twice([null, 0], [null, 0], [null, 0]));
    await effect.close();
  });

  test('does not open a model that was changed after its card was read', async () => {
    const at = folder();
    writeFileSync(join(at, 'a.onnx'), linearModel({ ...A, bias: 1 }));
    await expect(open(at, { model: 'a.onnx' })).rejects.toMatchObject({
      code: 'model-invalid',
      domain: 'user',
      remedy: expect.stringMatching(/a model and its card are one/),
    });
  });
});
