import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CODES } from '../../graph/diagnostics/codes.ts';
import { printDiagnostics } from '../../graph/diagnostics/print.ts';
import { compileText, pipeline } from './compiling.ts';

const VALID = pipeline(`
    tasks: 4
    latency: 50ms
    sources:
      trades: { simulate: { partitions: 4 }, time: { column: ts_event, lateness: 1s } }
      raw: { topic: raw, format: json, schema: { ts_event: timestamp, price: float64 }, watermark: none }
    operators:
      clean: { use: filter, from: trades, with: { where: "price > \${MIN:-0}" } }
      bars: { use: bars, from: clean, with: { every: 1s } }
      both: { use: join, from: { left: bars, right: clean }, order: arrival }
    sinks:
      table: { from: bars, clickhouse: { table: bars } }
      topic: { from: both, topic: out, key: symbol }
      late: { from: bars.late, print: {} }
      raw_out: { from: raw, file: { path: out.ndjson } }
`);

/** Whatever the text: a sorted list of diagnostics inside it, each printable, or plans. */
function holds(text: string): void {
  const { diagnostics, plans, texts } = compileText(text);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors.length > 0).toBe(plans.length === 0);
  const lines = text.split('\n');
  for (const { code, line, column, length, message } of diagnostics) {
    expect(Object.hasOwn(CODES, code)).toBe(true);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
    expect(length).toBeGreaterThanOrEqual(1);
    expect(message).not.toMatch(/undefined|\[object|NaN/);
  }
  const places = diagnostics.map(({ line, column }) => line * 1e7 + column);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing that moves a terminal's cursor may be printed
  expect(printDiagnostics(diagnostics, texts)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
}

const edit = fc.record({
  at: fc.nat({ max: VALID.length - 1 }),
  remove: fc.nat({ max: 12 }),
  insert: fc.oneof(
    fc.constantFrom('{', '}', '[', ']', ':', '\n', '- ', '&a ', '*a', '"', '#', '\t', '${', '~', '!x', '|', 'null', '9'),
    fc.string({ maxLength: 6 }),
  ),
});

const scalar = fc.oneof(
  fc.constantFrom('trades', 'bars', 'bars.late', '1s', '', 'out', 'price > 1', 'arrow', '__proto__'),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true }),
);
const key = fc.constantFrom(
  'use',
  'from',
  'with',
  'topic',
  'print',
  'simulate',
  'file',
  'clickhouse',
  'format',
  'schema',
  'key',
  'time',
  'column',
  'every',
  'where',
  'order',
  'path',
  'in',
  'left',
  'x',
);
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const nodes = fc.dictionary(fc.constantFrom('trades', 'bars', 'clean', 'both', 'a', 'b'), tree, { maxKeys: 4 });

describe('any text', () => {
  it('compiles as it is', () => {
    holds(VALID);
    expect(compileText(VALID).plans).toHaveLength(1);
  });

  it('with random edits gives diagnostics, never a crash', () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        holds(edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), VALID));
      }),
      { numRuns: 400 },
    );
  });

  it('of random characters gives diagnostics, never a crash', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), holds), { numRuns: 300 });
  });

  it('of any structure gives diagnostics, never a crash', () => {
    const file = fc.record({
      version: fc.constant(1),
      pipelines: fc.record({ p: fc.record({ sources: nodes, operators: nodes, sinks: nodes }, { requiredKeys: [] }) }),
    });
    fc.assert(
      fc.property(file, (value) => holds(JSON.stringify(value))),
      { numRuns: 400 },
    );
  });
});
