import { Field, Float64, type RecordBatch, Schema } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { SubjectFault, subjectOf } from '../../graph/test-kit/subject.ts';
import { performance } from '../../operators/performance/operator.ts';
import { varOperator } from '../../operators/var/operator.ts';
import { varBacktest } from '../../operators/var_backtest/operator.ts';
import { batchOfColumns, outOf } from './edhec.ts';

const SCHEMA = new Schema([COLUMNS.ts_event, COLUMNS.symbol, ...['x', 'y'].map((name) => new Field(name, new Float64(), true))]);

const value = fc.oneof(
  { weight: 3, arbitrary: fc.double({ min: -1, max: 2, noNaN: true }) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constantFrom(null, 0, -0, 1, -1, Number.MIN_VALUE, Number.MAX_VALUE, 1e74, -9e74, 1e-80, 1e160) },
);
const row = fc.record({ ts_event: fc.bigInt(0n, 5n), symbol: fc.constantFrom('A', 'B'), x: value, y: value });
const rows = fc.array(row, { minLength: 1, maxLength: 40 });

const window = fc.constantFrom(1, 2, 3, 7);
const returns = fc.constantFrom('none', 'simple', 'log', 'difference');
const quantile = fc.constantFrom('linear', 'inverted_cdf');

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
type Any = Operator<any>;
const tried: fc.Arbitrary<readonly [Any, object]> = fc.oneof(
  fc.tuple(window, returns, quantile).map(([w, r, q]): readonly [Any, object] => {
    return [
      varOperator,
      { columns: ['x', 'y'], weights: { x: 1e3, y: -2 }, window: w, min_rows: 1, returns: r, quantile: q, confidences: [0.5, 0.999999999] },
    ];
  }),
  fc.tuple(window, returns).map(([w, r]): readonly [Any, object] => [varOperator, { column: 'x', window: w, min_rows: 1, returns: r }]),
  fc.tuple(fc.option(window, { nil: undefined }), fc.constantFrom('none', 'simple')).map(([w, r]): readonly [Any, object] => {
    return [performance, { column: 'x', benchmark: 'y', window: w, min_rows: 1, returns: r }];
  }),
  fc.tuple(window, fc.constantFrom(0, 1, 3)).map(([w, lag]): readonly [Any, object] => {
    return [varBacktest, { var: 'x', realised: 'y', window: w, min_rows: 1, lag }];
  }),
);

/** Everything that is emitted, by port, the places of refused rows counted from the first row of all. */
function emitted(kernel: Kernel, batches: readonly RecordBatch[], restart: (state: Uint8Array[]) => Kernel): Record<string, Row[]> {
  const all: Record<string, Row[]> = { out: [], rejected: [] };
  let [current, from] = [kernel, 0];
  for (const batch of batches) {
    current.push(batch, 'in', (port, out) => {
      for (const found of rowsOf(out)) {
        const { row: place, raw: _, ...cells } = found;
        all[port]?.push(port === 'rejected' ? { ...cells, row: Number(place) + from } : found);
      }
    }, MIN_NS); // biome-ignore format: one step
    from += batch.numRows;
    current = restart(current.snapshot());
  }
  return all;
}

