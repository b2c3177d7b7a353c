import { type RecordBatch, Schema } from 'apache-arrow';
import { concat, from, map, type Observable, of, Subject, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, test } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import type { Frame } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { bars, batches, filter, indicators, select, toFrames } from '../../index.ts';

const TRADES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, COLUMNS.price, COLUMNS.size, COLUMNS.aggressor_side]);

/** Trades at some ms since 1970, one unit each. */
function trades(...some: readonly (readonly [ms: number, price: number])[]): RecordBatch {
  const rows = some.map(([ms, price]): Row => ({ ts_event: BigInt(ms) * 1_000_000n, symbol: 'A', price, size: 1, aggressor_side: 'buy' }));
  return batchOf(TRADES, rows);
}

/** `end in ms: open high low close`, one a bar. */
function bar(row: Row): string {
  return `${Number(row.ts_event) / 1e6}: ${row.open} ${row.high} ${row.low} ${row.close}`;
}

const drawn = () => (source: Observable<Frame>): Observable<string> => source.pipe(batches(), map((batch) => rowsOf(batch).map(bar).join(', '))); // biome-ignore format: one step

/** What a finite source gives, all of it at once. */
function all<T>(source: Observable<T>): T[] {
  const values: T[] = [];
  source.subscribe((value) => values.push(value));
  return values;
}

function marbles(run: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0]) => void): void {
  new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  }).run(run);
}

describe('operators without a graph', () => {
  test('a bar leaves with the batch that shows it is over, the last one with the end', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('  -a-b-c-|', { a: trades([100, 10], [600, 12]), b: trades([900, 9]), c: trades([1200, 11], [2100, 8]) });
      expectObservable(source.pipe(toFrames({ time: 'ts_event' }), bars({ every: '1s' }), drawn())).toBe('-----x-(y|)', {
        x: '1000: 10 12 9 9, 2000: 11 11 11 11',
        y: '3000: 8 8 8 8',
      });
    });
  });

  test('lateness keeps bars open for rows out of order', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('  a-b-c-|', { a: trades([100, 10], [1400, 20]), b: trades([700, 5]), c: trades([1500, 21]) });
      expectObservable(source.pipe(toFrames({ time: 'ts_event', lateness: '500ms' }), bars({ every: '1s' }), drawn())).toBe('----x-(y|)', {
        x: '1000: 10 10 5 5',
        y: '2000: 20 21 20 21',
      });
    });
  });

  test('late rows leave on their port', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('a-b-|', { a: trades([100, 10], [2500, 20]), b: trades([700, 5], [2600, 21]) });
      const late = source.pipe(
        toFrames({ time: 'ts_event' }),
        bars({ every: '1s' }).port('late'),
        batches(),
        map((batch) => rowsOf(batch).map((row) => row.price)),
      );
      expectObservable(late).toBe('--x-|', { x: [5] });
    });
  });

  test('chain: filter, bars and indicators in one pipe', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('a-b-(c|)', { a: trades([100, 10], [200, 999]), b: trades([1100, 20]), c: trades([2100, 40]) });
      const averages = source.pipe(
        toFrames({ time: 'ts_event' }),
        filter({ where: 'price < 100' }),
        bars({ every: '1s' }),
        indicators({ series: [{ sma: { period: 2 } }] }),
        batches(),
        map((batch) => rowsOf(batch).map((row) => row.sma_2)),
      );
      expectObservable(averages).toBe('--x-(yz|)', { x: [null], y: [15], z: [30] });
    });
  });

  test('every subscription has a kernel of its own', () => {
    const source = new Subject<RecordBatch>();
    const out = source.pipe(toFrames({ time: 'ts_event' }), bars({ every: '1s' }), drawn());
    const [first, second]: [string[], string[]] = [[], []];
    out.subscribe((text) => first.push(text));
    source.next(trades([100, 10]));
    out.subscribe((text) => second.push(text));
    source.next(trades([500, 20]));
    source.complete();
    expect([first, second]).toEqual([['1000: 10 20 10 20'], ['1000: 20 20 20 20']]);
  });

  test('the same rows in any batches are the same bars', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      let ms = 0;
      const rows = Array.from({ length: 80 }, (): [number, number] => {
        ms += random.int(0, 120);
        return [random.chance(0.2) ? Math.max(0, ms - random.int(0, 2500)) : ms, random.int(1, 99)];
      });
      const run = (source: Observable<RecordBatch>): string[] =>
        all(source.pipe(toFrames({ time: 'ts_event', lateness: '1s' }), bars({ every: '1s' }), drawn())).flatMap((text) =>
          text.split(', '),
        );
      const cut: RecordBatch[] = [];
      for (let at = 0; at < rows.length; ) {
        const to = at + random.int(1, 9);
        cut.push(trades(...rows.slice(at, to)));
        at = to;
      }
      expect(run(from(cut)), `seed ${seed}`).toEqual(run(of(trades(...rows))));
    }
  });

  test('a source that gives nothing completes', () => {
    const frames = all(from<RecordBatch[]>([]).pipe(toFrames({ time: 'ts_event' }), bars({ every: '1s' })));
    expect(frames.map((frame) => frame.kind)).toEqual(['watermark', 'barrier']);
  });

  test('an error of the source goes through', () => {
    const source = concat(
      of(trades([100, 10])),
      throwError(() => new Error('gone')),
    );
    let error: unknown = null;
    source.pipe(toFrames({ time: 'ts_event' }), bars({ every: '1s' }), batches()).subscribe({
      error: (given) => {
        error = given;
      },
    });
    expect(error).toEqual(expect.objectContaining({ message: 'gone' }));
  });

  test('columns that do not fit end the stream, saying which', () => {
    let error: unknown = null;
    const priceless = of(trades([100, 10])).pipe(
      toFrames({ time: 'ts_event' }),
      select({ keep: ['ts_event', 'symbol'] }),
      bars({ every: '1s' }),
    );
    priceless.subscribe({
      error: (given) => {
        error = given;
      },
    });
    expect(error).toEqual(expect.objectContaining({ code: 'columns-unfit', domain: 'user', message: expect.stringContaining('"price"') }));
  });

  test.each([
    ['a wrong parameter', () => bars({ every: 'often' }), 'param-invalid'],
    ['an unknown parameter', () => bars({ evry: '1s' }), 'param-invalid'],
    ['a lateness that is none', () => toFrames({ time: 'ts_event', lateness: 'some' }), 'param-invalid'],
  ])('%s is refused before anything flows', (_, make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});
