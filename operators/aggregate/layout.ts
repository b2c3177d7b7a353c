import { type DataType, Field, Float64, Int64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, DESCRIPTION, dictionaryOf, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { AggregateParams } from './operator.ts';

/** Port of rows whose interval was over when they came. */
export const LATE_PORT = 'late';

export const FUNCTIONS = ['count', 'sum', 'mean', 'var', 'min', 'max', 'first', 'last'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** An output column: which function of which column; null: of rows. */
export interface Aggregated {
  readonly name: string;
  readonly function: FunctionName;
  readonly column: string | null;
}

/** Output columns in the order of the file. */
export function aggregatedOf({ columns }: AggregateParams): Aggregated[] {
  return Object.entries(columns).map(([name, given]) => {
    if (given === 'count') return { name, function: 'count', column: null };
    const called = FUNCTIONS.find((one) => given[one] !== undefined) ?? 'count';
    return { name, function: called, column: given[called] ?? null };
  });
}

/** Functions that refuse what is not finite. */
export const takesFinite = (name: FunctionName): boolean => !['count', 'first', 'last'].includes(name);

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};
const isNumber = (type: DataType) => type.typeId === Type.Float || type.typeId === Type.Int;
const NUMBER = { wanted: 'Float64, Int64 or Int32', accepts: isNumber };
const ORDERED = {
  wanted: 'Float64, Int64, Int32 or Timestamp',
  accepts: (type: DataType) => isNumber(type) || type.typeId === Type.Timestamp,
};
const ANY = { wanted: 'any type', accepts: () => true };

const accepted = { count: ANY, sum: NUMBER, mean: NUMBER, var: NUMBER, min: ORDERED, max: ORDERED, first: ANY, last: ANY };

function typeOf(one: Aggregated, input: Field | undefined): DataType {
  if (one.function === 'count' || input === undefined) return new Int64();
  if (one.function === 'mean' || one.function === 'var') return new Float64();
  if (one.function === 'sum') return input.type.typeId === Type.Float ? new Float64() : new Int64();
  return isWord(input.type) && one.name !== input.name ? dictionaryOf(one.name) : input.type; // ids of dictionaries derive from names
}

/** Schemas of the ports, or null after faults. */
export function aggregateSchema(request: SchemaRequest<AggregateParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const { every, size, by } = params;
  let fine = true;
  const fault = (code: string, message: string, path: readonly (string | number)[], hint?: string): void => {
    request.fault(code, message, { path }, hint);
    fine = false;
  };
  if (size !== undefined && (size % every !== 0n || size / every > 10_000n))
    fault('value-invalid', 'the length of a window is a multiple of "every", at most 10,000 times', ['size']);
  const input = inputs[INPUT_PORT];
  if (!input) return null;
  const aggregated = aggregatedOf(params);
  const found = [
    request.column('ts_event', TIME),
    ...by.map((name, i) => request.column(name, KEY, { path: ['by', i] })),
    ...aggregated.flatMap((one) =>
      one.column === null ? [] : [request.column(one.column, accepted[one.function], { path: ['columns', one.name, one.function] })],
    ),
  ];
  const taken = ['ts_open', 'ts_event'];
  by.forEach((name, i) => {
    if (taken.includes(name) || by.indexOf(name) < i) fault('column-duplicate', `aggregate would have two columns "${name}"`, ['by', i]);
  });
  for (const { name } of aggregated)
    if (taken.includes(name) || by.includes(name))
      fault('column-duplicate', `aggregate would have two columns "${name}"`, ['columns', name]);
  if (!fine || found.includes(null)) return null;
  const keyFields = by.map((name) => input.fields[columnIndex(input, name)] as Field);
  const fields = aggregated.map((one) => {
    const from = one.column === null ? undefined : input.fields[columnIndex(input, one.column)];
    const text = one.column === null ? 'number of rows' : `${one.function} of ${one.column}`;
    return new Field(one.name, typeOf(one, from), one.function !== 'count', new Map([[DESCRIPTION, text]]));
  });
  const out = new Schema([...keyFields, COLUMNS.ts_open, COLUMNS.ts_event, ...fields]);
  return { [MAIN_PORT]: out, [LATE_PORT]: input, [REJECTED_PORT]: REJECTED_SCHEMA };
}
