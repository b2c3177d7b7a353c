import { Bool, Field, Float64, Int32, Int64, type RecordBatch, Schema, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dictionaryOf, timestampNs } from '../../graph/contract/columns.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { check } from '../../operators/expression/check.ts';
import { filter } from '../../operators/filter/operator.ts';
import { select } from '../../operators/select/operator.ts';

const SCHEMA = new Schema([
  new Field('t', timestampNs(), true),
  new Field('w', dictionaryOf('w'), true),
  new Field('s', new Utf8(), false),
  new Field('f', new Float64(), true),
  new Field('g', new Float64(), false),
  new Field('i', new Int64(), true),
  new Field('j', new Int64(), false),
  new Field('k', new Int32(), true),
  new Field('b', new Bool(), true),
]);

const int64 = fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const float = fc.oneof(fc.constantFrom(0, -0, 0.5, -0.5, 1, 2.5, -2.5, Number.NaN, Number.POSITIVE_INFINITY), fc.double());
const text = fc.constantFrom('', 'a', 'b', 'ab', 'ß', '🜁', '\uffff');
const row = fc.record({
  t: fc.option(int64),
  w: fc.option(text),
  s: text,
  f: fc.option(float),
  g: float,
  i: fc.option(int64),
  j: int64,
  k: fc.option(fc.integer()),
  b: fc.option(fc.boolean()),
});

const binary = (arms: fc.Arbitrary<string>, operators: readonly string[]) =>
  fc.tuple(arms, fc.constantFrom(...operators), arms).map(([a, op, b]) => `(${a} ${op} ${b})`);
const call = (arms: fc.Arbitrary<string>, names: readonly string[]) =>
  fc.tuple(fc.constantFrom(...names), arms, arms).map(([name, a, b]) => `${name}(${a}, ${b})`);

/** Expressions of each type, by their text. */
const { number, truth, word } = fc.letrec<{ number: string; truth: string; word: string; time: string }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('f', 'g', 'i', 'j', 'k', '0', '1', '-2', '2.5', '-0.0', '9223372036854775807'),
    binary(tie('number'), ['+', '-', '*', '/', '%']),
    call(tie('number'), ['min', 'max', 'coalesce']),
    fc.tuple(fc.constantFrom('abs', 'floor', 'ceil', 'round', 'sqrt', '-'), tie('number')).map(([name, of]) => `${name}(${of})`),
    binary(tie('time'), ['-']),
    fc.tuple(tie('truth'), tie('number'), tie('number')).map(([when, a, b]) => `(${when} ? ${a} : ${b})`),
  ),
  time: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('t'),
    fc.tuple(tie('time'), fc.constantFrom('+', '-')).map(([t, op]) => `(${t} ${op} 1ms)`),
  ),
  word: fc.oneof({ depthSize: 'small' }, fc.constantFrom('w', 's', "'a'", "'ß'", "''"), call(tie('word'), ['min', 'max', 'coalesce'])),
  truth: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('b', 'true', 'null', "t > '1970-01-01T00:00:00.000000001Z'"),
    binary(tie('number'), ['=', '!=', '<', '<=', '>', '>=']),
    binary(tie('word'), ['=', '!=', '<', '>=']),
    binary(tie('time'), ['=', '<']),
    binary(tie('truth'), ['and', 'or']),
    tie('truth').map((of) => `(not ${of})`),
    fc.tuple(tie('number'), fc.constantFrom('in', 'not in'), tie('number')).map(([a, op, b]) => `(${a} ${op} (1, ${b}, null))`),
    fc.tuple(tie('word'), tie('word')).map(([a, b]) => `(${a} in (${b}, 'a'))`),
    fc.oneof(tie('number'), tie('truth'), tie('word')).map((of) => `(${of} is null)`),
  ),
}));

function emitted(push: (emit: (port: string, batch: RecordBatch) => void) => void): unknown[] {
  const rows: unknown[] = [];
  push((port, batch) => rows.push(...rowsOf(batch).map((r) => ({ port, ...r }))));
  return rows;
}

const RUNS = { numRuns: 600 };

test('select: the native evaluator gives what the reference gives', () => {
  fc.assert(
    fc.property(fc.oneof(number, truth, word), fc.array(row, { minLength: 1, maxLength: 12 }), (expression, rows) => {
      fc.pre('typed' in check(expression, SCHEMA));
      const subject = subjectOf(select, { columns: { x: expression } }, { in: SCHEMA });
      const batch = batchOf(SCHEMA, rows);
      const [native, reference] = [subject.create(), subject.reference?.()].map((kernel) =>
        emitted((emit) => kernel?.push(batch, 'in', emit, 0n)),
      );
      expect(native).toHaveLength(rows.length);
      expect(native).toEqual(reference);
    }),
    RUNS,
  );
});

test('filter: the native evaluator keeps what the reference keeps', () => {
  fc.assert(
    fc.property(truth, fc.array(row, { minLength: 1, maxLength: 12 }), (expression, rows) => {
      fc.pre('typed' in check(expression, SCHEMA, 'bool'));
      const subject = subjectOf(filter, { where: expression }, { in: SCHEMA });
      const batch = batchOf(SCHEMA, rows);
      const [native, reference] = [subject.create(), subject.reference?.()].map((kernel) =>
        emitted((emit) => kernel?.push(batch, 'in', emit, 0n)),
      );
      expect(native).toEqual(reference);
    }),
    RUNS,
  );
});

test('log and exp are those of the C library to the last places but one', () => {
  const subject = subjectOf(select, { columns: { l: 'log(g)', e: 'exp(g)' } }, { in: SCHEMA });
  // Decimal.ln and Decimal.exp of Python to 17 digits, the nearest doubles
  const rows = [0.25, 3, 20].map((g) => ({ j: 0n, g, s: '' }));
  const values = emitted((emit) => subject.create().push(batchOf(SCHEMA, rows), 'in', emit, 0n)) as { l: number; e: number }[];
  const wanted = [
    [-1.3862943611198906, 1.2840254166877414],
    [1.0986122886681098, 20.085536923187668],
    [2.995732273553991, 485165195.4097903],
  ];
  values.forEach(({ l, e }, i) => {
    expect(Math.abs(l / (wanted[i]?.[0] ?? Number.NaN) - 1)).toBeLessThanOrEqual(1e-15);
    expect(Math.abs(e / (wanted[i]?.[1] ?? Number.NaN) - 1)).toBeLessThanOrEqual(1e-15);
  });
});

test('an expression as deep as is allowed is evaluated', () => {
  const subject = subjectOf(select, { columns: { x: `j${' + 0'.repeat(199)}` } }, { in: SCHEMA });
  const rows = [{ j: 7n, g: 1, s: '' }];
  expect(emitted((emit) => subject.create().push(batchOf(SCHEMA, rows), 'in', emit, 0n))).toEqual([{ port: 'out', x: 7n }]);
});
