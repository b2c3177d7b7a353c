import { type DataType, type Schema, Type } from 'apache-arrow';
import { instantNs } from '../../graph/contract/units.ts';
import { FUNCTIONS } from './functions.ts';
import { nearest } from './nearest.ts';
import { parse } from './parse.ts';
import { type Arithmetic, type Comparison, type Expression, type ExpressionFault, MAX_DEPTH, type Span } from './syntax.ts';
import type { Checked, Typed, TypedOperator, ValueType } from './typed.ts';

const COMPARE: Readonly<Record<Comparison, TypedOperator>> = { '=': 'eq', '!=': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' };
const ARITHMETIC: Readonly<Record<Arithmetic, TypedOperator>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'remainder',
};
const SHOWN: Readonly<Record<ValueType, string>> = {
  int: 'an integer',
  float: 'a number',
  bool: 'true or false',
  text: 'text',
  time: 'an instant',
};

/** Type of a column in expressions, or null when expressions cannot use it. */
export function valueType(type: DataType): ValueType | null {
  switch (type.typeId) {
    case Type.Int:
      return 'int';
    case Type.Float:
      return 'float';
    case Type.Bool:
      return 'bool';
    case Type.Utf8:
    case Type.Dictionary:
      return 'text';
    case Type.Timestamp:
      return 'time';
    default:
      return null;
  }
}

/** Where an expression stands: only some operators know rows before. */
export interface CheckOptions {
  readonly lags: boolean;
}

/** Parses and type-checks an expression against the columns of a schema; all its faults instead where it has some. */
export function check(
  text: string,
  schema: Schema,
  wanted?: ValueType,
  options: CheckOptions = { lags: false },
): Checked | readonly ExpressionFault[] {
  const expression = parse(text);
  if ('code' in expression) return [expression];
  const checker = new Checker(schema, options);
  const typed = checker.check(expression, 0);
  if (typed && wanted !== undefined) checker.wants(typed, wanted, expression);
  return typed && checker.faults.length === 0 ? { typed: checker.settled(typed, wanted), columns: checker.columns } : checker.faults;
}

/** A typed expression, or a bare `null` that takes the type of its place. */
type Draft = Typed | 'null';

class Checker {
  readonly faults: ExpressionFault[] = [];
  readonly columns: string[] = [];
  readonly #schema: Schema;
  readonly #options: CheckOptions;

  constructor(schema: Schema, options: CheckOptions) {
    this.#schema = schema;
    this.#options = options;
  }

  /** Null after recording a fault. */
  check(e: Expression, depth: number): Draft | null {
    if (depth > MAX_DEPTH) return this.#tooDeep(e);
    const inner = (of: Expression) => this.check(of, depth + 1);
    switch (e.node) {
      case 'literal':
        return this.#literal(e, false);
      case 'column':
        return this.#column(e.name, e);
      case 'lag':
        return this.#lag(e);
      case 'choose':
        return this.#choose(inner(e.when), inner(e.then), inner(e.otherwise), e);
      case 'negate':
        return e.of.node === 'literal' ? this.#literal(e.of, true) : this.#negate(inner(e.of), e.of);
      case 'not': {
        const of = this.#bool(inner(e.of), e.of);
        return of && node('not', 'bool', [of]);
      }
      case 'logic': {
        const left = this.#bool(inner(e.left), e.left);
        const right = this.#bool(inner(e.right), e.right);
        return left && right && node(e.operator, 'bool', [left, right]);
      }
      case 'compare':
        return this.#compare(e.operator, inner(e.left), inner(e.right), e);
      case 'arithmetic':
        return this.#arithmetic(e.operator, inner(e.left), inner(e.right), e);
      case 'in': {
        const drafts = [e.of, ...e.among].map(inner);
        const args = this.#alike(drafts, [e.of, ...e.among], '"in"', e);
        return args && maybeNot(node('in', 'bool', args), e.negated);
      }
      case 'is-null': {
        const of = inner(e.of);
        return of && maybeNot({ op: 'is_null', type: 'bool', nullable: false, args: [this.settled(of, undefined)] }, e.negated);
      }
      case 'call':
        return this.#call(e.name, e.nameSpan, e.args, e.args.map(inner), e);
    }
  }

  wants(draft: Draft, wanted: ValueType, span: Span): void {
    if (draft !== 'null' && draft.type !== wanted) {
      this.#fault('expression-type', `the expression gives ${SHOWN[draft.type]}, not ${SHOWN[wanted]}`, span);
    }
  }

  /** A bare null becomes a null of the given type, truth when nothing asks for one. */
  settled(draft: Draft, type: ValueType | undefined): Typed {
    return draft === 'null' ? { op: 'constant', type: type ?? 'bool', nullable: true, value: null } : draft;
  }

