import { Binary, Bool, Field, Float64, Int64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { dictionaryOf, timestampNs } from '../../graph/contract/columns.ts';
import { check } from '../../operators/expression/check.ts';
import { parse } from '../../operators/expression/parse.ts';
import type { Expression } from '../../operators/expression/syntax.ts';

const SCHEMA = new Schema([
  new Field('ts_event', timestampNs(), false),
  new Field('symbol', dictionaryOf('symbol'), false),
  new Field('price', new Float64(), false),
  new Field('size', new Float64(), true),
  new Field('trade_id', new Int64(), false),
  new Field('final', new Bool(), false),
  new Field('raw', new Binary(), false),
  new Field('odd name', new Int64(), false),
]);

/** The tree with all parentheses. */
function show(e: Expression): string {
  switch (e.node) {
    case 'literal':
      return e.literal.kind === 'text' ? `'${e.literal.value}'` : e.literal.kind === 'null' ? 'null' : String(e.literal.value);
    case 'column':
      return e.name;
    case 'not':
    case 'negate':
      return `(${e.node} ${show(e.of)})`;
    case 'in':
      return `(${show(e.of)}${e.negated ? ' not' : ''} in ${e.among.map(show).join(' ')})`;
    case 'is-null':
      return `(${show(e.of)} is${e.negated ? ' not' : ''} null)`;
    case 'call':
      return `${e.name}(${e.args.map(show).join(' ')})`;
    case 'lag':
      return `${e.name}[${e.rows}]`;
    case 'choose':
      return `(${show(e.when)} ? ${show(e.then)} : ${show(e.otherwise)})`;
    default:
      return `(${show(e.left)} ${e.operator} ${show(e.right)})`;
  }
}

test.each([
  ['a + b * c - d', '((a + (b * c)) - d)'],
  ['a or b and not c = d', '(a or (b and (not (c = d))))'],
  ['not a is null and b', '((not (a is null)) and b)'],
  ['-a * -2 % 3', '(((negate a) * (negate 2)) % 3)'],
  ['a NOT IN (1, -2) OR b Is Not Null', '((a not in 1 (negate 2)) or (b is not null))'],
  ['(a + b) * c', '((a + b) * c)'],
  ['x == \'it\'\'s\' and y <> "a""b"', "((x = 'it's') and (y != 'a\"b'))"],
  ['max(a, `odd name`, 1.5e3, 250ms)', 'max(a odd name 1500 250000000)'],
  ['a > b[1] ? 1 : c ? -d[10000] : e or f', '((a > b[1]) ? 1 : (c ? (negate d[10000]) : (e or f)))'],
  ['(a ? b : c) + max(a, b ? c : d)', '((a ? b : c) + max(a (b ? c : d)))'],
  ['a - b - c / d / e', '((a - b) - ((c / d) / e))'],
])('%s is read as %s', (text, tree) => {
  const parsed = parse(text);
  expect('code' in parsed ? parsed : show(parsed)).toBe(tree);
});

/** Code, and the characters that are underlined. */
const faultsOf = (text: string): string[] => {
  const found = check(text, SCHEMA, 'bool');
  return 'typed' in found ? [] : found.map(({ code, from, to }) => `${code}: ${text.slice(from, to)}`);
};

describe('faults stand where they are', () => {
  test.each([
    ['price > ', ['expression-syntax: ']],
    ['price > 1 1', ['expression-syntax: 1']],
    ['price > 1)', ['expression-syntax: )']],
    ['(price > 1', ['expression-syntax: ']],
    ['price > 1 && true', ['expression-syntax: &']],
    ["symbol = 'BTC", ["expression-syntax: 'BTC"]],
    ['1 < price < 2', ['expression-syntax: <']],
    ['price > 5x', ['expression-syntax: 5x']],
    ['price > 1e999', ['expression-syntax: 1e999']],
    ['trade_id > 9223372036854775808', ['expression-type: 9223372036854775808']],
    ['price in ()', ['expression-syntax: )']],
    ['sinh(price) > 1', ['expression-syntax: sinh']],
    ['log(symbol) > sqrt(ts_event)', ['expression-type: log(symbol)', 'expression-type: sqrt(ts_event)']],
    ['price > price[1]', ['expression-type: price[1]']],
    ['price > price[0]', ['expression-syntax: 0']],
    ['price > price[10001]', ['expression-syntax: 10001']],
    ['price > price[x]', ['expression-syntax: x']],
    ['price > price[1', ['expression-syntax: ']],
    ['price ? 1 : 2', ['expression-type: price']],
    ['final ? price', ['expression-syntax: ']],
    ["final ? price : 'a'", ["expression-type: final ? price : 'a'"]],
    ['abs(price, 1) > 1', ['expression-syntax: abs(price, 1)']],
    ['prise > 1 and sise > 2', ['column-unknown: prise', 'column-unknown: sise']],
    ['price', ['expression-type: price']],
    ['symbol > 5', ['expression-type: symbol > 5']],
    ['symbol + 1 > 5 or not price', ['expression-type: symbol', 'expression-type: price']],
    ['price = null', ['expression-type: null']],
    ['final > true', ['expression-type: final > true']],
    ['abs(symbol) > 1', ['expression-type: abs(symbol)']],
    ["ts_event > 'yesterday'", ["expression-type: 'yesterday'"]],
    ['ts_event > symbol', ['expression-type: symbol']],
    ['ts_event + ts_event > ts_event', ['expression-type: ts_event', 'expression-type: ts_event']],
    ["raw = 'x'", ['expression-type: raw']],
    [`${'('.repeat(300)}true${')'.repeat(300)}`, ['expression-syntax: (']],
    [`${'-'.repeat(9_000)}1 > 0`, ['expression-syntax: -']],
    [`true${' '.repeat(10_000)}`, [`expression-syntax: true${' '.repeat(10_000)}`]],
  ])('%.60s', (text, faults) => {
    expect(faultsOf(text).slice(0, 2)).toEqual(faults);
  });
});

test('a chain too long is one fault', () => {
  const chain = `price > 0${' and price > 0'.repeat(300)}`;
  expect(faultsOf(chain)).toHaveLength(1);
  expect(faultsOf('price > 0 and price > 0')).toEqual([]);
});

test('an unknown column gets the name that was meant and those there are', () => {
  const found = check('trade_ids > 1', SCHEMA);
  expect('typed' in found ? null : found[0]?.hint).toContain('did you mean "trade_id"? there are: ts_event, symbol,');
});

test.each([
  ['price * size', 'float', true],
  ['price * price', 'float', false],
  ['price / price', 'float', true],
  ['trade_id * 2', 'int', true],
  ['trade_id / 2', 'float', true],
  ['trade_id > 2', 'bool', false],
  ['size > 2', 'bool', true],
  ['size is null', 'bool', false],
  ['coalesce(size, 0)', 'float', false],
  ['ts_event - ts_event', 'int', true],
  ['ts_event + 5m', 'time', true],
  ['-9223372036854775808', 'int', false],
  ['min(trade_id, price)', 'float', false],
  ["coalesce(null, 'x')", 'text', false],
] as const)('%s is %s, nullable: %s', (text, type, nullable) => {
  const found = check(text, SCHEMA);
  expect('typed' in found ? found.typed : found).toMatchObject({ type, nullable });
});
