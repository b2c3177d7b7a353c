import type { TypedOperator, ValueType } from './typed.ts';

/** A function of the expression language. */
export interface ExpressionFunction {
  readonly name: TypedOperator;
  readonly summary: string;
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number];
  /** Types of its arguments, which all have one type; the result has that type too. */
  readonly accepts: readonly ValueType[];
  /** `float`: integers become floats, and where the function has no value the result is null. */
  readonly takes?: 'float';
}

const NUMBERS: readonly ValueType[] = ['int', 'float'];
const ORDERED: readonly ValueType[] = ['int', 'float', 'time', 'text'];

/** Functions by name. Any null argument makes the result null, but for `coalesce`. */
export const FUNCTIONS: ReadonlyMap<string, ExpressionFunction> = new Map(
  (
    [
      { name: 'abs', summary: 'magnitude of a number; null for the smallest int64', arity: [1, 1], accepts: NUMBERS },
      { name: 'min', summary: 'smallest of its arguments', arity: [2, 16], accepts: ORDERED },
      { name: 'max', summary: 'largest of its arguments', arity: [2, 16], accepts: ORDERED },
      { name: 'floor', summary: 'next whole number at or below', arity: [1, 1], accepts: NUMBERS },
      { name: 'ceil', summary: 'next whole number at or above', arity: [1, 1], accepts: NUMBERS },
      { name: 'round', summary: 'nearest whole number, halves away from zero', arity: [1, 1], accepts: NUMBERS },
      { name: 'log', summary: 'natural logarithm; null at or below 0', arity: [1, 1], accepts: NUMBERS, takes: 'float' },
      { name: 'exp', summary: 'e to that power', arity: [1, 1], accepts: NUMBERS, takes: 'float' },
      { name: 'sqrt', summary: 'square root; null below 0', arity: [1, 1], accepts: NUMBERS, takes: 'float' },
      { name: 'coalesce', summary: 'first argument that is not null', arity: [2, 16], accepts: ['int', 'float', 'time', 'text', 'bool'] },
    ] as const satisfies readonly ExpressionFunction[]
  ).map((declared) => [declared.name, declared]),
);
