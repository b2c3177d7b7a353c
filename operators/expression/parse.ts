import { scan, type Token } from './scan.ts';
import {
  type Arithmetic,
  type Comparison,
  type Expression,
  type ExpressionFault,
  MAX_DEPTH,
  MAX_LAG,
  MAX_LENGTH,
  type Span,
} from './syntax.ts';

/** How tightly an infix binds; `not` stands between `and` and the comparisons, minus above all. */
const BINDING: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  '=': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  in: 4,
  not: 4,
  is: 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};
const NOT_BINDING = 3;
const MINUS_BINDING = 7;
const COMPARISON = 4;

/** Carries a fault out of the recursion; never leaves `parse`. */
class Stop extends Error {
  readonly fault: ExpressionFault;
  constructor(fault: ExpressionFault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** Reads an expression; a fault instead where it is not one. Source of the method: V. R. Pratt, *Top down operator precedence* (1973). */
export function parse(text: string): Expression | ExpressionFault {
  if (text.length > MAX_LENGTH) {
    const message = `expression of ${text.length} characters; at most ${MAX_LENGTH} are read`;
    return { code: 'expression-syntax', message, from: 0, to: text.length };
  }
  const tokens = scan(text);
  if ('code' in tokens) return tokens;
  try {
    return new Parser(tokens).whole();
  } catch (error) {
    if (error instanceof Stop) return error.fault;
    throw error;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#expression();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw this.#unexpected(rest, 'an operator or the end');
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', from: 0, to: 0 };
  }

  #mark(): string | null {
    const token = this.#peek();
    return token.kind === 'mark' ? token.mark : null;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #expect(mark: string): Token {
    const token = this.#take();
    if (token.kind !== 'mark' || token.mark !== mark) throw this.#unexpected(token, `"${mark}"`);
    return token;
  }

  #unexpected(token: Token, wanted: string): Stop {
    const found = token.kind === 'end' ? 'the expression ends' : `"${show(token)}" stands`;
    return new Stop({ code: 'expression-syntax', message: `expected ${wanted} where ${found}`, from: token.from, to: token.to });
  }

  /** `when ? then : otherwise` binds least, and to the right. */
  #expression(): Expression {
    const when = this.#binary(0);
    if (this.#mark() !== '?') return when;
    this.#take();
    const then = this.#expression();
    this.#expect(':');
    const otherwise = this.#expression();
    return { node: 'choose', when, then, otherwise, from: when.from, to: otherwise.to };
  }

  #binary(least: number): Expression {
    if (++this.#depth > MAX_DEPTH) {
      const { from, to } = this.#peek();
      throw new Stop({ code: 'expression-syntax', message: `expression is nested deeper than ${MAX_DEPTH}`, from, to });
    }
    let left = this.#prefix();
    for (let mark = this.#mark(); mark !== null; mark = this.#mark()) {
      const binding = BINDING[mark];
      if (binding === undefined || binding <= least) break;
      left = this.#infix(left, mark, binding);
      if (binding === COMPARISON) this.#refuseChain();
    }
    this.#depth--;
    return left;
  }

  #refuseChain(): void {
    const next = this.#peek();
    if (next.kind !== 'mark' || BINDING[next.mark] !== COMPARISON) return;
    throw new Stop({
      code: 'expression-syntax',
      message: 'comparisons do not chain',
      hint: 'write "a < b and b < c"',
      from: next.from,
      to: next.to,
    });
  }

  #infix(left: Expression, mark: string, binding: number): Expression {
    const token = this.#take();
    const { from } = left;
    if (mark === 'is') {
      const negated = this.#mark() === 'not';
      if (negated) this.#take();
      const word = this.#take();
      if (word.kind !== 'literal' || word.literal.kind !== 'null') throw this.#unexpected(word, '"null"');
      return { node: 'is-null', of: left, negated, from, to: word.to };
    }
    if (mark === 'in' || mark === 'not') {
      if (mark === 'not' && this.#mark() !== 'in') throw this.#unexpected(token, 'an operator');
      if (mark === 'not') this.#take();
      this.#expect('(');
      const { args, to } = this.#list();
      return { node: 'in', of: left, among: args, negated: mark === 'not', from, to };
    }
    const right = this.#binary(binding);
    const span: Span = { from, to: right.to };
    if (mark === 'and' || mark === 'or') return { node: 'logic', operator: mark, left, right, ...span };
    if (binding === COMPARISON) return { node: 'compare', operator: mark as Comparison, left, right, ...span };
    return { node: 'arithmetic', operator: mark as Arithmetic, left, right, ...span };
  }

  #prefix(): Expression {
    const token = this.#take();
    const { from, to } = token;
    if (token.kind === 'literal') return { node: 'literal', literal: token.literal, from, to };
    if (token.kind === 'name') {
      if (this.#mark() === '[') return this.#lag(token.name, { from, to });
      if (this.#mark() !== '(') return { node: 'column', name: token.name, from, to };
      this.#take();
      const list = this.#list();
      return { node: 'call', name: token.name.toLowerCase(), nameSpan: { from, to }, args: list.args, from, to: list.to };
    }
    if (token.kind === 'mark' && token.mark === '(') {
      const inner = this.#expression();
      return { ...inner, from, to: this.#expect(')').to };
    }
    if (token.kind === 'mark' && token.mark === 'not') {
      const of = this.#binary(NOT_BINDING);
      return { node: 'not', of, from, to: of.to };
    }
    if (token.kind === 'mark' && token.mark === '-') {
      const of = this.#binary(MINUS_BINDING);
      return { node: 'negate', of, from, to: of.to };
    }
    throw this.#unexpected(token, 'a value, a column or a function');
  }

  /** What stands in brackets behind a name: how many rows before. */
  #lag(name: string, nameSpan: Span): Expression {
    this.#take();
    const token = this.#take();
    const rows = token.kind === 'literal' && token.literal.kind === 'int' ? token.literal.value : null;
    if (rows === null) throw this.#unexpected(token, 'a number of rows');
    const { to } = this.#expect(']');
    const span = { from: nameSpan.from, to };
    if (rows >= 1n && rows <= BigInt(MAX_LAG)) return { node: 'lag', name, nameSpan, rows: Number(rows), ...span };
    const hint = rows === 0n ? `write "${name}"` : undefined;
    const message = `a lag is 1 to ${MAX_LAG} rows, not ${rows}`;
    throw new Stop({ code: 'expression-syntax', message, ...(hint === undefined ? {} : { hint }), from: token.from, to: token.to });
  }

  /** What stands between parentheses that are open, at least one expression. */
  #list(): { args: Expression[]; to: number } {
    const args = [this.#expression()];
    while (this.#mark() === ',') {
      this.#take();
      args.push(this.#expression());
    }
    return { args, to: this.#expect(')').to };
  }
}

function show(token: Token): string {
  switch (token.kind) {
    case 'mark':
      return token.mark;
    case 'name':
      return token.name;
    case 'literal':
      return token.literal.kind === 'null' ? 'null' : String(token.literal.value);
    case 'end':
      return '';
  }
}
