import { describe, expect, test } from 'vitest';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { Ingest } from '../../graph/run/ingest.ts';
import { floorsOf, watermarkOf } from '../../graph/test-kit/floors.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { TALLY_INPUT } from './tally.ts';

const SEEDS = Array.from({ length: 150 }, (_, i) => i + 1);
/** Near in time, 2^53 ns apart, and over the whole of int64. */
const SPANS = [1_000n, 3_000_000_000n, 2n ** 54n, 2n ** 63n - 1n];

interface Scene {
  readonly random: Random;
  readonly times: bigint[];
  readonly latenessNs: bigint;
}

function scene(seed: number): Scene {
  const random = new Random(seed);
  const span = random.pick(SPANS);
  const start = span > 2n ** 60n ? 0n : random.pick([0n, 1_723_161_255_030_314_667n, -5_000_000_000n]);
  const times = Array.from({ length: random.int(1, 60) }, () => start + random.bigint(-span, span));
  if (random.chance(0.7)) times.sort((a, b) => Number(a > b) - Number(a < b));
  for (let i = 0; i < times.length; i++) if (random.chance(0.2)) times[i] = start;
  return { random, times, latenessNs: random.pick([0n, 1n, span / 3n, span * 2n]) };
}

const row = (ns: bigint): Row => ({ ts_event: ns, symbol: 'A', size: 1 });

describe('ingest', () => {
  test('calls late what the floors call late, and gives every run its floor, however the rows are cut', () => {
    for (const seed of SEEDS) {
      const { random, times, latenessNs } = scene(seed);
      const ingest = new Ingest({ column: 'ts_event', latenessNs, idleNs: null });
      const floors = floorsOf(times, latenessNs);
      let at = 0;
      while (at < times.length) {
        const n = random.int(1, times.length - at);
        const frames = ingest.take(batchOf(TALLY_INPUT, times.slice(at, at + n).map(row)), null);
        expect(
          frames.flatMap((frame) => rowsOf(frame.batch).map((r) => r.ts_event)),
          `seed ${seed}`,
        ).toEqual(times.slice(at, at + n));
        for (const { batch, floorNs } of frames) {
          expect(floorNs, `seed ${seed}, row ${at}`).toBe(floors[at]);
          const late = times.slice(at, at + batch.numRows).map((ns, i) => ns < (floors[at + i] as bigint));
          expect(new Set(late).size, `seed ${seed}: late and not late from row ${at}`).toBe(1);
          at += batch.numRows;
        }
        expect(ingest.watermarkNs, `seed ${seed}`).toBe(watermarkOf(times.slice(0, at), latenessNs));
      }
    }
  });

  test('names the origin of a row by its place in the batch that was read', () => {
    const times = [10n, 20n, 5n, 4n, 30n];
    const ingest = new Ingest({ column: 'ts_event', latenessNs: 0n, idleNs: null });
    const origin = (i: number) => ({ source: 'trades', partition: 3, offset: 100 + i, row: 0 });
    const frames = ingest.take(batchOf(TALLY_INPUT, times.map(row)), origin);
    expect(frames.map((frame) => frame.batch.numRows)).toEqual([2, 2, 1]);
    expect(frames.flatMap(({ batch, origin: of }) => Array.from({ length: batch.numRows }, (_, i) => of?.(i)?.offset))).toEqual([
      100, 101, 102, 103, 104,
    ]);
  });

  test('goes on from a snapshot as if it had never stopped', () => {
    for (const seed of SEEDS) {
      const { random, times, latenessNs } = scene(seed);
      const time = { column: 'ts_event', latenessNs, idleNs: 1_000n };
      const whole = new Ingest(time);
      let restarted = new Ingest(time);
      for (let at = 0, clock = 0n; at < times.length; clock += BigInt(random.int(0, 900))) {
        const n = random.int(0, 5);
        const batch = batchOf(TALLY_INPUT, times.slice(at, at + n).map(row));
        const [a, b] = [whole.take(batch, null), restarted.take(batch, null)];
        expect(
          b.map((frame) => [frame.floorNs, frame.batch.numRows]),
          `seed ${seed}`,
        ).toEqual(a.map((frame) => [frame.floorNs, frame.batch.numRows]));
        expect(restarted.tick(clock, batch.numRows)).toBe(whole.tick(clock, batch.numRows));
        expect([restarted.watermarkNs, restarted.idleAtNs, restarted.idle]).toEqual([whole.watermarkNs, whole.idleAtNs, whole.idle]);
        const state = restarted.snapshot();
        restarted = new Ingest(time);
        restarted.restore(JSON.parse(JSON.stringify(state)));
        at += n;
      }
    }
  });

  test('a partition that was idle calls late what came behind the promise made without it', () => {
    const ingest = new Ingest({ column: 'ts_event', latenessNs: 0n, idleNs: 5n });
    ingest.take(batchOf(TALLY_INPUT, [row(10n)]), null);
    ingest.tick(0n, 1);
    expect([ingest.idleAtNs, ingest.tick(4n, 0), ingest.watermarkNs]).toEqual([5n, false, 10n]);
    expect([ingest.tick(5n, 0), ingest.watermarkNs]).toEqual([true, null]);
    ingest.promise(100n);
    const frames = ingest.take(batchOf(TALLY_INPUT, [row(50n), row(99n), row(100n), row(90n)]), null);
    ingest.tick(6n, 4);
    expect(frames.map((frame) => [frame.floorNs, frame.batch.numRows])).toEqual([
      [100n, 2],
      [100n, 1],
      [100n, 1],
    ]);
    expect(ingest.watermarkNs).toBe(100n);
  });

  test('rows without event time are never late and hold nothing back; an ended partition holds nothing back', () => {
    const timeless = new Ingest(null);
    expect(timeless.take(batchOf(TALLY_INPUT, [row(5n), row(1n)]), null).map((frame) => frame.floorNs)).toEqual([MIN_NS]);
    expect(timeless.watermarkNs).toBe(MAX_NS);
    const ended = new Ingest({ column: 'ts_event', latenessNs: 0n, idleNs: null });
    expect(ended.watermarkNs).toBe(MIN_NS);
    ended.end();
    expect(ended.watermarkNs).toBe(MAX_NS);
  });
});
