import { Bool, Float64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { field, timestampNs } from '../../graph/contract/columns.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { openSession } from '../../operators/onnx/session.ts';
import { artefactOf } from '../../train/artefact.ts';
import { scoreOf, sigmoid } from '../../train/linear.ts';
import { MatrixBuilder } from '../../train/matrix.ts';
import { evaluate, fitTo, type TrainOptions } from '../../train/walk.ts';

const SECOND = 1_000_000_000n;
const OPTIONS: TrainOptions = { l2: 1, folds: 4, embargoNs: 0n, coverage: 0.9, costBps: 1, seed: 1 };
const ROWS = 2000;

const FEATURES = {
  price: [65_000, 0.5],
  open_interest: [1e8, 50],
  volume: [3e5, 2e5],
  imbalance: [0, 1],
  tiny: [1e-9, 1e-10],
} as const;
const NAMES = Object.keys(FEATURES) as (keyof typeof FEATURES)[];

const SCHEMA = new Schema([
  field('ts_event', timestampNs(), false, ''),
  field('ts_origin', timestampNs(), false, ''),
  ...[...NAMES, 'constant', 'label_return'].map((name) => field(name, new Float64(), false, '')),
  field('label_up', new Bool(), true, ''),
]);

/** Rows whose return leans on every feature alike, in deviations. */
function matrix(features: readonly string[]) {
  const random = new Random(5);
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const z = NAMES.map(() => 2 * random.next() - 1);
    const ret = 1e-4 * (z.reduce((a, b) => a + b) + 2 * random.next() - 1);
    return {
      ts_event: BigInt(i + 1) * SECOND,
      ts_origin: BigInt(i) * SECOND,
      ...Object.fromEntries(NAMES.map((name, k) => [name, FEATURES[name][0] + FEATURES[name][1] * (z[k] as number)])),
      constant: 65_000.1,
      label_return: ret,
      label_up: ret > 0,
    };
  });
  const builder = new MatrixBuilder(features, []);
  builder.add(batchOf(SCHEMA, rows));
  return builder.build();
}

describe('features far from 0', () => {
  test.each([...NAMES.map((name) => ({ names: [name] })), { names: NAMES }])(
    'ONNX says what was evaluated, within 1e-6: $names',
    async ({ names }) => {
      const rows = matrix(names);
      const fitted = fitTo(
        rows,
        Int32Array.from({ length: ROWS }, (_, row) => row),
        OPTIONS,
      );
      const session = await openSession('m', artefactOf('m', '1s', rows, fitted, evaluate(rows, OPTIONS), OPTIONS).onnx);
      const given = await session.run({ features: session.float32(rows.x, [ROWS, names.length]) }, [
        'p_up',
        'expected_return',
        'lower',
        'upper',
      ]);
      const said = (output: string) => given[output]?.data as Float32Array;
      const worst = { p_up: 0, expected_return: 0, lower: 0, upper: 0 };
      for (let row = 0; row < ROWS; row++) {
        const expected = scoreOf(fitted.expected, rows.x, row);
        const told = {
          p_up: sigmoid(scoreOf(fitted.direction, rows.x, row)),
          expected_return: expected,
          lower: expected + fitted.lower,
          upper: expected + fitted.upper,
        };
        for (const output of Object.keys(worst) as (keyof typeof worst)[])
          worst[output] = Math.max(worst[output], Math.abs((said(output)[row] as number) - told[output]));
      }
      await session.close();
      expect(Math.max(...Object.values(worst))).toBeLessThan(1e-6);
    },
  );

  test('are told of where float32 keeps little of them; what never changes is not among them', () => {
    expect(matrix([...NAMES, 'constant']).coarse).toEqual(['price', 'open_interest']);
  });
});
