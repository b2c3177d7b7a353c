import { Bool, Float64, type RecordBatch, Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { type Subject, subjectOf } from '../../graph/test-kit/subject.ts';
import { calibrate } from '../../operators/calibrate/operator.ts';
import { label } from '../../operators/label/operator.ts';
import { learn } from '../../operators/learn/operator.ts';
import { ORIGIN_FIELD } from '../../operators/learning/columns.ts';
import { mood } from '../../operators/mood/operator.ts';

const number = (name: string) => field(name, new Float64(), true, name);
const symbol = field('symbol', dictionaryOf('symbol'), true, 'symbol');
const NEWS = new Schema([COLUMNS.ts_event, symbol, number('sentiment'), number('confidence')]);
const GIVEN = new Schema([COLUMNS.ts_event, symbol, number('x')]);
const LATER = new Schema([...GIVEN.fields, ORIGIN_FIELD, field('label_up', new Bool(), true, 'label')]);

/** Symbols and codes of what leaves each port, by the native kernel and by the reference, each restored once on the way. */
function told(subject: Subject, pushes: readonly (readonly [port: string, rows: readonly Row[]])[]): Record<string, string[]>[] {
  return [subject.create, subject.reference as () => Kernel].map((create) => {
    const found: Record<string, string[]> = {};
    const emit = (port: string, batch: RecordBatch) => {
      found[port] = [...(found[port] ?? []), ...rowsOf(batch).map((row) => String(row.code ?? row.symbol))];
    };
    let kernel = create();
    for (const [port, rows] of pushes) {
      kernel.push(batchOf(subject.inputs[port] as Schema, rows), port, emit, MIN_NS);
      const chunks = kernel.snapshot();
      kernel = create();
      kernel.restore(chunks);
    }
    kernel.advance(100n, 0n, emit);
    return found;
  });
}

test('learn has no more models than it may: rows of other keys are rejected, on both ports', () => {
  const subject = subjectOf(learn, { model: 'logistic', features: ['x'], warm_up: 0, max_keys: 2 }, { in: GIVEN, labelled: LATER });
  const given = (...symbols: (string | null)[]) => symbols.map((one, i) => ({ ts_event: BigInt(i), symbol: one, x: 1 }));
  const later = (...symbols: (string | null)[]) => given(...symbols).map((row) => ({ ...row, ts_origin: 0n, label_up: true }));
  const both = told(subject, [
    ['in', given('A', 'B', 'C', 'A')],
    ['labelled', later('C', 'B')],
    ['in', given(null, 'B')],
  ]);
  for (const found of both)
    expect(found).toEqual({ out: ['A', 'B', 'A', 'B'], scores: ['B'], rejected: ['keys-full', 'keys-full', 'keys-full'] });
});

test('calibrate has no more keys than it may: rows of others are rejected, on both ports', () => {
  const inputs = {
    in: new Schema([COLUMNS.ts_event, symbol, number('expected_return')]),
    labelled: new Schema([COLUMNS.ts_event, symbol, number('expected_return'), ORIGIN_FIELD, number('label_return')]),
  };
  const subject = subjectOf(calibrate, { probability: 'none', drift: 'none', max_keys: 2 }, inputs);
  const given = (...symbols: (string | null)[]) => symbols.map((one, i) => ({ ts_event: BigInt(i), symbol: one, expected_return: 1 }));
  const both = told(subject, [
    ['in', given('A')],
    ['labelled', given('B', 'C').map((row) => ({ ...row, ts_origin: 0n, label_return: 1 }))],
    ['in', given('C', 'B', null, 'A')],
  ]);
  for (const found of both) expect(found).toEqual({ out: ['A', 'B', 'A'], rejected: ['keys-full', 'keys-full', 'keys-full'] });
});

test('label has no more keys than it may: rows of others are rejected, in their place among those that are refused', () => {
  const subject = subjectOf(label, { horizon: '10ns', max_keys: 2 }, { in: new Schema([COLUMNS.ts_event, symbol, number('mid')]) });
  const given = (from: bigint, symbols: string, mid: number) =>
    [...symbols].map((one, i) => ({ ts_event: from + BigInt(i), symbol: one, mid: one === 'X' ? -1 : mid }));
  const both = told(subject, [
    ['in', given(0n, 'XABCXA', 2)],
    ['in', given(10n, 'CABC', 4)],
  ]);
  for (const found of both)
    expect(found).toEqual({
      rejected: ['price-not-positive', 'keys-full', 'price-not-positive', 'keys-full', 'keys-full'],
      out: ['A', 'B'],
      unlabelled: ['A', 'A', 'B'],
    });
});

test('mood has no more symbols than it may', () => {
  const subject = subjectOf(mood, { half_life: '1s', emit: 'row', max_keys: 1 }, { in: NEWS });
  const given = (from: bigint, ...symbols: string[]) =>
    symbols.map((one, i) => ({ ts_event: from + BigInt(i), symbol: one, sentiment: 1, confidence: 1 }));
  for (const found of told(subject, [['in', given(0n, 'A', 'B')], ['in', given(10n, 'B', 'A')]])) // biome-ignore format: one step
    expect(found).toEqual({ out: ['A', 'A'], rejected: ['keys-full', 'keys-full'] });
});
