import { Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { PartitionTime } from '../../graph/run/partition-time.ts';

const SCHEMA = new Schema([COLUMNS.ts_event]);
const TIME = { column: 'ts_event', latenessNs: 10n, idleNs: 100n };
const rows = (...times: bigint[]) =>
  batchOf(
    SCHEMA,
    times.map((ts_event) => ({ ts_event })),
  );

/** Floors of the frames that the rows make, with their number of rows. */
const floors = (time: PartitionTime, writer: string | undefined, ...times: bigint[]) =>
  time.take(rows(...times), null, writer).map(({ floorNs, batch }) => [floorNs, batch.numRows]);

describe('event time of a partition that several tasks write', () => {
  it('judges each writer by its own progress, and waits for the one that is furthest behind', () => {
    const time = new PartitionTime(TIME);
    expect(floors(time, '0', 1_000n, 17_000n)).toEqual([[MIN_NS, 2]]);
    expect(floors(time, '1', 1_005n, 16_000n)).toEqual([[MIN_NS, 2]]); // far behind writer 0, and not late
    time.tick(0n, 4);
    expect(time.watermarkNs).toBe(15_990n);
    expect(floors(time, '1', 15_000n)).toEqual([[15_990n, 1]]); // late by its own rows
  });

  it('judges a writer that is heard of later by what downstream was told', () => {
    const time = new PartitionTime(TIME);
    floors(time, '0', 1_000n);
    time.tick(0n, 1);
    time.told(990n);
    expect(floors(time, '1', 980n, 995n)).toEqual([
      [990n, 1],
      [990n, 1],
    ]);
  });

  it('does not wait for a writer that is idle, and takes no stop for idleness', () => {
    const time = new PartitionTime(TIME);
    floors(time, '0', 1_000n);
    floors(time, '1', 500n);
    time.tick(0n, 2);
    const later = new PartitionTime(TIME);
    later.restore(time.snapshot());
    later.resume(10_000n);
    floors(later, '0', 1_100n);
    later.tick(10_050n, 1);
    expect(later.watermarkNs).toBe(490n); // writer 1 has been quiet for 50, not 10,050
    expect(later.idleAtNs).toBe(10_100n);
    later.tick(10_100n, 0);
    expect(later.watermarkNs).toBe(1_090n);
    later.told(1_090n);
    expect(floors(later, '1', 600n)).toEqual([[1_090n, 1]]);
    expect(later.idle).toBe(false);
  });

  it('has one writer where none is named, and ends as a whole', () => {
    const time = new PartitionTime(TIME);
    expect(time.watermarkNs).toBe(MIN_NS);
    expect(floors(time, undefined, 100n, 200n, 50n)).toEqual([
      [MIN_NS, 2],
      [190n, 1],
    ]);
    time.end();
    expect(time.watermarkNs).toBe(2n ** 63n - 1n);
  });
});
