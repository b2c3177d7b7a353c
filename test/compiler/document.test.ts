// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in a pipeline file

import { describe, expect, it } from 'vitest';
import { createReport } from '../../graph/diagnostics/report.ts';
import { parseDocument } from '../../graph/document/parse.ts';
import { type Document, plain, valueAt } from '../../graph/document/value.ts';

function parse(text: string, env: Record<string, string> = {}) {
  const report = createReport('f.yaml', text);
  const document: Document | null = parseDocument(text, 'f.yaml', env, report.say);
  return {
    document,
    value: document && plain(document.root),
    codes: report.diagnostics().map(({ code }) => code),
    diagnostics: report.diagnostics(),
  };
}

describe('spans', () => {
  it('cover what stands in the file, after a byte order mark and with Windows line ends too', () => {
    const text = '\uFEFFa:\r\n  b: [one, "two"]\r\n';
    const { document } = parse(text);
    const at = document && valueAt(document.root, ['a', 'b', 1]).value.span;
    expect(at && text.slice(at.from, at.to)).toBe('"two"');
  });

  it('go as deep as the path goes in the file', () => {
    const { document } = parse('a: { b: 1 }');
    expect(document && valueAt(document.root, ['a', 'x', 'y'])).toMatchObject({ depth: 1, value: { kind: 'map' } });
  });
});

describe('variables', () => {
  const env = { NAME: 'value', COUNT: '16', EMPTY: '', TRICKY: '{ a: [1, 2] } # no\n- list', OTHER: '${NAME}' };

  it.each([
    ['a: ${NAME}', 'value'],
    ['a: x-${NAME}-y', 'x-value-y'],
    ['a: ${MISSING:-default}', 'default'],
    ['a: ${EMPTY:-default}', 'default'],
    ['a: ${EMPTY}', ''],
    ['a: ${MISSING:-}', ''],
    ['a: ${COUNT}', 16],
    ['a: "${COUNT}"', '16'],
    ['a: ${MISSING:-true}', true],
    ['a: $${NAME}', '${NAME}'],
    ['a: $NAME', '$NAME'],
    ['a: "{ ${NAME} }"', '{ value }'],
  ])('%s', (text, expected) => {
    const { value, codes } = parse(text, env);
    expect(codes).toEqual([]);
    expect(value).toEqual({ a: expected });
  });

  it('never change structure, and are replaced once', () => {
    expect(parse('a: ${TRICKY}\nb: 1', env).value).toEqual({ a: env.TRICKY, b: 1 });
    expect(parse('a: ${OTHER}', env).value).toEqual({ a: '${NAME}' });
  });

  it('are said at their place when they are not set', () => {
    const { diagnostics } = parse('a: 1\nb: "x${MISSING}y"');
    expect(diagnostics).toMatchObject([{ code: 'variable-missing', line: 2, column: 6, length: 10 }]);
  });

  it('do not reach into the prototype of the environment', () => {
    expect(parse('a: ${constructor}').codes).toEqual(['variable-missing']);
  });
});

describe('values', () => {
  it('keep integers beyond 2^53', () => {
    expect(parse('a: 1723161255030314667').value).toEqual({ a: 1723161255030314667n });
  });

  it('write aliases out', () => {
    expect(parse('a: &x { b: 1 }\nc: *x').value).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it('take yes, no, on and off for text', () => {
    expect(parse('a: [yes, no, on, off]').value).toEqual({ a: ['yes', 'no', 'on', 'off'] });
  });

  it.each([
    ['an empty file', '', 'file-empty'],
    ['a comment', '# x', 'file-empty'],
    ['a tab as indentation', 'a:\n\t- b', 'yaml-syntax'],
    ['a tag', 'a: !!binary aGk=', 'yaml-syntax'],
    ['two documents', 'a: 1\n---\nb: 2', 'yaml-documents'],
    ['an alias of itself', 'a: &a [*a]', 'yaml-too-many'],
    ['an alias without an anchor', 'a: *nothing', 'yaml-syntax'],
    ['a key that is a list', '? [a]\n: b', 'key-invalid'],
    ['a key with a meaning in JavaScript', '__proto__: { polluted: true }', 'key-invalid'],
    ['a key twice', 'a: 1\na: 2', 'key-duplicate'],
    ['a file over a mebibyte', `a: ${'x'.repeat(1 << 20)}`, 'file-too-large'],
    ['10 MB', 'a: b\n'.repeat(2_000_000), 'file-too-large'],
    ['nested lists', '['.repeat(100_000), 'yaml-too-deep'],
    ['nested maps', '{a: '.repeat(100_000), 'yaml-too-deep'],
    ['nested block lists', '- '.repeat(100_000), 'yaml-too-deep'],
  ])('%s is a diagnostic', (_, text, code) => {
    const { codes } = parse(text);
    expect(codes).toContain(code);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('say that text which begins with * needs quotes', () => {
    const hints: (string | undefined)[] = [];
    parseDocument('path: *.csv', 'f.yaml', {}, (_code, _span, _message, hint) => hints.push(hint));
    expect(hints).toEqual(['"*" begins an alias in YAML; text that begins with it needs quotes: "*.csv".']);
  });

  it('take many keys in one map', () => {
    const keys = Array.from({ length: 90_000 }, (_, i) => `k${i}: 1`).join('\n');
    expect(Object.keys(parse(keys).value as object)).toHaveLength(90_000);
  });
});
