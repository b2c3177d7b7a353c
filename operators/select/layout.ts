import { Field, type Schema } from 'apache-arrow';
import { isWord } from '../../graph/contract/batch.ts';
import { DESCRIPTION, dictionaryOf } from '../../graph/contract/columns.ts';
import { arrowType } from '../expression/arrow-type.ts';
import { check } from '../expression/check.ts';
import { nearest } from '../expression/nearest.ts';
import type { ExpressionFault } from '../expression/syntax.ts';
import type { Checked } from '../expression/typed.ts';

/** Parameters of `select`. */
export interface SelectParams {
  readonly columns?: Readonly<Record<string, string>> | undefined;
  readonly keep?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly rename?: Readonly<Record<string, string>> | undefined;
}

/** What one output column is made of: an input column as it is, or an expression. */
export type Source = { readonly kind: 'column'; readonly name: string } | { readonly kind: 'expression'; readonly checked: Checked };

export interface OutputColumn {
  readonly field: Field;
  readonly source: Source;
}

/** A fault of the parameters with its path into `with`. */
export type LayoutFault = Omit<ExpressionFault, 'code'> & { readonly code: string; readonly path: readonly (string | number)[] };

/** The output columns in order, or every fault. Input columns that pass come first, computed ones after; an equal name replaces in place. */
export function layout(params: SelectParams, input: Schema): readonly OutputColumn[] | { readonly faults: readonly LayoutFault[] } {
  const faults: LayoutFault[] = [];
  const columns = new Map<string, OutputColumn>();
  for (const [to, from] of passing(params, input, faults)) {
    const field = input.fields.find((f) => f.name === from);
    if (field) columns.set(to, { field: renamed(field, to), source: { kind: 'column', name: from } });
  }
  for (const [name, text] of Object.entries(params.columns ?? {})) {
    const checked = check(text, input);
    if ('typed' in checked) columns.set(name, computed(name, text, checked, input));
    else faults.push(...checked.map((fault) => ({ ...fault, path: ['columns', name] })));
  }
  if (faults.length > 0) return { faults };
  return [...columns.values()];
}

/** Pairs of output and input name of the columns that pass unchanged. */
function passing(params: SelectParams, input: Schema, faults: LayoutFault[]): [string, string][] {
  const names = input.fields.map((f) => f.name);
  const known = (name: string, path: readonly (string | number)[]) => {
    if (names.includes(name)) return true;
    const near = nearest(name, names);
    const hint = `${near === null ? '' : `did you mean "${near}"? `}there are: ${names.join(', ')}`;
    faults.push({ code: 'column-unknown', message: `there is no column "${name}"`, from: 0, to: name.length, path, hint });
    return false;
  };
  const kept = params.keep?.filter((name, i) => known(name, ['keep', i]));
  const dropped = new Set(params.drop?.filter((name, i) => known(name, ['drop', i])));
  const renames = Object.entries(params.rename ?? {}).filter(([to, from]) => known(from, ['rename', to]));
  const newNames = new Map(renames.map(([to, from]) => [from, to]));
  const passes = kept ?? (params.drop || params.rename ? names.filter((name) => !dropped.has(name)) : []);
  const pairs = passes.map((from): [string, string] => [newNames.get(from) ?? from, from]);
  for (const [to, from] of renames) {
    if (!passes.includes(from)) continue;
    if (pairs.filter(([name]) => name === to).length > 1) {
      const path = ['rename', to];
      faults.push({ code: 'column-duplicate', message: `two columns would be named "${to}"`, from: 0, to: from.length, path });
    }
  }
  return pairs;
}

function computed(name: string, text: string, checked: Checked, input: Schema): OutputColumn {
  const { typed } = checked;
  if (typed.op === 'column') {
    const from = checked.columns[0] as string;
    return { field: renamed(input.fields.find((f) => f.name === from) as Field, name), source: { kind: 'column', name: from } };
  }
  const field = new Field(name, arrowType(typed.type), typed.nullable, new Map([[DESCRIPTION, text]]));
  return { field, source: { kind: 'expression', checked } };
}

/** Dictionary ids derive from names, so a renamed word column gets the type of its new name. */
function renamed(field: Field, name: string): Field {
  if (field.name === name) return field;
  return new Field(name, isWord(field.type) ? dictionaryOf(name) : field.type, field.nullable, field.metadata);
}
