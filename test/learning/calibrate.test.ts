import { Bool, Field, Float64, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { calibrate } from '../../operators/calibrate/operator.ts';
import { ORIGIN_FIELD } from '../../operators/learning/columns.ts';
import { type Fed, fed, fedBoth, vectors } from './rows.ts';

const number = (name: string) => new Field(name, new Float64(), true);
const IN = new Schema([COLUMNS.ts_event, number('p_up'), number('expected_return')]);
const LABELLED = new Schema([...IN.fields, ORIGIN_FIELD, new Field('label_up', new Bool(), true), number('label_return')]);
const INPUTS = { in: IN, labelled: LABELLED };
const NONE = { probability: 'none', interval: 'none' };

const labelled = (i: number, row: Row): Fed => ({ port: 'labelled', row: { ts_event: BigInt(i), ...row } });
const asked = (i: number, row: Row): Fed => ({ port: 'in', row: { ts_event: BigInt(i), ...row } });

interface Vectors {
  readonly p: number[];
  readonly ups: number[];
  readonly ask: number[];
  readonly platt: number[];
  readonly isotonic: number[];
  readonly errors: number[];
  readonly bounds: Readonly<Record<string, number | null>>;
}

describe('calibrate', () => {
  const { p, ups, ask, platt, isotonic, errors, bounds } = vectors<Vectors>('calibrate.json');
  const window = { window: p.length, min_rows: p.length };

  it.each([
    ['platt', platt, 1e-6],
    ['isotonic', isotonic, 1e-12],
  ] as const)('%s is that of SciPy or scikit-learn', (probability, expected, tolerance) => {
    const rows = [
      ...p.map((value, i) => labelled(i, { p_up: value, label_up: ups[i] === 1 })),
      ...ask.map((value, i) => asked(1000 + i, { p_up: value })),
    ];
    for (const { out = [] } of fedBoth(calibrate, { ...NONE, ...window, probability }, INPUTS, rows)) {
      const off = out.map((row, i) => Math.abs((row.p_up as number) - (expected[i] as number)));
      expect(off.length).toBe(ask.length);
      expect(Math.max(...off)).toBeLessThan(tolerance);
    }
  });

  it.each(Object.entries(bounds))('bounds that are to hold %s of rows are those of the definition', (coverage, expected) => {
    const rows = [
      ...errors.map((error, i) => labelled(i, { expected_return: 0, label_return: error })),
      asked(1000, { expected_return: 0 }),
    ];
    const params = { ...NONE, ...window, interval: 'split', coverage: Number(coverage) };
    for (const { out = [] } of fedBoth(calibrate, params, INPUTS, rows)) expect(out.map(({ upper }) => upper)).toEqual([expected]);
  });

  const drift = vectors<{ readonly losses: number[]; readonly found: Readonly<Record<string, number[]>> }>('drift.json');

  it.each(Object.entries(drift.found))('%s finds the changes that river finds', (name, expected) => {
    const [kind, delta, threshold] = name.split(' ');
    const rows = drift.losses.map((loss, i) => labelled(i, { expected_return: 0, label_return: loss }));
    const own = threshold === undefined ? {} : { threshold: Number(threshold) };
    const params = { ...NONE, drift: kind, drift_of: 'absolute_error', delta: Number(delta), ...own };
    const { alarms = [] } = fed(subjectOf(calibrate, params, INPUTS).create(), INPUTS, rows);
    expect(alarms.map(({ ts_event }) => Number(ts_event))).toEqual(expected);
    expect(alarms[0]?.code).toBe('loss-rose');
  });

  /** Normal errors whose deviation is `scale(i)`, each row predicted and then labelled. */
  function generated(count: number, scale: (i: number) => number): Fed[] {
    let state = 5;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    return Array.from({ length: count }, (_, i) => {
      const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
      const row = { expected_return: 1 };
      return [asked(2 * i, row), labelled(2 * i + 1, { ...row, ts_origin: BigInt(2 * i), label_return: 1 + normal * scale(i) })];
    }).flat();
  }

  const coverageOf = (params: object, rows: readonly Fed[]): number => {
    const all = { ...NONE, coverage_rows: 10_000, ...params };
    const { out = [] } = fed(subjectOf(calibrate, all, INPUTS).create(), INPUTS, [...rows, asked(1e6, { expected_return: 1 })]);
    return out.at(-1)?.coverage as number;
  };

  it.each([
    ['split', 'symmetric'],
    ['split', 'two_sided'],
    ['adaptive', 'symmetric'],
  ])('%s, %s bounds hold nine tenths of 10,000 rows', (interval, sides) => {
    // four deviations of a share of 10,000: 4 x sqrt(0.09 / 10,000) = 0.012
    expect(
      Math.abs(
        coverageOf(
          { interval, sides },
          generated(10_000, () => 1),
        ) - 0.9,
      ),
    ).toBeLessThan(0.012);
  });

  it('adaptive bounds hold 90 % while errors grow, which split bounds do not', () => {
    const growing = generated(10_000, (i) => 1.0004 ** i);
    expect(Math.abs(coverageOf({ interval: 'adaptive', adapt: 0.02 }, growing) - 0.9)).toBeLessThan(0.012);
    expect(coverageOf({ interval: 'split' }, growing)).toBeLessThan(0.88);
  });

  it('abstains after the loss rose until as many labelled rows have come', () => {
    const said = { p_up: 0.9, expected_return: 1 };
    const rows = Array.from({ length: 200 }, (_, i) => [
      labelled(2 * i, { ...said, label_up: i < 60, label_return: 1 }),
      asked(2 * i + 1, said),
    ]).flat();
    const params = { min_rows: 10, drift: 'page_hinkley', threshold: 5, on_drift: 'abstain', recover_rows: 20 };
    for (const { out = [], alarms = [] } of fedBoth(calibrate, params, INPUTS, rows)) {
      const at = Number(alarms[0]?.rows) - 1;
      expect(alarms[0]?.code).toBe('loss-rose');
      expect(at).toBeGreaterThan(59);
      const given = out.map(({ p_up, expected_return, upper }) => [p_up, expected_return, upper].every((value) => value !== null));
      expect(given.slice(9, at).every(Boolean)).toBe(true);
      expect(given.slice(at, at + 20).some(Boolean)).toBe(false);
      expect(given[at + 20]).toBe(true);
      expect(out[at + 20]?.p_up).toBeLessThan(0.1);
    }
  });
});
