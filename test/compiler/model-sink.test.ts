import { describe, expect, it } from 'vitest';
import { declarations } from '../../cli/registry.ts';
import { compileText, pipeline } from './compiling.ts';

const MODEL = pipeline(`
    sources:
      trades: { simulate: { symbols: 1, quotes: 1 } }
    operators:
      labelled: { use: label, from: trades, with: { horizon: 1s, price: price } }
    sinks:
      guess: { from: labelled, model: { path: m.onnx, features: [price] } }
      shown: { from: labelled, print: {} }
`);

describe('a model that train makes', () => {
  const { diagnostics, plans } = compileText(MODEL, { registry: declarations });

  it('is left out of a run, which says so and names the command', () => {
    expect(diagnostics).toMatchObject([
      {
        severity: 'warning',
        code: 'sink-skipped',
        hint: '"millrace train" makes it.',
        message: expect.stringMatching(/"guess" is left out of a run/),
      },
    ]);
    expect(plans[0]?.sinks.map(({ name }) => name)).not.toContain('guess');
    expect(plans[0]?.skipped).toEqual([{ sink: 'guess', reason: '"millrace train" makes it' }]);
    expect(plans[0]?.outputs.filter(({ kind }) => kind === 'feed').map(({ name }) => name)).toEqual(['feed:labelled.out']);
  });

  it('is there where history is read, without a word', () => {
    const history = compileText(MODEL, { registry: declarations, isHistory: true });
    expect(history.diagnostics).toEqual([]);
    expect(history.plans[0]?.sinks.map(({ name }) => name)).toContain('guess');
    expect(history.plans[0]?.skipped).toEqual([]);
  });

  it('is looked at as closely as ever', () => {
    const faults = compileText(MODEL.replace('[price]', '[prize]'), { registry: declarations }).diagnostics;
    expect(faults.map(({ code }) => code)).toEqual(['sink-schema']);
  });
});
