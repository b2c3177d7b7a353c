import { type Field, Float64, Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { KEY, keysOf, NUMBER, TIME } from '../statistics/columns.ts';
import { percentText } from '../statistics/params.ts';
import type { Contribution, Method, VarParams } from './operator.ts';

const DEFAULT_COLUMN = 'return';

/** The parameters with what follows from them. */
export interface Assets {
  readonly columns: readonly string[];
  readonly weights: readonly number[];
  readonly contributions: readonly Contribution[];
  readonly minRows: number;
  /** Whether the returns are not yet a column of the input. */
  readonly emitReturn: boolean;
}

export function assetsOf(params: VarParams): Assets {
  const columns = params.columns ?? [params.column ?? DEFAULT_COLUMN];
  const share = params.columns ? 1 / columns.length : 1;
  return {
    columns,
    weights: columns.map((name) => params.weights?.[name] ?? share),
    contributions: params.columns ? (params.contributions ?? ['component', 'marginal']) : [],
    minRows: params.min_rows ?? params.window,
    emitReturn: params.columns !== undefined || params.returns !== 'none',
  };
}

/** An added column and what it holds. */
export interface Result {
  readonly name: string;
  readonly method: Method;
  readonly confidence: number;
  readonly of: 'var' | 'es';
  /** Null: of the whole. */
  readonly contribution: { readonly kind: Contribution; readonly asset: number } | null;
}

/** The results of a row in the order in which the native kernel writes them. */
export function resultsOf(params: VarParams): Result[] {
  const { columns, contributions } = assetsOf(params);
  const prefix = params.as === undefined ? '' : `${params.as}_`;
  return params.confidences.flatMap((confidence) =>
    params.methods.flatMap((method) => {
      const stem = (of: string) => `${prefix}${of}_${method}_${percentText(confidence)}`;
      const whole = (['var', 'es'] as const).map((of): Result => ({ name: stem(of), method, confidence, of, contribution: null }));
      const parts = contributions.flatMap((kind) =>
        (['var', 'es'] as const).flatMap((of) =>
          columns.map((column, asset): Result => {
            return { name: `${stem(of)}_${kind}_${column}`, method, confidence, of, contribution: { kind, asset } };
          }),
        ),
      );
      return [...whole, ...parts];
    }),
  );
}

export const returnName = (params: VarParams): string => (params.as === undefined ? 'return' : `${params.as}_return`);

const RETURN_OF: Readonly<Record<VarParams['returns'], string>> = {
  none: 'sum of weight x return',
  simple: 'value / last - 1',
  log: 'ln(value / last)',
  difference: 'value - last',
};

function resultField(result: Result, columns: readonly string[]): Field {
  const { name, method, confidence, of, contribution } = result;
  const measure = of === 'var' ? 'value at risk' : 'expected shortfall';
  const level = `${method.replace('_', '-')}, ${percentText(confidence).replace('_', '.')} %`;
  const part =
    contribution && `${contribution.kind === 'component' ? 'part' : 'derivative by the weight'} of ${columns[contribution.asset]}`;
  return field(
    name,
    new Float64(),
    true,
    `${part ? `${part} in the ` : ''}${measure}, ${level}, as a return: below 0 is a loss; null until warm`,
  );
}

/** The input's columns and after them the results, or null after faults. */
export function varSchema(request: SchemaRequest<VarParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const { params } = request;
  const { columns, emitReturn } = assetsOf(params);
  const found = [
    request.column('ts_event', TIME),
    ...columns.map((name, i) => request.column(name, NUMBER, { path: params.columns ? ['columns', i] : ['column'] })),
    ...keysOf(params.by, input).map((name, i) => request.column(name, KEY, { path: ['by', i] })),
  ];
  const own = field(returnName(params), new Float64(), true, `return of the row: ${RETURN_OF[params.returns]}; null where there is none`);
  const added = [...(emitReturn ? [own] : []), ...resultsOf(params).map((result) => resultField(result, columns))];
  const names = added.map(({ name }) => name);
  const twice = names.filter((name, i) => columnIndex(input, name) >= 0 || names.indexOf(name) < i);
  for (const name of twice) {
    const hint = 'Give the added columns another name with `as`.';
    request.fault('column-duplicate', `var adds column "${name}", which is there already`, { path: ['as'] }, hint);
  }
  if (twice.length > 0 || found.includes(null)) return null;
  return { [MAIN_PORT]: new Schema([...input.fields, ...added]), [REJECTED_PORT]: REJECTED_SCHEMA };
}
