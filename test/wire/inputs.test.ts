import { type RecordBatch, Schema } from 'apache-arrow';
import { concat, map, type Observable, of, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import type { Frame } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { asOf, bars, batches, orderFlow, toFrames } from '../../index.ts';

const QUOTES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.bid, COLUMNS.bid_size, COLUMNS.ask, COLUMNS.ask_size]);
const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price, COLUMNS.size, COLUMNS.aggressor_side]);

const at = (ms: number): bigint => BigInt(ms) * 1_000_000n;
const quotes = (...some: readonly (readonly [ms: number, bid: number])[]): RecordBatch =>
  batchOf(QUOTES, some.map(([ms, bid]): Row => ({ ts_event: at(ms), symbol: 'A', bid, bid_size: 1, ask: bid + 1, ask_size: 1 }))); // biome-ignore format: one step
const trades = (...some: readonly (readonly [ms: number, size: number])[]): RecordBatch =>
  batchOf(TRADES, some.map(([ms, size]): Row => ({ ts_event: at(ms), symbol: 'A', price: 10, size, aggressor_side: 'buy' }))); // biome-ignore format: one step

const frames = toFrames({ time: 'ts_event' });

/** What a port says of each row, in order; the error's message where it ends with one. */
function said(source: Observable<Frame>, show: (row: Row) => unknown): unknown[] {
  const values: unknown[] = [];
  source.pipe(batches(), map((batch) => rowsOf(batch).map(show))).subscribe({ next: (rows) => values.push(...rows), error: (error) => values.push(`${error.code}: ${error.message}`) }); // biome-ignore format: one step
  return values;
}

const ageOf = ({ ts_event, bid, staleness_ns }: Row) => [
  Number(ts_event) / 1e6,
  bid,
  staleness_ns === null ? null : Number(staleness_ns) / 1e6,
];

test('a second input is given by its name, and rows meet by their time however the streams take turns', () => {
  const [left, right] = [new Subject<RecordBatch>(), new Subject<RecordBatch>()];
  const seen: unknown[] = [];
  const joined = left.pipe(frames, asOf({ tolerance: '100ms' }).with({ right: right.pipe(frames) }), batches());
  joined.subscribe((batch) => seen.push(...rowsOf(batch).map(ageOf)));
  left.next(trades([5, 1], [30, 1]));
  left.next(trades([50, 1]));
  expect(seen).toEqual([]); // nobody knows yet which quotes there were
  right.next(quotes([10, 1], [50, 2]));
  expect(seen).toEqual([
    [5, null, null],
    [30, 1, 20],
  ]);
  right.next(quotes([60, 3]));
  expect(seen).toHaveLength(2); // a second row at 50 may come
  left.next(trades([300, 1]));
  expect(seen.slice(2)).toEqual([[50, 2, 0]]);
  left.complete();
  right.complete();
  expect(seen.slice(3)).toEqual([[300, null, null]]); // 240 ms after the last quote
});

test('columns of an optional input are there when it is given', () => {
  const both = of(quotes([100, 10], [1100, 11])).pipe(frames, orderFlow({ every: '1s', empty: 'skip' }).with({ trades: of(trades([200, 3], [700, 4])).pipe(frames) })); // biome-ignore format: one step
  expect(said(both, ({ ts_event, mid, volume }) => [Number(ts_event) / 1e6, mid, volume])).toEqual([
    [1000, 10.5, 7],
    [2000, 11.5, 0],
  ]);
  const alone = of(quotes([100, 10])).pipe(frames, orderFlow({ every: '1s', empty: 'skip' }));
  expect(said(alone, (row) => Object.hasOwn(row, 'volume'))).toEqual([false]);
});

test('tells which input is not there', () => {
  const left = of(trades([5, 1])).pipe(frames);
  expect(said(left.pipe(asOf()), ageOf)).toEqual(['port-unconnected: operator "as_of" needs frames for its input "right"']);
  const empty = concat<Frame[]>().pipe();
  expect(said(left.pipe(asOf().with({ right: empty })), ageOf)).toEqual([
    'columns-unfit: operator "as_of": no row came on its input "right", so its columns are not known',
  ]);
  expect(said(concat<Frame[]>().pipe(asOf().with({ right: empty })), ageOf)).toEqual([]);
  expect(() => asOf().with({ rigth: left })).toThrow('operator "as_of" has no further input "rigth"');
  expect(() => bars({ every: '1s' }).with({ more: left })).toThrow(/has no further input "more"/);
});
