import { expect, test } from 'vitest';
import { Pace } from '../../graph/run/pace.ts';

/** Rounds of an endless backlog, whose answers take a fixed time and one a row; the rows of each. */
function rounds(count: number, fixedMs: number, rowMs: number, pace = new Pace()): number[] {
  return Array.from({ length: count }, () => {
    const { rows } = pace;
    pace.answered(rows, fixedMs + rowMs * rows);
    return rows;
  });
}

test('a slow model is asked about as many rows as it answers in a second, from the second round on', () => {
  expect(rounds(4, 0, 10)).toEqual([1024, 100, 100, 100]);
  expect(rounds(3, 0, 5000)).toEqual([1024, 16, 16]); // never fewer
});

test('a fast one gets what a round can hold, twice as much each time', () => {
  expect(rounds(10, 1, 0.0001).slice(0, 3)).toEqual([1024, 2048, 4096]);
  expect(rounds(10, 1, 0.0001).at(-1)).toBe(262_144);
});

test('a trickle through a model that takes long for anything does not hold a backlog back for long', () => {
  const pace = new Pace();
  for (let round = 0; round < 10; round++) pace.answered(2, 200);
  expect(pace.rows).toBe(16);
  expect(rounds(8, 200, 0.01, pace)).toEqual([16, 32, 64, 128, 256, 512, 1024, 2048]);
});
