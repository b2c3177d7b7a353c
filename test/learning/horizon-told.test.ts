import { expect, test } from 'vitest';
import { faultsOfNodes } from '../compiler/nodes.ts';

/** What the compiler says of labels and who learns from them, and where. */
const faultsOf = (...nodes: string[]): string[] =>
  faultsOfNodes(nodes, 'guess').map(({ code, message, underlined, hint }) => `${code} at ${underlined}: ${message} (${hint})`);

const label = (name: string, horizon: string) => `${name}: { use: label, from: bars, with: { horizon: ${horizon}, price: close } }`;
const learn = (labelled: string, horizon: string) =>
  `guess: { use: learn, from: { in: bars, labelled: ${labelled} }, with: { features: [close], model: logistic${horizon} } }`;

test('labels of another horizon than learn is told are a fault at its horizon, also behind a filter', () => {
  const wrong =
    'param-invalid at 1s: learn asks for labels of 1s, and all that come are of 5m: it would learn from none (Say 5m here, or 1s at the label.)';
  expect(faultsOf(label('known', '5m'), learn('known', ', horizon: 1s'))).toEqual([wrong]);
  const filtered = 'some: { use: filter, from: known, with: { where: close > 0 } }';
  expect(faultsOf(label('known', '5m'), filtered, learn('some', ', horizon: 1s'))).toEqual([wrong]);
});

test('the same horizon in other words, none, and labels of several are no fault', () => {
  expect(faultsOf(label('known', '1m'), learn('known', ', horizon: 60s'))).toEqual([]);
  expect(faultsOf(label('known', '5m'), learn('known', ''))).toEqual([]);
  expect(faultsOf(label('known', '5m'), label('soon', '1s'), learn('[known, soon]', ', horizon: 1s'))).toEqual([]);
});
