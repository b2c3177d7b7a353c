/** Characters [from, to) of the expression's text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A literal as written; integers keep every digit, durations are ns. */
export type Literal =
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'null' };

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type Arithmetic = '+' | '-' | '*' | '/' | '%';

/** An expression as it was written, before it knows its columns. */
export type Expression = Span &
  (
    | { readonly node: 'literal'; readonly literal: Literal }
    | { readonly node: 'column'; readonly name: string }
    /** The value of a column `rows` rows before. */
    | { readonly node: 'lag'; readonly name: string; readonly nameSpan: Span; readonly rows: number }
    | { readonly node: 'choose'; readonly when: Expression; readonly then: Expression; readonly otherwise: Expression }
    | { readonly node: 'not' | 'negate'; readonly of: Expression }
    | { readonly node: 'logic'; readonly operator: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
    | { readonly node: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
    | { readonly node: 'arithmetic'; readonly operator: Arithmetic; readonly left: Expression; readonly right: Expression }
    | { readonly node: 'in'; readonly of: Expression; readonly among: readonly Expression[]; readonly negated: boolean }
    | { readonly node: 'is-null'; readonly of: Expression; readonly negated: boolean }
    | { readonly node: 'call'; readonly name: string; readonly nameSpan: Span; readonly args: readonly Expression[] }
  );

/** Why an expression cannot be used, and where. */
export interface ExpressionFault extends Span {
  readonly code: 'expression-syntax' | 'expression-type' | 'column-unknown';
  readonly message: string;
  readonly hint?: string;
}

/** Longest expression, in characters. */
export const MAX_LENGTH = 10_000;
/** Most rows that a lag goes back. */
export const MAX_LAG = 10_000;
/** Deepest tree of an expression; a chain of n operators is n deep. */
export const MAX_DEPTH = 200;
