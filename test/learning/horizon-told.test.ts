import { expect, test } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compile } from '../../graph/plan/compile.ts';

/** What the compiler says of labels and who learns from them, and where. */
function faultsOf(nodes: string): string[] {
  const text = `version: 1
pipelines:
  p:
    sources:
      ticks: { simulate: { symbols: 1 } }
    operators:
      bars: { use: bars, from: ticks, with: { every: 1s } }
${nodes}
    sinks:
      out: { from: guess, print: {} }
`;
  const options = { text, file: '/work/p.yaml', registry: declarations, env: {}, allowPaths: [], allowCode: false };
  const { diagnostics } = compile({ ...options, files: { exists: () => false, read: () => '' } });
  return diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, line, column, length, hint }) => {
      const underlined = (text.split('\n')[line - 1] ?? '').slice(column - 1, column - 1 + length);
      return `${code} at ${underlined}: ${message} (${hint})`;
    });
}

const label = (name: string, horizon: string) => `      ${name}: { use: label, from: bars, with: { horizon: ${horizon}, price: close } }`;
const learn = (labelled: string, horizon: string) =>
  `      guess: { use: learn, from: { in: bars, labelled: ${labelled} }, with: { features: [close], model: logistic${horizon} } }`;

test('labels of another horizon than learn is told are a fault at its horizon, also behind a filter', () => {
  const wrong =
    'param-invalid at 1s: learn asks for labels of 1s, and all that come are of 5m: it would learn from none (Say 5m here, or 1s at the label.)';
  expect(faultsOf(`${label('known', '5m')}\n${learn('known', ', horizon: 1s')}`)).toEqual([wrong]);
  const filtered = '      some: { use: filter, from: known, with: { where: close > 0 } }';
  expect(faultsOf(`${label('known', '5m')}\n${filtered}\n${learn('some', ', horizon: 1s')}`)).toEqual([wrong]);
});

test('the same horizon in other words, none, and labels of several are no fault', () => {
  expect(faultsOf(`${label('known', '1m')}\n${learn('known', ', horizon: 60s')}`)).toEqual([]);
  expect(faultsOf(`${label('known', '5m')}\n${learn('known', '')}`)).toEqual([]);
  expect(faultsOf(`${label('known', '5m')}\n${label('soon', '1s')}\n${learn('[known, soon]', ', horizon: 1s')}`)).toEqual([]);
});