describe('on any numbers', () => {
  it('nothing throws, every row leaves once, every result is finite or null, and restarts between rows change nothing', () => {
    fc.assert(
      fc.property(tried, rows, ([operator, params], given) => {
        const subject = subjectOf(operator, params, { in: SCHEMA });
        const restored = (state: Uint8Array[]): Kernel => {
          const kernel = subject.create();
          kernel.restore(state);
          return kernel;
        };
        const whole = emitted(subject.create(), [batchOf(SCHEMA, given)], restored);
        const split = emitted(subject.create(), given.map((one) => batchOf(SCHEMA, [one])), restored); // biome-ignore format: one step
        expect(split).toEqual(whole);
        expect((whole.out ?? []).length + (whole.rejected ?? []).length).toBe(given.length);
        const added = (whole.out ?? []).flatMap((one) => Object.entries(one).filter(([name]) => !['x', 'y'].includes(name)));
        expect(added.filter(([, cell]) => typeof cell === 'number' && !Number.isFinite(cell))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});

describe('a long run', () => {
  it('ends as one that has seen the last window alone: an outlier of long ago has left no trace', () => {
    const [count, size] = [200_000, 500];
    let state = 3;
    const values = Float64Array.from({ length: count }, () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 8) / 2 ** 23 / 10 - 0.047;
    });
    values[1_000] = 1e60;
    const columns = { x: values, y: values.map((one, i) => one * 0.5 + (values[(i * 7) % count] ?? 0) * 1e-3) };
    columns.y[1_000] = -1e70;
    const tail = { x: columns.x.slice(-size), y: columns.y.slice(-size) };
    const params = { columns: ['x', 'y'], window: size, methods: ['historical', 'gaussian', 'cornish_fisher'], confidences: [0.95, 0.99] };
    const last = ({ x, y }: typeof columns) => {
      const before = batchOfColumns({ x: x.subarray(0, -1), y: y.subarray(0, -1) });
      const kernel = subjectOf(varOperator, params, { in: before.schema }).create();
      kernel.push(before, 'in', () => undefined, MIN_NS);
      return outOf(kernel, batchOfColumns({ x: x.subarray(-1), y: y.subarray(-1) }, x.length - 1))[0] ?? {};
    };
    const [long, short] = [last(columns), last(tail)];
    const names = Object.keys(long).filter((name) => /^(var|es)_/.test(name));
    expect(names).toHaveLength(2 * 3 * 2 * 5);
    for (const name of names) {
      const [a, b] = [Number(long[name]), Number(short[name])];
      expect(Math.abs(a - b), name).toBeLessThanOrEqual(name.includes('historical') ? 0 : 1e-12 * Math.abs(b));
    }
  });
});

describe('parameters that do not fit', () => {
  const fault = (operator: Any, params: object): readonly string[] => {
    try {
      subjectOf(operator, params, { in: SCHEMA });
    } catch (error) {
      if (error instanceof SubjectFault) return error.faults;
    }
    return [];
  };

  it.each([
    ['var', varOperator, { column: 'x', columns: ['x', 'y'] }, /column or columns/],
    ['var', varOperator, { column: 'x', weights: { x: 1 } }, /columns beside weights/],
    ['var', varOperator, { columns: ['x', 'y'], weights: { x: 1 } }, /a weight for each/],
    ['var', varOperator, { column: 'x', contributions: ['component'] }, /columns beside contributions/],
    ['var', varOperator, { column: 'x', window: 5, min_rows: 6 }, /at most window/],
    ['var', varOperator, { column: 'x', confidences: [0.12] }, /confidences/],
    ['var', varOperator, { column: 'x', confidences: [0.99000000001] }, /nine decimals/],
    ['var', varOperator, { column: 'x', confidences: [0.95, 0.95] }, /once/],
    ['var', varOperator, { column: 'z' }, /no column "z"/],
    ['performance', performance, { column: 'x', window: 2, min_rows: 3 }, /at most window/],
    ['var_backtest', varBacktest, { var: 'symbol', realised: 'x' }, /Dictionary/],
  ] as const)('of %s', (_, operator: Any, params: object, message: RegExp) => {
    expect(fault(operator, params).join('; ')).toMatch(message);
  });

  it('a column that is there already is a fault with a way out', () => {
    const schema = new Schema([...SCHEMA.fields, new Field('return', new Float64(), true)]);
    const given = { column: 'x', returns: 'simple' };
    expect(() => subjectOf(varOperator, given, { in: schema })).toThrow(/column-duplicate/);
    expect(() => subjectOf(varOperator, { ...given, as: 'x' }, { in: schema })).not.toThrow();
  });
});
