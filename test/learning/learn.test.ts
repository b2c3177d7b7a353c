import { Bool, Field, Float64, Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { learn } from '../../operators/learn/operator.ts';
import { ORIGIN_FIELD } from '../../operators/learning/columns.ts';
import { type Fed, fed, fedBoth, vectors } from './rows.ts';

const NAMES = ['a', 'b', 'c'];
const features = NAMES.map((name) => new Field(name, new Float64(), true));
const IN = new Schema([COLUMNS.ts_event, ...features]);
const LABELLED = new Schema([
  ...IN.fields,
  ORIGIN_FIELD,
  new Field('label_up', new Bool(), true),
  new Field('label_return', new Float64(), true),
]);
const INPUTS = { in: IN, labelled: LABELLED };

/** Every row predicted, then learnt from. */
function alternating(rows: readonly (readonly number[])[], ups: readonly boolean[], labels: readonly number[]): Fed[] {
  return rows.flatMap((values, i): Fed[] => {
    const given = { ts_event: BigInt(2 * i), ...Object.fromEntries(values.map((value, k) => [NAMES[k] as string, value])) };
    const label = { ts_origin: BigInt(2 * i), label_up: ups[i] as boolean, label_return: labels[i] as number };
    return [
      { port: 'in', row: given },
      { port: 'labelled', row: { ...given, ...label, ts_event: BigInt(2 * i + 1) } },
    ];
  });
}

interface Vectors {
  readonly rows: number[][];
  readonly ups: number[];
  readonly labels: number[];
  readonly models: readonly { readonly params: Readonly<Record<string, unknown>>; readonly said: readonly number[] }[];
}

describe('learn', () => {
  const { rows, ups, labels, models } = vectors<Vectors>('learn.json');
  const tape = alternating(
    rows,
    ups.map((up) => up === 1),
    labels,
  );

  it.each(models.map(({ params, said }) => [JSON.stringify(params), params, said] as const))('%s is that of NumPy', (_, params, said) => {
    const { rate, beta, l1, forgetting, ...shared } = params;
    const own = params.model === 'logistic' ? { rate, beta, l1 } : { forgetting };
    for (const { out = [], scores = [] } of fedBoth(learn, { ...shared, ...own, features: NAMES, warm_up: 0 }, INPUTS, tape)) {
      const column = params.model === 'logistic' ? 'p_up' : 'expected_return';
      const off = said.map((value, i) => Math.abs((out[i]?.[column] as number) - value) / Math.max(1, Math.abs(value)));
      expect(Math.max(...off)).toBeLessThan(1e-9);
      expect(scores.map((row) => row[column])).toEqual(out.map((row) => row[column]));
    }
  });

  /** Rows whose labels follow known coefficients. */
  function generated(count: number): { readonly tape: Fed[]; readonly odds: readonly number[]; readonly means: readonly number[] } {
    let state = 11;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const values = Array.from({ length: count }, () => [normal(), 3 + 10 * normal(), normal() / 100]);
    const odds = values.map(([a = 0, b = 0]) => 0.8 * a - 0.06 * b + 0.4);
    const means = values.map(([a = 0, b = 0, c = 0]) => 0.5 * a - 0.1 * b + 20 * c + 1);
    const up = odds.map((value) => uniform() < 1 / (1 + Math.exp(-value)));
    const returns = means.map((mean) => mean + normal());
    return { tape: alternating(values, up, returns), odds, means };
  }

  it('comes to the coefficients that made the labels, and its loss beats the base rate', () => {
    const { tape: long, odds } = generated(20_000);
    const subject = subjectOf(learn, { model: 'logistic', features: NAMES, score_window: 1_000_000 }, INPUTS);
    const { out = [], scores = [] } = fed(subject.create(), INPUTS, long);
    const last = out.slice(-2_000).map((row) => row.p_up as number);
    const off = last.map((p, i) => Math.abs(p - 1 / (1 + Math.exp(-(odds[18_000 + i] as number)))));
    expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.02);
    const { running_loss, running_gain } = scores.at(-1) ?? {};
    const known = odds.reduce((sum, value) => {
      const p = 1 / (1 + Math.exp(-value));
      return sum - (p * Math.log(p) + (1 - p) * Math.log(1 - p)) / odds.length;
    }, 0);
    expect(running_loss as number).toBeLessThan(known + 0.015);
    expect(running_gain as number).toBeGreaterThan(0.05);
  });

  it('the linear model comes within the noise of 20,000 rows of the true mean', () => {
    const { tape: long, means } = generated(20_000);
    const subject = subjectOf(learn, { model: 'linear', features: NAMES }, INPUTS);
    const { out = [] } = fed(subject.create(), INPUTS, long);
    const off = out.slice(-2_000).map((row, i) => ((row.expected_return as number) - (means[18_000 + i] as number)) ** 2);
    // four coefficients, noise of variance 1: expected squared error 4 / 20,000
    expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThan(0.001);
  });

  it.each(['logistic', 'linear'])('%s: with more features than are summed at once, native and reference agree', (model) => {
    const names = Array.from({ length: 11 }, (_, i) => `f${i}`);
    const wide = new Schema([COLUMNS.ts_event, ...names.map((name) => new Field(name, new Float64(), true))]);
    const inputs = { in: wide, labelled: new Schema([...wide.fields, ...LABELLED.fields.slice(-3)]) };
    const draw = (i: number, k: number) => (((i + 1) * 7919 + k * 104729) % 1009) / 500 - 1;
    const rows = Array.from({ length: 200 }, (_, i): Fed[] => {
      const features = names.map((name, k) => [name, (i + k) % 29 === 0 ? null : draw(i, k) * 10 ** ((k % 3) - 1)] as const);
      const given = { ts_event: BigInt(2 * i), ...Object.fromEntries(features) };
      const label = { ts_event: BigInt(2 * i + 1), ts_origin: BigInt(2 * i), label_up: draw(i, 3) > draw(i, 40), label_return: draw(i, 5) };
      return [
        { port: 'in', row: given },
        { port: 'labelled', row: { ...given, ...label } },
      ];
    }).flat();
    const [native, reference] = fedBoth(learn, { model, features: names, warm_up: 5, missing: 'zero' }, inputs, rows);
    const column = model === 'logistic' ? 'p_up' : 'expected_return';
    const off = (native?.out ?? []).map((row, i) => Math.abs((row[column] as number) - (reference?.out?.[i]?.[column] as number)));
    expect(off.length).toBe(200);
    expect(Math.max(...off)).toBeLessThan(1e-9);
    expect(native?.out?.filter((row) => row[column] !== null).length).toBe(195);
  });

  it('a score counts nothing that was learnt after the prediction was made', () => {
    const subject = subjectOf(learn, { model: 'linear', features: ['a'], warm_up: 0, scale: false }, INPUTS);
    const row = (ns: bigint) => ({ ts_event: ns, a: 1 });
    const labelled = (ns: bigint, origin: bigint) => ({ ...row(ns), ts_origin: origin, label_return: 1 });
    const { scores = [] } = fed(subject.create(), INPUTS, [
      { port: 'in', row: row(1n) },
      { port: 'in', row: row(2n) },
      { port: 'labelled', row: labelled(11n, 1n) },
      { port: 'labelled', row: labelled(12n, 2n) },
      { port: 'labelled', row: labelled(13n, 3n) },
    ]);
    expect(scores.map(({ ts_predicted, expected_return }) => [ts_predicted, expected_return === 0])).toEqual([
      [1n, true],
      [2n, true],
      [13n, false],
    ]);
  });
});
