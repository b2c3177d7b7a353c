import { Bool, Field, Float64, Schema, Utf8 } from 'apache-arrow';
import { expect, test } from 'vitest';
import { COLUMNS } from '../../graph/contract/columns.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { calibrate } from '../../operators/calibrate/operator.ts';
import { decide } from '../../operators/decide/operator.ts';
import { label } from '../../operators/label/operator.ts';
import { learn } from '../../operators/learn/operator.ts';

const number = (name: string) => new Field(name, new Float64(), true);
const IN = new Schema([COLUMNS.ts_event, COLUMNS.symbol, number('x')]);
const LABELLED = new Schema([...IN.fields, new Field('label_up', new Bool(), true)]);
const TABLE = new Map([['t.csv', 'venue,symbol,tick_size,lot_size\na,X,1,1\nb,X,1,1\n']]);

/** What is said of parameters and columns. */
// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
function said(operator: Operator<any>, params: object, inputs: Readonly<Record<string, Schema>>, files = TABLE): string {
  try {
    subjectOf(operator, params as Record<string, unknown>, inputs, files).create();
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  }
}

test('learn names every column that is missing, and parameters of the other model', () => {
  const inputs = { in: IN, labelled: LABELLED };
  expect(said(learn, { model: 'logistic', features: ['x'] }, inputs)).toBe('nothing');
  const missing = said(learn, { model: 'linear', features: ['x', 'y'] }, inputs);
  expect(missing).toContain('"y"');
  expect(missing).toContain('"label_return"');
  expect(said(learn, { model: 'linear', features: ['x'], rate: 1, l2: 0 }, inputs)).toMatch(/rate, beta and l1.*at least 1e-6/s);
  expect(said(learn, { model: 'logistic', features: ['x'], forgetting: 0.9 }, inputs)).toContain('forgetting with the linear model only');
  const predicted = new Schema([...IN.fields, number('p_up')]);
  expect(said(learn, { model: 'logistic', features: ['x'] }, { in: predicted, labelled: LABELLED })).toContain('adds column "p_up"');
});

test('calibrate asks for what its parameters use, on both ports', () => {
  const predicted = [...IN.fields, number('p_up')];
  const inputs = { in: new Schema(predicted), labelled: new Schema([...predicted, ...LABELLED.fields.slice(-1)]) };
  expect(said(calibrate, { interval: 'none' }, inputs)).toBe('nothing');
  expect(said(calibrate, {}, inputs)).toMatch(/"expected_return".*"label_return"/s);
  expect(said(calibrate, { interval: 'none', threshold: 3, on_drift: 'abstain' }, inputs)).toMatch(
    /page_hinkley only.*adwin or page_hinkley/s,
  );
});

test('label takes predictions, by a horizon in words and not as a key', () => {
  const price = [COLUMNS.ts_event, COLUMNS.symbol, number('mid')];
  const word = new Field('horizon', new Utf8(), true);
  const of = (params: object, ...more: readonly Field[]) =>
    said(label, { horizon: '1s', ...params }, { in: new Schema([...price, ...more]) });
  expect(of({}, word)).toBe('nothing');
  expect(of({}, number('horizon'))).toContain('"horizon"');
  expect(of({ by: ['symbol', 'horizon'] }, word)).toMatch(/one "horizon", which makes no keys/);
  expect(of({ by: ['horizon'] })).toContain('no column "horizon"');
  expect(of({}, number('label_return'), number('label_up'))).toMatch(/"label_return" already.*"label_up" already/s);
});

test('decide says what is wrong in each rule, and in its table', () => {
  const params = { instruments: 't.csv', account: 'A', price: 'x', buy: 'y > 1', sell: 'x', close: 'x >' };
  const faults = said(decide, params, { in: IN });
  expect(faults).toContain('"y"');
  expect(faults.split(/;|\n/).length).toBeGreaterThan(2);
  const good = { ...params, buy: 'x > 1', sell: 'x < 1', close: 'x = 1' };
  expect(said(decide, good, { in: IN })).toContain('X is listed by two venues');
  expect(said(decide, { ...good, venue: 'b' }, { in: IN })).toBe('nothing');
  expect(said(decide, { ...good, venue: 'c' }, { in: IN })).toContain('no instrument of venue "c"');
});
