import { Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { type BatchFrame, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { Merge } from '../../graph/wire/merge.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.size]);
const EDGES = ['left', 'right'].map((port) => ({ port, schema: SCHEMA, time: 'ts_event' }));

function frame(rows: readonly (readonly [event: number, size: number])[], arrivals?: readonly bigint[]): BatchFrame {
  const batch = batchOf(
    SCHEMA,
    rows.map(([event, size]) => ({ ts_event: BigInt(event), size })),
  );
  return { kind: 'batch', batch, floorNs: MIN_NS, origin: null, arrivals: arrivals && (() => BigInt64Array.from(arrivals)) };
}

function order(left: BatchFrame, right: BatchFrame): unknown[] {
  const merge = new Merge(EDGES, 'arrival');
  merge.hold(0, left);
  merge.hold(1, right);
  const sizes = merge.release(MIN_NS).flatMap((run) => rowsOf(run.frame.batch).map((row) => row.size));
  expect(merge.held).toEqual([]);
  return sizes;
}

describe('rows without ts_recv, merged in order of arrival', () => {
  test('go by the time of their record, whatever their event time', () => {
    const left = frame([[900, 1], [100, 2]], [10n, 30n]); // biome-ignore format: a row each
    const right = frame([[500, 3], [1, 4]], [20n, 40n]); // biome-ignore format: a row each
    expect(order(left, right)).toEqual([1, 3, 2, 4]);
  });

  test('go by their event time where an operator made them, and never overtake on their own edge', () => {
    const left = frame([[10, 1], [30, 2], [5, 3]]); // biome-ignore format: a row each
    const right = frame([[20, 4], [40, 5]]); // biome-ignore format: a row each
    expect(order(left, right)).toEqual([1, 4, 2, 3, 5]);
  });

  test('of one record stay together: the edge decides between equal times', () => {
    const left = frame([[1, 1], [2, 2]], [10n, 10n]); // biome-ignore format: a row each
    const right = frame([[0, 3]], [10n]); // biome-ignore format: a row each
    expect(order(left, right)).toEqual([1, 2, 3]);
  });
});
