import { describe, expect, test } from 'vitest';
import type { Matrix } from '../../train/matrix.ts';
import { lastMoves } from '../../train/persistence.ts';
import { Positions } from '../../train/positions.ts';
import { evaluate, type TrainOptions } from '../../train/walk.ts';

const SECOND = 1_000_000_000n;
const OPTIONS: TrainOptions = { l2: 1, folds: 1, embargoNs: 0n, coverage: 0.9, costBps: 1, seed: 1 };

interface Line {
  readonly at: number;
  readonly key: number;
  readonly bps: number;
  readonly feature: number;
}

/** Rows of returns over `horizon` seconds; times in seconds. */
function matrixOf(horizon: number, rows: readonly Line[]): Matrix {
  return {
    features: ['x'],
    x: Float32Array.from(rows, ({ feature }) => feature),
    coarse: [],
    key: Int32Array.from(rows, ({ key }) => key),
    returns: Float64Array.from(rows, ({ bps }) => bps / 10_000),
    up: Int8Array.from(rows, ({ bps }) => (bps === 0 ? -1 : bps > 0 ? 1 : 0)),
    originNs: BigInt64Array.from(rows, ({ at }) => BigInt(at) * SECOND),
    knownNs: BigInt64Array.from(rows, ({ at }) => BigInt(at + horizon) * SECOND),
    leftOut: 0,
  };
}

describe('what positions would have brought', () => {
  // a price that rises 1 bp a second, a row a second, 1000 of 2000 rows tested: 1000 bps are there to be had, whatever the horizon
  test.each([
    [1, 1000],
    [7, 143 * 7], // 142 whole sevens of seconds and one begun
    [60, 17 * 60],
  ])('is what the price moved, with a horizon of %i s', (horizon, gross) => {
    const rows = Array.from({ length: 2000 }, (_, at) => ({ at, key: 0, bps: horizon, feature: Math.sin(at) }));
    const { grossBps, netBps, trades, tested } = evaluate(matrixOf(horizon, rows), { ...OPTIONS, costBps: 0.5 });
    expect(tested).toBe(1000);
    expect(grossBps).toBeCloseTo(gross, 6);
    expect(trades).toBe(2); // bought once, sold at the end
    expect(netBps).toBeCloseTo(gross - 2 * 0.5, 6);
  });

  test('has a position a key: one rises, one falls, in turns', () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({ at: i >> 1, key: i % 2, bps: i % 2 ? -2 : 2, feature: i % 2 ? -1 : 1 }));
    const { grossBps, netBps, trades } = evaluate(matrixOf(1, rows), OPTIONS);
    expect(trades).toBe(4);
    expect(grossBps).toBeCloseTo(2 * 2000, 6); // 1000 s of 2 bps, twice
    expect(netBps).toBeCloseTo(2 * 2000 - 4, 6);
  });

  test('by hand: kept, turned, left, closed at its horizon where no row follows', () => {
    const positions = new Positions(1);
    const row = (key: number, side: number, at: number, bps: number) =>
      positions.row(key, side, BigInt(at) * SECOND, BigInt(at + 10) * SECOND, bps);
    expect(row(0, 1, 0, 5)).toBe(5 - 1); // bought
    expect(row(0, -1, 4, 100)).toBe(0); // held until 10
    expect(row(1, -1, 4, -3)).toBe(3 - 1); // another key, sold
    expect(row(0, 1, 10, 2)).toBe(2); // kept: no cost
    expect(row(0, -1, 20, 4)).toBe(-4 - 2); // turned: two units
    expect(row(0, -1, 31, -6)).toBe(6 - 2); // closed at 30, sold again at 31
    expect(row(0, 0, 41, 9)).toBe(-1); // left
    expect(row(0, 1, 42, 1)).toBe(1 - 1); // nothing was held: no horizon to wait for
    expect(positions.close()).toBe(2); // one of each key
    expect(positions.grossBps).toBe(5 + 3 + 2 - 4 + 6 + 1);
    expect(positions.changes).toBe(9);
  });
});

test('the last move is that of the own key, once it was known', () => {
  const rows = [
    { at: 0, key: 0, bps: 1, feature: 0 }, // known at 2
    { at: 0, key: 1, bps: -1, feature: 0 }, // known at 2
    { at: 1, key: 0, bps: 0, feature: 0 }, // no move
    { at: 1, key: 1, bps: 1, feature: 0 }, // known at 3
    { at: 2, key: 0, bps: -1, feature: 0 },
    { at: 2, key: 1, bps: 1, feature: 0 },
    { at: 3, key: 0, bps: 1, feature: 0 },
    { at: 3, key: 1, bps: 1, feature: 0 },
    { at: 3, key: 2, bps: 1, feature: 0 },
  ];
  expect([...lastMoves(matrixOf(2, rows))]).toEqual([-1, -1, -1, -1, 1, 0, 1, 1, -1]);
});
