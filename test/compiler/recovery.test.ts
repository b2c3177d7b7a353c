import { describe, expect, it } from 'vitest';
import { compileText } from './compiling.ts';

const said = (text: string) => compileText(text).diagnostics.map(({ line, code }) => `${line} ${code}`);

describe('a misspelt key', () => {
  it('counts as the one it is near, so that what is below it is checked too', () => {
    const text = `version: 1
pipeline:
  p:
    source:
      trades: { flie: trades.ndjson, format: json, schema: { price: float64 }, strat: latest, colour: red }
    operators:
      clean: { use: filter, form: trades, with: { were: price > } }
    sinks:
      shown: { from: clean, prnit: {} }
`;
    expect(said(text)).toEqual([
      '2 key-unknown',
      '4 key-unknown',
      '5 connector-unknown',
      '5 key-unknown',
      '5 key-unknown',
      '7 key-unknown',
      '7 param-unknown',
      '9 connector-unknown',
    ]);
  });

  it('alone is the only fault', () => {
    const text = (top: string, sources: string, file: string, from: string) => `version: 1
${top}:
  p:
    ${sources}: { a: { ${file}: {} } }
    sinks: { m: { ${from}: a, print: {} } }
`;
    expect(said(text('pipelines', 'sources', 'simulate', 'from'))).toEqual([]);
    expect(said(text('pipeline', 'sources', 'simulate', 'from'))).toEqual(['2 key-unknown']);
    expect(said(text('pipelines', 'soruces', 'simulate', 'from'))).toEqual(['4 key-unknown']);
    expect(said(text('pipelines', 'sources', 'simulat', 'from'))).toEqual(['4 connector-unknown']);
    expect(said(text('pipelines', 'sources', 'simulate', 'form'))).toEqual(['5 key-unknown']);
  });

  it('that could be two of them counts as neither, nor does a second one of a kind', () => {
    const text =
      'version: 1\npipelines:\n  p:\n    sources: { a: { simulate: {} } }\n    sink: { m: { from: a, print: {} } }\n    sinkz: {}\n';
    expect(said(text)).toEqual(['5 key-unknown', '6 key-unknown']);
  });
});

describe('a section that cannot be read', () => {
  it.each(['inputs: { a: { simulate: {} } }', 'sources: 5', 'sources:', 'sources: [a]'])(
    '%s gives no faults that only follow',
    (section) => {
      const text = `version: 1\npipelines:\n  p:\n    ${section}\n    operators: { o: { use: pass, from: a } }\n    sinks: { m: { from: o, print: {} } }\n`;
      expect(new Set(said(text).map((fault) => fault.split(' ')[0]))).toEqual(new Set(section.startsWith('inputs') ? ['3', '4'] : ['4']));
    },
  );
});
