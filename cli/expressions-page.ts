import { FUNCTIONS } from '../operators/expression/functions.ts';
import { MAX_DEPTH, MAX_LAG, MAX_LENGTH } from '../operators/expression/syntax.ts';
import { markdownTable, page } from './pages.ts';

const OPERATORS = [
  [
    '`when ? a : b`',
    '`a` where `when` is true, `b` where it is false, null where it is null; `a ? b : c ? d : e` is `a ? b : (c ? d : e)`',
  ],
  ['`or`', 'null unless one side is true or both are known'],
  ['`and`', 'null unless one side is false or both are known'],
  ['`not`', ''],
  ['`=`, `!=`, `<`, `<=`, `>`, `>=`', 'do not chain; text in order of its UTF-8 bytes; a NaN differs from everything and is in no order'],
  ['`in (a, b)`, `not in (a, b)`', 'as tightly; null where nothing is equal and something is null'],
  ['`is null`, `is not null`', 'as tightly; never null'],
  ['`+`, `-`', 'also instant - instant (ns), instant + and - duration'],
  ['`*`, `/`, `%`', '`/` always gives a number with a fraction; a division by 0 is null'],
  ['`-` before a value', ''],
] as const;

const VALUES = [
  ['column', '`price`, or between backticks where the name is not plain: `` `odd name` ``'],
  [
    'row before',
    `\`close[1]\`, to \`close[${MAX_LAG}]\`: in \`derive\` only; the value of a number, instant or truth so many rows of the key before, null until there are so many`,
  ],
  ['number', '`1`, `2.5`, `1e6`; whole ones are int64, beside one with a fraction they become one'],
  ['duration', '`250ms`, `1s`, `5m`: ns, int64'],
  ['text, truth, nothing', "`'buy'`, `true`, `false`, `null`"],
  ['instant', "`'2024-08-08T00:00:00Z'` beside a column of instants"],
] as const;

/** `docs/expressions.md`: the language of `filter`, `select` and `derive`. */
export function expressionsPage(): string {
  const functions = [...FUNCTIONS.values()].map(({ name, summary, arity: [least, most] }) => [
    `\`${name}\``,
    least === most ? `${least}` : `${least} to ${most}`,
    summary,
  ]);
  return page(
    '# Expressions',
    `The language of \`filter\`, \`select\` and \`derive\`: a value a row. At most ${MAX_LENGTH} characters, ${MAX_DEPTH} levels deep. Types are checked before
anything runs, with the place of each fault inside the text. In a flow map, \`{ a: … }\`, put it in quotes where it has brackets, commas or a colon.`,
    'Null is "not known": an operand that is null makes the result null, but for those that say otherwise. So does what has no result: a division by 0, an int64 that overflows, a function outside its domain. Numbers with a fraction are Float64: infinities and NaNs go on as IEEE 754 says.',
    '## Values',
    markdownTable(['value', 'written'], VALUES),
    '## Operators',
    'From what binds least to what binds most.',
    markdownTable(['operator', 'meaning'], OPERATORS),
    '## Functions',
    markdownTable(['function', 'arguments', 'value'], functions),
  );
}
