import { type DataType, Field, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { DESCRIPTION } from '../../graph/contract/columns.ts';
import { MAIN_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { arrowType } from '../expression/arrow-type.ts';
import { check } from '../expression/check.ts';
import { compiled } from '../expression/compiled.ts';
import { report } from '../expression/faults.ts';
import { parse } from '../expression/parse.ts';
import type { Expression, ExpressionFault } from '../expression/syntax.ts';
import type { Checked } from '../expression/typed.ts';

/** Parameters of `derive`. */
export interface DeriveParams {
  readonly columns: Readonly<Record<string, string>>;
  readonly by?: readonly string[] | undefined;
  readonly max_keys: number;
}

/** A new column; its expression counts columns of the input and those before it by name. */
export interface Derived {
  readonly field: Field;
  readonly checked: Checked;
}

const DEFAULT_KEYS = ['venue', 'symbol'];
const LAGS = { lags: true };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

/** Key columns: those named, else those of venue and symbol that the input has. */
export function keysOf(params: DeriveParams, input: Schema): readonly string[] {
  return params.by ?? DEFAULT_KEYS.filter((name) => columnIndex(input, name) >= 0);
}

/** Whether any expression asks for rows before. */
export function hasLags(params: DeriveParams): boolean {
  return Object.values(params.columns).some((text) => {
    const parsed = parse(text);
    return !('code' in parsed) && asksBack(parsed);
  });
}

function asksBack(e: Expression): boolean {
  if (e.node === 'lag') return true;
  return Object.values(e).some((part: unknown) =>
    Array.isArray(part) ? part.some(asksBack) : typeof part === 'object' && part !== null && 'node' in part && asksBack(part as Expression),
  );
}

/** Hands the faults of a column's expression to the compiler. */
export function reportAll(faults: readonly ExpressionFault[], column: string, fault: SchemaRequest<DeriveParams>['fault']): void {
  report(faults, ['columns', column], fault);
}

/** The output schema, or null after faults. A column whose expression is faulty is unknown to those after it, and said so only once. */
export function deriveSchema(request: SchemaRequest<DeriveParams>, input: Schema): Readonly<Record<string, Schema>> | null {
  const { params } = request;
  const keys = params.by?.map((name, i) => request.column(name, KEY, { path: ['by', i] })) ?? [];
  let faulty = keys.includes(null);
  const broken = new Set<string>();
  let known = input;
  for (const [name, text] of Object.entries(params.columns)) {
    if (columnIndex(input, name) >= 0) {
      request.fault('column-duplicate', `the input has a column "${name}" already`, { path: ['columns', name] });
      faulty = true;
      continue;
    }
    const checked = check(text, known, undefined, LAGS);
    if ('typed' in checked) known = extended(known, fieldOf(name, text, checked));
    else {
      faulty = true;
      const own = checked.filter((fault) => fault.code !== 'column-unknown' || !broken.has(text.slice(fault.from, fault.to)));
      broken.add(name);
      reportAll(own, name, request.fault);
    }
  }
  return faulty ? null : { [MAIN_PORT]: known };
}

/** The new columns of an accepted node. */
export function derivedColumns(params: DeriveParams, input: Schema): readonly Derived[] {
  let known = input;
  return Object.entries(params.columns).map(([name, text]) => {
    const checked = compiled(text, known, undefined, LAGS);
    const field = fieldOf(name, text, checked);
    known = extended(known, field);
    return { field, checked };
  });
}

function extended(schema: Schema, field: Field): Schema {
  return new Schema([...schema.fields, field]);
}

function fieldOf(name: string, text: string, { typed }: Checked): Field {
  return new Field(name, arrowType(typed.type), typed.nullable, new Map([[DESCRIPTION, text]]));
}
