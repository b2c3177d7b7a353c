import { expect, test } from 'vitest';
import { faultsOfNodes } from '../compiler/nodes.ts';

/** Where a fault is underlined, and its hint. */
const faultsOf = (node: string): string[] =>
  faultsOfNodes([`made: ${node}`], 'made').map(({ code, underlined, hint }) => `${code}: ${underlined}${hint ? ` (${hint})` : ''}`);

test.each([
  ['{ use: derive, from: bars, with: { columns: { a: "close / close[1] - 1", b: "a[2] > 0 ? 1 : -1" } } }', []],
  [
    '{ use: derive, from: bars, with: { columns: { a: "clse[1]", b: "a + 1", c: "a + clos" } } }',
    ['column-unknown: clse', 'column-unknown: clos'],
  ],
  ['{ use: derive, from: bars, with: { columns: { close: "open" } } }', ['column-duplicate: "open"']],
  ['{ use: derive, from: bars, with: { columns: { a: "b + 1", b: "close[0]" } } }', ['column-unknown: b', 'expression-syntax: 0']],
  ['{ use: derive, from: bars, with: { columns: { a: "symbol[1]" } } }', ['expression-type: symbol[1]']],
  ['{ use: derive, from: bars, with: { columns: { a: "a[1] + 1" } } }', ['column-unknown: a']],
  ['{ use: derive, from: bars, with: { columns: { a: "close[1]" }, by: [symbl] } }', ['column-unknown: symbl']],
  [
    '{ use: filter, from: bars, with: { where: "close > close[1]" } }',
    ['expression-type: close[1] (derive adds columns of rows before, such as close[1])'],
  ],
  [
    '{ use: label, from: bars, with: { horizon: 1s, price: close, max_age: 1s } }',
    ["param-invalid: 1s (the row's own price is as old then: take less than 1s)"],
  ],
  ['{ use: label, from: bars, with: { horizon: 1s, price: symbol } }', ['column-type: symbol']],
])('%s', (node, faults) => {
  const found = faultsOf(node);
  expect(found).toHaveLength(faults.length);
  for (const [i, fault] of faults.entries()) expect(found[i]?.startsWith(fault), found[i]).toBe(true);
});
