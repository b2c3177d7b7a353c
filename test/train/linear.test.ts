import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Random } from '../../graph/test-kit/random.ts';
import { fitLogistic, fitRidge, type LinearModel, scoreOf, sigmoid } from '../../train/linear.ts';
import { areaUnderCurve, blockInterval, calibration, correlation, logLoss, mean } from '../../train/metrics.ts';

interface Coefficients {
  readonly weights: readonly number[];
  readonly bias: number;
}

interface Vectors {
  readonly x: readonly (readonly number[])[];
  readonly up: readonly number[];
  readonly y: readonly number[];
  readonly found: Readonly<
    Record<
      string,
      {
        readonly logistic: Coefficients;
        readonly ridge: Coefficients;
        readonly p: readonly number[];
        readonly log_loss: number;
        readonly area_under_curve: number;
        readonly calibration: { readonly observed: readonly number[]; readonly predicted: readonly number[] };
      }
    >
  >;
}

const given = JSON.parse(readFileSync(new URL('vectors/linear.json', import.meta.url), 'utf8')) as Vectors;
const WIDTH = 4;
const x = Float64Array.from(given.x.flat());
const up = Int8Array.from(given.up);
const rows = Int32Array.from(given.x.keys());

function near(model: LinearModel, { weights, bias }: Coefficients, tolerance: number): void {
  const gaps = [...model.weights].map((weight, i) => Math.abs(weight - (weights[i] ?? 0)));
  expect(Math.max(...gaps, Math.abs(model.bias - bias))).toBeLessThan(tolerance);
}

describe.each(Object.entries(given.found))('with a penalty of %s, as scikit-learn 1.9.1 has it', (l2, found) => {
  test('logistic regression', () => {
    const model = fitLogistic(x, up, rows, WIDTH, Number(l2));
    near(model, found.logistic, 1e-8);
    for (const row of rows) expect(sigmoid(scoreOf(model, x, row))).toBeCloseTo(found.p[row] ?? 0, 9);
  });

  test('ridge regression', () => near(fitRidge(x, Float64Array.from(given.y), rows, WIDTH, Number(l2)), found.ridge, 1e-12));

  test('logarithmic loss, area under the curve, calibration', () => {
    const p = Float64Array.from(found.p);
    expect(mean(given.up.map((value, i) => logLoss(p[i] ?? 0, value === 1)))).toBeCloseTo(found.log_loss, 12);
    expect(areaUnderCurve(p, Uint8Array.from(given.up))).toBeCloseTo(found.area_under_curve, 12);
    const { bins } = calibration(p, Uint8Array.from(given.up), 10);
    expect(bins.map(({ observed }) => observed)).toEqual(found.calibration.observed.map((value) => expect.closeTo(value, 10)));
    expect(bins.map(({ predicted }) => predicted)).toEqual(found.calibration.predicted.map((value) => expect.closeTo(value, 10)));
  });
});

test('the area under the curve counts pairs, ties by half', () => {
  const random = new Random(3);
  const p = Float64Array.from({ length: 60 }, () => random.int(0, 9) / 10);
  const ups = Uint8Array.from({ length: 60 }, () => random.int(0, 1));
  let [won, pairs] = [0, 0];
  for (const [i, a] of p.entries())
    for (const [j, b] of p.entries()) {
      if (ups[i] !== 1 || ups[j] !== 0) continue;
      pairs++;
      won += a > b ? 1 : a === b ? 0.5 : 0;
    }
  expect(areaUnderCurve(p, ups)).toBeCloseTo(won / pairs, 12);
});

test('an interval by blocks holds the mean of dependent values about as often as it says', () => {
  let held = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    let last = 0;
    const values = Float64Array.from({ length: 400 }, () => {
      last = 0.5 * last + (random.next() + random.next() + random.next() - 1.5);
      return last;
    });
    const { low, high } = blockInterval(values, 20, seed);
    if (low <= 0 && high >= 0) held++;
  }
  // 95 % asked for; percentiles over 20 blocks are a little narrow. 200 trials: 3 deviations are 5 %
  expect(held / 200).toBeGreaterThan(0.86);
  expect(held / 200).toBeLessThan(1);
});

test('correlation is that of the definition', () => {
  expect(correlation(Float64Array.of(1, 2, 3, 5), Float64Array.of(2, 4, 6, 10))).toBeCloseTo(1, 12);
  expect(correlation(Float64Array.of(1, 2, 3), Float64Array.of(3, 1, 2))).toBeCloseTo(-0.5, 12); // by hand
});
