import { type DataType, Float64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { field } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { IndicatorsParams } from './operator.ts';
import { resolveSeries, type Series } from './series.ts';

const DEFAULT_KEYS = ['venue', 'symbol'];

/** Key columns: those named, else those of venue and symbol that the input has. */
export function keysOf(params: IndicatorsParams, input: Schema): readonly string[] {
  return params.by ?? DEFAULT_KEYS.filter((name) => columnIndex(input, name) >= 0);
}

const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

function described(series: Series): string {
  const of = series.inputs.map(({ column }) => column).join(', ');
  const numbers = Object.entries(series.params).map(([name, value]) => `${name} ${value}`);
  return `${[series.kind, ...numbers].join(', ')} of ${of}; null until warm`;
}

/** The input's columns and after them those of the series, or null after faults. */
export function indicatorsSchema(request: SchemaRequest<IndicatorsParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const { params } = request;
  const taken = new Map(input.fields.map(({ name }) => [name, 'the input']));
  const keys = keysOf(params, input).map((name, i) => request.column(name, KEY, { path: ['by', i] }) !== null);
  const added = params.series.map((entry, i) => {
    const series = resolveSeries(entry);
    const found = series.inputs.map(
      ({ parameter, column }) => request.column(column, NUMBER, { path: ['series', i, series.kind, parameter] }) !== null,
    );
    const fresh = series.outputs.map((name) => {
      const by = taken.get(name);
      taken.set(name, `series ${i + 1}`);
      if (by === undefined) return true;
      const hint = 'Give one of them another name with `as`.';
      request.fault('column-duplicate', `${series.kind} makes column "${name}", which ${by} has already`, { path: ['series', i] }, hint);
      return false;
    });
    const fields = series.outputs.map((name) => field(name, new Float64(), true, described(series)));
    return { fine: [...found, ...fresh].every(Boolean), fields };
  });
  if (!keys.every(Boolean) || !added.every(({ fine }) => fine)) return null;
  return { [MAIN_PORT]: new Schema([...input.fields, ...added.flatMap(({ fields }) => fields)]) };
}
