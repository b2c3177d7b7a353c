import { describe, expect, it } from 'vitest';
import { declarations as registry } from '../../cli/registry.ts';
import { compileText } from './compiling.ts';

const hints = (columns: string, every = '1m') =>
  compileText(
    `version: 1
pipelines:
  p:
    sources:
      trades: { file: trades.ndjson, format: json, schema: { columns: ${columns} }, time: ts_event, key: symbol }
    operators:
      minutes: { use: bars, from: trades, with: { every: ${every} } }
    sinks:
      shown: { from: minutes, print: {} }
`,
    { registry },
  ).diagnostics.map(({ message, hint }) => [message, hint]);

describe('an expression', () => {
  it.each(['filter, with: { where: price > }', 'select, with: { columns: { a: price * } }'])(
    'of %s is read though its columns are not known',
    (use) => {
      const text = `version: 1\npipelines:\n  p:\n    sources: { a: { nothing: {} } }\n    operators:\n      o: { from: a, use: ${use} }\n    sinks: { m: { from: o, print: {} } }\n`;
      const { diagnostics } = compileText(text, { registry });
      expect(diagnostics.map(({ line, code }) => `${line} ${code}`)).toEqual(['4 connector-unknown', '6 expression-syntax']);
    },
  );
});

const WITH = '{ ts_event: {}, symbol: {}, price: {}, size: {}, more: ';

describe('what is written as elsewhere is met with how it is written here', () => {
  it.each([
    ['string', 'Text is utf8; of few different values, such as symbols, dictionary.'],
    ['number', 'Write float64, or int64 for whole numbers.'],
    ['date', 'Write { type: timestamp, zone: utc }, which takes a date alone as its midnight in UTC.'],
    ['int', 'Write int64, or int32.'],
    ['double', 'Write float64.'],
    ['symbol', 'Write dictionary: text of few different values.'],
  ])('type %s', (type, hint) => {
    expect(hints(`${WITH}${type} }`)).toEqual([[expect.stringContaining(`is "${type}", expected float64, int64`), hint]]);
    expect(hints(`${WITH}{ type: ${type} } }`)).toEqual([[expect.stringContaining(`is "${type}", expected float64, int64`), hint]]);
  });

  it('a zone that is a place', () => {
    expect(hints(`${WITH}{ type: timestamp, zone: Europe/Berlin } }`)).toEqual([
      [
        expect.stringMatching(/zone" of schema of source "trades" is "Europe\/Berlin", expected utc$/),
        'Only utc is understood; else write the offset in the text: 2024-08-08T13:30:00+02:00.',
      ],
    ]);
  });

  it.each([
    ['1min', 'Write 1m.'],
    ['3 days', 'Write 3d.'],
    ['2 weeks', 'Write 14d.'],
    ['60', 'Say its unit: 60s, 60m or 60ms.'],
    ['"60"', 'Say its unit: 60s, 60m or 60ms.'],
    ['soon', undefined],
  ])('duration %s', (every, hint) => {
    const [[message, given] = [], ...others] = hints('[ts_event, symbol, price, size]', every);
    expect([message, given, others]).toEqual([expect.stringContaining('"every" of operator "bars"'), hint, []]);
  });

  it.each(['int32', 'int64'])('a size that is %s', (type) => {
    expect(hints(`{ ts_event: {}, symbol: {}, price: {}, size: ${type} }`)).toEqual([
      [expect.stringContaining('needs column "size"'), expect.stringMatching(/^Declare it float64 under "schema:" of its source\. /)],
    ]);
  });
});
