import { type DataType, Float64, type Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import type { SchemaRequest } from '../../graph/contract/operator.ts';
import { KEY, keysOf } from '../statistics/columns.ts';

/** Port of rows whose labels are known. */
export const LABELLED_PORT = 'labelled';

export const TRUTH = { wanted: 'Bool', accepts: (type: DataType) => type.typeId === Type.Bool };
export const TEXT = { wanted: 'Dictionary or Utf8', accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 };

const number = (name: string, description: string) => field(name, new Float64(), true, description);
const word = (name: string, nullable: boolean, description: string) => field(name, dictionaryOf(name), nullable, description);

/** What a model says of a row. */
export const PREDICTION_FIELDS = [
  word('horizon', true, 'how far ahead the prediction looks, e.g. 1s'),
  number('p_up', 'probability that the price is higher at the horizon, where it moves at all; null where the model says none'),
  number('p_down', '1 - p_up'),
  number('expected_return', 'logarithm of the price ratio that is expected at the horizon; null where the model says none'),
  number('lower', 'lower bound of the return, as a logarithm; null where none is known'),
  number('upper', 'upper bound of the return, as a logarithm; null where none is known'),
  word('model', false, 'name of the model'),
  word('model_hash', false, 'SHA-256 of what the model is made from; of one that learns, of its parameters'),
] as const;

/** Key of the metadata of column `horizon` that says what all rows have there, where `label` made it. */
export const HORIZON_KEY = 'millrace.horizon';

/** When a row's features were known, where `label` tells. */
export const ORIGIN = 'ts_origin';
export const ORIGIN_FIELD = field(ORIGIN, COLUMNS.ts_event.type, true, 'when the row was first known, ns since 1970 UTC');

/** Key columns of both ports: those named, else the usual ones that both have. */
export function sharedKeys(
  by: readonly string[] | undefined,
  inputs: Readonly<Record<string, Schema>>,
  ports: readonly string[],
): readonly string[] {
  if (by) return by;
  const [first, ...others] = ports.flatMap((port) => inputs[port] ?? []);
  return first ? keysOf(undefined, first).filter((name) => others.every((schema) => columnIndex(schema, name) >= 0)) : [];
}

/** The key columns of every port, in the place of the parameter that names them; null where a port lacks one. */
export function askKeys(
  request: SchemaRequest<{ readonly by?: readonly string[] | undefined }>,
  ports: readonly string[],
): (DataType | null)[] {
  const keys = sharedKeys(request.params.by, request.inputs, ports);
  return ports
    .filter((port) => request.inputs[port])
    .flatMap((port) => keys.map((name, i) => request.column(name, KEY, { path: ['by', i] }, port)));
}
