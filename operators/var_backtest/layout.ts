import { Bool, type DataType, Float64, Int64, Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { KEY, keysOf, NUMBER, TIME } from '../statistics/columns.ts';
import type { VarBacktestParams } from './operator.ts';

const number = () => new Float64();

/** The added columns in the order in which the native kernel writes them. */
const RESULTS: readonly (readonly [name: string, type: (name: string) => DataType, description: string])[] = [
  ['breach', () => new Bool(), 'whether the return fell below its forecast'],
  ['observations', () => new Int64(), 'observations in the window'],
  ['breaches', () => new Int64(), 'breaches in the window'],
  ['kupiec_lr', number, 'likelihood ratio of the breach rate against the promised one'],
  ['kupiec_p', number, 'probability of one at least as large if the rate is the promised one: chi-square, 1 degree of freedom'],
  ['independence_lr', number, 'likelihood ratio of a breach depending on the observation before (Christoffersen)'],
  ['independence_p', number, 'probability of one at least as large if breaches are independent: chi-square, 1 degree of freedom'],
  ['conditional_lr', number, 'kupiec_lr + independence_lr: conditional coverage (Christoffersen)'],
  ['conditional_p', number, 'probability of one at least as large: chi-square, 2 degrees of freedom'],
  ['basel_zone', dictionaryOf, 'green below 95 % of basel_probability, yellow below 99.99 %, else red'],
  ['basel_probability', number, 'probability of at most as many breaches if the rate is the promised one: binomial'],
  ['basel_multiplier', number, 'multiplier of the capital charge (1996): 3 to 4; null but for 250 observations at 99 %'],
];

/** The name of an added column. */
export const named = ({ as }: VarBacktestParams, name: string): string => (as === undefined ? name : `${as}_${name}`);

/** The input's columns and after them the results, or null after faults. */
export function varBacktestSchema(request: SchemaRequest<VarBacktestParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const { params } = request;
  const found = [
    request.column('ts_event', TIME),
    request.column(params.var, NUMBER, { path: ['var'] }),
    request.column(params.realised, NUMBER, { path: ['realised'] }),
    ...keysOf(params.by, input).map((name, i) => request.column(name, KEY, { path: ['by', i] })),
  ];
  const added = RESULTS.map(([name, type, description]) => field(named(params, name), type(named(params, name)), true, description));
  const twice = added.filter(({ name }) => columnIndex(input, name) >= 0);
  for (const { name } of twice) {
    const hint = 'Give the added columns another name with `as`.';
    request.fault('column-duplicate', `var_backtest adds column "${name}", which the input has already`, { path: ['as'] }, hint);
  }
  if (twice.length > 0 || found.includes(null)) return null;
  return { [MAIN_PORT]: new Schema([...input.fields, ...added]), [REJECTED_PORT]: REJECTED_SCHEMA };
}
