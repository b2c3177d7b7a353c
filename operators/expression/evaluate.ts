import type { Typed, TypedOperator } from './typed.ts';

/** A value of one row: bigint for int and time, number, string, boolean, or null. */
export type Value = bigint | number | string | boolean | null;

/** The value of a used column so many rows before. */
export type Before = (column: number, rows: number) => Value;

/** Value of an expression for one row, whose used columns are given in order. The oracle of the native evaluator: slow, plain. */
export function evaluate(e: Typed, row: readonly Value[], before: Before = () => null): Value {
  if (e.op === 'column') return row[e.column] ?? null;
  if (e.op === 'lag') return before(e.column, e.rows);
  if (e.op === 'constant') return (e.type === 'int' || e.type === 'time') && e.value !== null ? BigInt(String(e.value)) : e.value;
  const args = e.args.map((arg) => evaluate(arg, row, before));
  switch (e.op) {
    case 'is_null':
      return args[0] === null;
    case 'coalesce':
      return args.find((a) => a !== null) ?? null;
    case 'and':
      return args.includes(false) ? false : args.includes(null) ? null : true;
    case 'or':
      return args.includes(true) ? true : args.includes(null) ? null : false;
    case 'in':
      return isIn(args);
    case 'choose':
      return args[0] === null ? null : ((args[0] ? args[1] : args[2]) ?? null);
    default:
      return args.includes(null) ? null : ofPresent(e.op, args as Present[]);
  }
}

type Present = Exclude<Value, null>;

function isIn([of, ...among]: readonly Value[]): Value {
  if (of === null || of === undefined) return null;
  if (among.some((a) => a !== null && compare(a, of) === 0)) return true;
  return among.includes(null) ? null : false;
}

/** -1, 0 or 1; NaN where a NaN makes them unordered. Text compares by its UTF-8 bytes. */
function compare(a: Present, b: Present): number {
  if (typeof a === 'string') return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(String(b))));
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.NaN;
  return a < b ? -1 : a > b ? 1 : 0;
}

function ofPresent(op: Exclude<TypedOperator, 'is_null' | 'coalesce' | 'and' | 'or' | 'in' | 'choose'>, args: readonly Present[]): Value {
  const [a, b] = args as [Present, Present];
  switch (op) {
    case 'float':
      return Number(a);
    case 'not':
      return !a;
    case 'eq':
      return compare(a, b) === 0;
    case 'ne':
      return compare(a, b) !== 0;
    case 'lt':
      return compare(a, b) < 0;
    case 'le':
      return compare(a, b) <= 0;
    case 'gt':
      return compare(a, b) > 0;
    case 'ge':
      return compare(a, b) >= 0;
    case 'min':
      return args.reduce((best, x) => (compare(x, best) < 0 ? x : best));
    case 'max':
      return args.reduce((best, x) => (compare(x, best) > 0 ? x : best));
    default:
      return typeof a === 'bigint' ? ofInts(op, a, b as bigint) : ofFloats(op, a as number, b as number);
  }
}

type Numeric =
  | 'negate'
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'remainder'
  | 'abs'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'log'
  | 'exp'
  | 'sqrt';

function ofInts(op: Numeric, a: bigint, b: bigint): Value {
  switch (op) {
    case 'negate':
      return fitting(-a);
    case 'abs':
      return fitting(a < 0n ? -a : a);
    case 'add':
      return fitting(a + b);
    case 'subtract':
      return fitting(a - b);
    case 'multiply':
      return fitting(a * b);
    case 'remainder':
      return b === 0n ? null : a % b;
    default:
      return a;
  }
}

/** Int64 arithmetic without a result is null. */
function fitting(value: bigint): bigint | null {
  return BigInt.asIntN(64, value) === value ? value : null;
}

function ofFloats(op: Numeric, a: number, b: number): Value {
  switch (op) {
    case 'log':
      return a <= 0 ? null : Math.log(a);
    case 'exp':
      return Math.exp(a);
    case 'sqrt':
      return a < 0 ? null : Math.sqrt(a);
    case 'negate':
      return -a;
    case 'abs':
      return Math.abs(a);
    case 'add':
      return a + b;
    case 'subtract':
      return a - b;
    case 'multiply':
      return a * b;
    case 'divide':
      return b === 0 ? null : a / b;
    case 'remainder':
      return b === 0 ? null : a % b;
    case 'floor':
      return Math.floor(a);
    case 'ceil':
      return Math.ceil(a);
    case 'round': {
      const whole = Math.trunc(a);
      return Math.abs(a - whole) >= 0.5 ? whole + Math.sign(a) : whole;
    }
  }
}
