import { durationNs } from '../../graph/contract/units.ts';
import type { ExpressionFault, Literal, Span } from './syntax.ts';

/** A word, mark or literal of an expression. */
export type Token = Span &
  (
    | { readonly kind: 'literal'; readonly literal: Literal }
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'mark'; readonly mark: string }
    | { readonly kind: 'end' }
  );

const PATTERN = new RegExp(
  [
    '(?<space>\\s+)',
    '(?<number>(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?)(?<suffix>[A-Za-z_]\\w*)?',
    '(?<name>[A-Za-z_]\\w*)',
    '`(?<quoted>[^`]+)`',
    '(?<text>\'(?:[^\']|\'\')*\'|"(?:[^"]|"")*")',
    '(?<mark><=|>=|<>|!=|==|[-+*/%(),=<>?:[\\]])',
  ].join('|'),
  'y',
);

const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'is']);
const SPELLINGS: Readonly<Record<string, string>> = { '==': '=', '<>': '!=' };

/** Cuts an expression into tokens, the last of kind `end`; or the first fault. */
export function scan(text: string): readonly Token[] | ExpressionFault {
  const tokens: Token[] = [];
  let from = 0;
  while (from < text.length) {
    PATTERN.lastIndex = from;
    const match = PATTERN.exec(text);
    if (!match?.groups) return strayCharacter(text, from);
    const to = PATTERN.lastIndex;
    const { space, number, suffix, name, quoted, text: string, mark } = match.groups;
    if (number !== undefined) {
      const literal = numberLiteral(number, suffix);
      if ('message' in literal) return { code: 'expression-syntax', from, to, ...literal };
      tokens.push({ kind: 'literal', literal, from, to });
    } else if (name !== undefined) tokens.push({ ...word(name), from, to });
    else if (quoted !== undefined) tokens.push({ kind: 'name', name: quoted, from, to });
    else if (string !== undefined) {
      const quote = string.slice(0, 1);
      tokens.push({ kind: 'literal', literal: { kind: 'text', value: string.slice(1, -1).replaceAll(quote + quote, quote) }, from, to });
    } else if (mark !== undefined) tokens.push({ kind: 'mark', mark: SPELLINGS[mark] ?? mark, from, to });
    else if (space === undefined) return strayCharacter(text, from);
    from = to;
  }
  tokens.push({ kind: 'end', from: text.length, to: text.length });
  return tokens;
}

function word(name: string): { kind: 'mark'; mark: string } | { kind: 'name'; name: string } | { kind: 'literal'; literal: Literal } {
  const lower = name.toLowerCase();
  if (KEYWORDS.has(lower)) return { kind: 'mark', mark: lower };
  if (lower === 'true' || lower === 'false') return { kind: 'literal', literal: { kind: 'bool', value: lower === 'true' } };
  if (lower === 'null') return { kind: 'literal', literal: { kind: 'null' } };
  return { kind: 'name', name };
}

function numberLiteral(digits: string, suffix: string | undefined): Literal | { message: string; hint?: string } {
  if (suffix !== undefined) {
    const ns = durationNs(digits + suffix);
    if (ns === null)
      return { message: `"${digits}${suffix}" is neither a number nor a duration`, hint: 'durations are written 250ms, 1s, 5m, 1h, 1d' };
    return intLiteral(ns);
  }
  if (/^\d+$/.test(digits)) return intLiteral(BigInt(digits));
  const value = Number(digits);
  return Number.isFinite(value) ? { kind: 'float', value } : { message: `number ${digits} is too large` };
}

/** 2^63 itself is let through: it may stand behind a minus. */
function intLiteral(value: bigint): Literal | { message: string } {
  return value <= 2n ** 63n ? { kind: 'int', value } : { message: `integer ${value} does not fit 64 bits` };
}

function strayCharacter(text: string, from: number): ExpressionFault {
  const char = String.fromCodePoint(text.codePointAt(from) ?? 0);
  if (char === "'" || char === '"') return { code: 'expression-syntax', message: 'text without its closing quote', from, to: text.length };
  const fault = { code: 'expression-syntax', message: `"${char}" means nothing here`, from, to: from + char.length } as const;
  const hint = { '&': 'write "and"', '|': 'write "or"', '!': 'write "not"', '`': 'a column name stands between two backticks' }[char];
  return hint === undefined ? fault : { ...fault, hint };
}
