/** What an expression can hold: int64, float64, truth, text, or an instant in ns since 1970 UTC. */
export type ValueType = 'int' | 'float' | 'bool' | 'text' | 'time';

export type TypedOperator =
  | 'float'
  | 'not'
  | 'negate'
  | 'and'
  | 'or'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'remainder'
  | 'in'
  | 'is_null'
  | 'abs'
  | 'min'
  | 'max'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'coalesce'
  | 'choose'
  | 'log'
  | 'exp'
  | 'sqrt';

/**
 * An expression that fits its columns. It is plain JSON: what the native evaluator is told.
 * Arguments of `add` … `ge`, `in`, `min`, `max` and `coalesce` have one type, and so have those of `choose` after its first, a truth; `float` converts an int.
 */
export type Typed =
  /** `column` counts the columns the expression uses. */
  | { readonly op: 'column'; readonly type: ValueType; readonly nullable: boolean; readonly column: number }
  /** The value of that column `rows` rows before, in the rows of a key; null until there are so many. */
  | { readonly op: 'lag'; readonly type: ValueType; readonly nullable: true; readonly column: number; readonly rows: number }
  /** Integers and instants as decimal digits; null is of the type its place asks for. */
  | { readonly op: 'constant'; readonly type: ValueType; readonly nullable: boolean; readonly value: string | number | boolean | null }
  | { readonly op: TypedOperator; readonly type: ValueType; readonly nullable: boolean; readonly args: readonly Typed[] };

/** A checked expression and the input columns its `column` nodes count. */
export interface Checked {
  readonly typed: Typed;
  readonly columns: readonly string[];
}
