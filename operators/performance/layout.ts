import { type Field, Float64, Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { field, REJECTED_SCHEMA, timestampNs } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { KEY, keysOf, NUMBER, TIME } from '../statistics/columns.ts';
import type { PerformanceParams } from './operator.ts';

/** What the results mean, in the order in which the native kernel writes them. */
const RESULTS = {
  cumulative_return: 'product of 1 + return, less 1',
  annual_return: 'cumulative return as that of a year: (1 + cumulative_return) ^ (periods_per_year / rows) - 1',
  volatility: 'sample deviation of the returns times the root of periods_per_year',
  sharpe: 'mean return above risk_free by the sample deviation',
  sortino: 'mean return above the minimum acceptable one by the downside deviation: root of the mean square of what falls short of it',
  calmar: 'annual_return by max_drawdown',
  drawdown: 'part of the highest level that is lost now, 0 at a peak',
  max_drawdown: 'largest part of a highest level that was lost',
  drawdown_since: 'when the highest level was last reached; null where that was before the first row',
} as const;

const BESIDE = {
  beta: 'covariance with the benchmark by its variance',
  correlation: 'correlation with the benchmark, -1 to 1',
  beta_ewma: 'beta, exponentially weighted, means 0, over all rows',
  correlation_ewma: 'correlation, exponentially weighted, means 0, over all rows',
} as const;

export type ResultName = keyof typeof RESULTS | keyof typeof BESIDE;

/** The input columns that are read. */
export const columnsOf = ({ column, benchmark }: PerformanceParams): readonly string[] => [
  column,
  ...(benchmark === undefined ? [] : [benchmark]),
];

export const minRowsOf = ({ min_rows, window }: PerformanceParams): number => min_rows ?? window ?? 2;

/** The name of an added column. */
export const named = ({ as }: PerformanceParams, name: string): string => (as === undefined ? name : `${as}_${name}`);

function addedFields(params: PerformanceParams): Field[] {
  const described = Object.entries({ ...RESULTS, ...(params.benchmark === undefined ? {} : BESIDE) });
  const results = described.map(([name, description]) =>
    field(named(params, name), name === 'drawdown_since' ? timestampNs() : new Float64(), true, `${description}; null until warm`),
  );
  const own = field(named(params, 'return'), new Float64(), true, 'value / last - 1; null where there is none');
  return [...(params.returns === 'none' ? [] : [own]), ...results];
}

/** The input's columns and after them the results, or null after faults. */
export function performanceSchema(request: SchemaRequest<PerformanceParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const { params } = request;
  const found = [
    request.column('ts_event', TIME),
    request.column(params.column, NUMBER, { path: ['column'] }),
    ...(params.benchmark === undefined ? [] : [request.column(params.benchmark, NUMBER, { path: ['benchmark'] })]),
    ...keysOf(params.by, input).map((name, i) => request.column(name, KEY, { path: ['by', i] })),
  ];
  const added = addedFields(params);
  const twice = added.filter(({ name }) => columnIndex(input, name) >= 0);
  for (const { name } of twice) {
    const hint = 'Give the added columns another name with `as`.';
    request.fault('column-duplicate', `performance adds column "${name}", which the input has already`, { path: ['as'] }, hint);
  }
  if (twice.length > 0 || found.includes(null)) return null;
  return { [MAIN_PORT]: new Schema([...input.fields, ...added]), [REJECTED_PORT]: REJECTED_SCHEMA };
}
