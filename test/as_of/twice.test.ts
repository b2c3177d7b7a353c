import { Float64, Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { asOf } from '../../operators/as_of/operator.ts';
import { faultsOfNodes } from '../compiler/nodes.ts';

const number = (name: string) => field(name, new Float64(), false, name);

test('a second as_of has an age of its own, under its prefix', () => {
  const [left, quotes, moods] = ['price', 'bid', 'mood'].map((name) => new Schema([COLUMNS.ts_event, COLUMNS.symbol, number(name)]));
  const once = subjectOf(asOf, {}, { left: left as Schema, right: quotes as Schema }).outputs.out as Schema;
  const twice = subjectOf(asOf, { prefix: 'mood_' }, { left: once, right: moods as Schema }).outputs.out as Schema;
  expect(twice.fields.map(({ name }) => name)).toEqual(['ts_event', 'symbol', 'price', 'bid', 'staleness_ns', 'mood', 'mood_staleness_ns']);
});

/** What is said of a third node that joins, by what it joins. */
function faultsOf(node: string): string[] {
  const nodes = [
    'open: { use: select, from: bars, with: { columns: { ts_event: ts_event, symbol: symbol, open: open } } }',
    'once: { use: as_of, from: { left: open, right: bars }, with: { columns: [high] } }',
    'twice: { use: as_of, from: { left: once, right: bars }, with: { columns: [low] } }',
    `last: ${node}`,
  ];
  return faultsOfNodes(nodes, 'last').map(({ code, message, line, hint }) => `${code} ${line}: ${message} (${hint})`);
}

test('where the names clash it is told how they come apart', () => {
  expect(faultsOf('{ use: as_of, from: { left: twice, right: bars }, with: { columns: [close] } }')).toEqual([
    'column-duplicate 11: as_of would have two columns "right_staleness_ns" (Name another "prefix", or fewer "columns".)',
  ]);
  expect(faultsOf('{ use: as_of, from: { left: twice, right: bars }, with: { columns: [close], prefix: close_ } }')).toEqual([]);
  expect(faultsOf('{ use: as_of, from: { left: open, right: once } }')).toEqual([
    'column-duplicate 11: as_of would have two columns "staleness_ns" (No "prefix" stands before it, as the left side has none: leave it out of "columns", or rename it before, with select.)',
  ]);
});