  #fault(code: ExpressionFault['code'], message: string, { from, to }: Span, hint?: string): null {
    this.faults.push({ code, message, from, to, ...(hint === undefined ? {} : { hint }) });
    return null;
  }

  /** Recorded once: the parts of a tree that is too deep all are. */
  #tooDeep(span: Span): null {
    const message = `expression is nested deeper than ${MAX_DEPTH}`;
    return this.faults.some((fault) => fault.message === message) ? null : this.#fault('expression-syntax', message, span);
  }

  #literal(e: Expression & { node: 'literal' }, negative: boolean): Draft | null {
    const { literal } = e;
    if (literal.kind === 'null') return negative ? this.#fault('expression-type', 'null has no negative', e) : 'null';
    if (literal.kind === 'int') {
      const value = negative ? -literal.value : literal.value;
      if (value > 2n ** 63n - 1n) return this.#fault('expression-type', `integer ${value} does not fit 64 bits`, e);
      return constant('int', value.toString());
    }
    if (literal.kind === 'float') return constant('float', negative ? -literal.value : literal.value);
    return negative ? this.#fault('expression-type', `${SHOWN[literal.kind]} has no negative`, e) : constant(literal.kind, literal.value);
  }

  #column(name: string, span: Span): Typed | null {
    const field = this.#schema.fields.find((f) => f.name === name);
    if (!field) {
      const names = this.#schema.fields.map((f) => f.name);
      const near = nearest(name, names);
      const hint = near === null ? `there are: ${names.join(', ')}` : `did you mean "${near}"? there are: ${names.join(', ')}`;
      return this.#fault('column-unknown', `there is no column "${name}"`, span, hint);
    }
    const type = valueType(field.type);
    if (type === null) return this.#fault('expression-type', `column "${name}" is ${field.type}, which expressions cannot use`, span);
    const known = this.columns.indexOf(name);
    const column = known < 0 ? this.columns.push(name) - 1 : known;
    return { op: 'column', type, nullable: field.nullable, column };
  }

  #lag(e: Expression & { node: 'lag' }): Typed | null {
    if (!this.#options.lags) {
      return this.#fault('expression-type', `rows before are not known here`, e, 'derive adds columns of rows before, such as close[1]');
    }
    const column = this.#column(e.name, e.nameSpan);
    if (column?.op !== 'column') return null;
    if (column.type === 'text') return this.#fault('expression-type', 'a lag is of numbers, instants or truth, not of text', e);
    return { op: 'lag', type: column.type, nullable: true, column: column.column, rows: e.rows };
  }

  #choose(when: Draft | null, then: Draft | null, otherwise: Draft | null, e: Expression & { node: 'choose' }): Typed | null {
    const truth = this.#bool(when, e.when);
    const arms = this.#alike([then, otherwise], [e.then, e.otherwise], '"? :"', e);
    if (!truth || !arms) return null;
    return node('choose', (arms[0] as Typed).type, [truth, ...arms]);
  }

  #bool(draft: Draft | null, span: Span): Typed | null {
    if (draft === null) return null;
    if (draft === 'null') return this.settled(draft, 'bool');
    return draft.type === 'bool' ? draft : this.#fault('expression-type', `expected true or false, this is ${SHOWN[draft.type]}`, span);
  }

  #number(draft: Draft | null, span: Span): Typed | null {
    if (draft === null) return null;
    if (draft === 'null') return this.settled(draft, 'int');
    return isNumber(draft.type) ? draft : this.#fault('expression-type', `expected a number, this is ${SHOWN[draft.type]}`, span);
  }

  #negate(draft: Draft | null, span: Span): Typed | null {
    const of = this.#number(draft, span);
    return of && { ...node('negate', of.type, [of]), nullable: of.nullable || of.type === 'int' };
  }

  #compare(operator: Comparison, left: Draft | null, right: Draft | null, e: Expression & { node: 'compare' }): Typed | null {
    if (e.left.node === 'literal' && e.left.literal.kind === 'null') this.#againstNull(e, e.left);
    else if (e.right.node === 'literal' && e.right.literal.kind === 'null') this.#againstNull(e, e.right);
    const args = this.#alike([left, right], [e.left, e.right], `"${operator}"`, e);
    if (args?.[0]?.type === 'bool' && operator !== '=' && operator !== '!=') {
      return this.#fault('expression-type', `true and false have no order for "${operator}"`, e);
    }
    return args && node(COMPARE[operator], 'bool', args);
  }

  #againstNull(e: Expression & { node: 'compare' }, span: Span): void {
    const hint = e.operator === '!=' ? 'write "is not null"' : 'write "is null"';
    this.#fault('expression-type', `a comparison with null is never true`, span, hint);
  }

  #arithmetic(operator: Arithmetic, left: Draft | null, right: Draft | null, e: Expression & { node: 'arithmetic' }): Typed | null {
    if (left && right && left !== 'null' && right !== 'null') {
      const shift = timeArithmetic(operator, left, right);
      if (shift) return shift;
    }
    const a = this.#number(left, e.left);
    const b = this.#number(right, e.right);
    if (!a || !b) return null;
    const float = operator === '/' || a.type === 'float' || b.type === 'float';
    const args = float ? [toFloat(a), toFloat(b)] : [a, b];
    // float + - * always have a result (IEEE 754); integers may overflow, and nothing divides by zero
    const total = float && operator !== '/' && operator !== '%';
    const typed = node(ARITHMETIC[operator], float ? 'float' : 'int', args);
    return { ...typed, nullable: typed.nullable || !total };
  }

  /** All of one type: ints become floats beside floats, text literals instants beside instants. */
  #alike(drafts: readonly (Draft | null)[], spans: readonly Span[], who: string, whole: Span): Typed[] | null {
    const typed = drafts.filter((d): d is Typed => d !== null && d !== 'null');
    if (drafts.includes(null)) return null;
    const types = new Set(typed.map((t) => t.type));
    const settled = drafts.map((d) => this.settled(d as Draft, typed[0]?.type));
    if (types.size <= 1) return settled;
    if (types.size === 2 && types.has('int') && types.has('float')) return settled.map(toFloat);
    if (types.size === 2 && types.has('time') && types.has('text')) {
      const instants = settled.map((t, i) => {
        const isNull = t.op === 'constant' && t.value === null;
        return t.type === 'time' || isNull ? asType(t, 'time') : this.#instant(t, spans[i] ?? whole);
      });
      return instants.every((t) => t !== null) ? instants : null;
    }
    const names = [...types].map((type) => SHOWN[type]).join(' and ');
    return this.#fault('expression-type', `${who} cannot take ${names} together`, whole);
  }

  #instant(text: Typed, span: Span): Typed | null {
    if (text.op !== 'constant') return this.#fault('expression-type', 'an instant cannot be compared with a text column', span);
    const ns = instantNs(String(text.value));
    if (ns === null) {
      return this.#fault('expression-type', `"${text.value}" is not an instant`, span, 'instants are written 2024-08-08T00:00:00Z');
    }
    return constant('time', ns.toString());
  }

  #call(name: string, nameSpan: Span, spans: readonly Span[], drafts: readonly (Draft | null)[], whole: Span): Typed | null {
    const declared = FUNCTIONS.get(name);
    if (!declared) {
      const near = nearest(name, FUNCTIONS.keys());
      const hint = near === null ? `there are: ${[...FUNCTIONS.keys()].join(', ')}` : `did you mean "${near}"?`;
      return this.#fault('expression-syntax', `there is no function "${name}"`, nameSpan, hint);
    }
    const [least, most] = declared.arity;
    if (drafts.length < least || drafts.length > most) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      return this.#fault('expression-syntax', `"${name}" takes ${wanted} arguments, not ${drafts.length}`, whole);
    }
    const given = this.#alike(drafts, spans, `"${name}"`, whole);
    const type = given?.[0]?.type;
    if (!given || type === undefined) return null;
    if (declared.takes === 'float' && (isNumber(type) || drafts[0] === 'null')) {
      const typed = node(declared.name, 'float', given.map((arg) => toFloat(drafts[0] === 'null' ? asType(arg, 'float') : arg))); // biome-ignore format: one step
      return { ...typed, nullable: typed.nullable || name !== 'exp' };
    }
    const args = given;
    if (!declared.accepts.includes(type)) return this.#fault('expression-type', `"${name}" does not take ${SHOWN[type]}`, whole);
    const typed = node(declared.name, type, args);
    if (name === 'coalesce') return { ...typed, nullable: args.every((a) => a.nullable) };
    return { ...typed, nullable: typed.nullable || (name === 'abs' && type === 'int') };
  }
}

const isNumber = (type: ValueType): boolean => type === 'int' || type === 'float';

function node(op: TypedOperator, type: ValueType, args: readonly Typed[]): Extract<Typed, { args: readonly Typed[] }> {
  return { op, type, nullable: args.some((a) => a.nullable), args };
}

function constant(type: ValueType, value: string | number | boolean): Typed {
  return { op: 'constant', type, nullable: false, value };
}

function maybeNot(typed: Typed, negated: boolean): Typed {
  return negated ? node('not', 'bool', [typed]) : typed;
}

function toFloat(typed: Typed): Typed {
  if (typed.type === 'float') return typed;
  if (typed.op === 'constant') return { ...typed, type: 'float', value: typed.value === null ? null : Number(typed.value) };
  return node('float', 'float', [typed]);
}

function asType(typed: Typed, type: ValueType): Typed {
  return typed.type === type ? typed : { ...typed, type };
}

/** Instant - instant is int (ns), instant +/- int is an instant; null when it is neither. */
function timeArithmetic(operator: Arithmetic, left: Typed, right: Typed): Typed | null {
  const op = ARITHMETIC[operator];
  const shape = `${left.type} ${operator} ${right.type}`;
  if (shape === 'time - time') return { ...node(op, 'int', [left, right]), nullable: true };
  if (shape === 'time + int' || shape === 'time - int' || shape === 'int + time')
    return { ...node(op, 'time', [left, right]), nullable: true };
  return null;
}
