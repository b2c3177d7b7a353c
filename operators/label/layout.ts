import { Bool, type DataType, type Field, Float64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { showDuration } from '../../graph/contract/units.ts';
import { HORIZON_KEY, TEXT } from '../learning/columns.ts';
import type { LabelParams } from './operator.ts';

/** Port of rows whose future stays unknown. */
export const UNLABELLED_PORT = 'unlabelled';
/** Port of predictions that look ahead another time. */
export const IGNORED_PORT = 'ignored';
/** Column that tells how far a label looks ahead, and a prediction that is to be labelled. */
export const HORIZON = 'horizon';

const TS_EVENT = field('ts_event', COLUMNS.ts_event.type, false, 'time of the row plus the horizon, when its label is known');
const HORIZON_FIELD = field(HORIZON, dictionaryOf(HORIZON), false, 'how far ahead, e.g. 1s');
const LABEL_FIELDS: readonly Field[] = [
  field('ts_origin', COLUMNS.ts_event.type, false, "the row's own time, ns since 1970 UTC"),
  HORIZON_FIELD,
  field('label_return', new Float64(), false, 'log return of the price over the horizon'),
  field('label_up', new Bool(), true, 'whether the price rose; null when it is unchanged'),
];

const DEFAULT_KEYS = ['venue', 'symbol'];

/** Key columns: those named, else those of venue and symbol that the input has. */
export function keysOf(params: LabelParams, input: Schema): readonly string[] {
  return params.by ?? DEFAULT_KEYS.filter((name) => columnIndex(input, name) >= 0);
}

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

/** Schemas of the ports, or null after faults. */
export function labelSchema(request: SchemaRequest<LabelParams>): Readonly<Record<string, Schema>> | null {
  const { params } = request;
  if (params.max_age >= params.horizon) {
    const hint = `the row's own price is as old then: take less than ${showDuration(params.horizon)}`;
    request.fault('param-invalid', `"max_age" is not below "horizon"`, { path: ['max_age'] }, hint);
    return null;
  }
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const isPrediction = columnIndex(input, HORIZON) >= 0;
  const keyed = keysOf(params, input).indexOf(HORIZON);
  if (isPrediction && keyed >= 0) {
    const hint = 'leave it out: rows of another horizon leave on "ignored"';
    request.fault('param-invalid', `all rows that label takes have one "${HORIZON}", which makes no keys`, { path: ['by', keyed] }, hint);
    return null;
  }
  const found = [
    ...(isPrediction ? [request.column(HORIZON, TEXT)] : []),
    request.column('ts_event', TIME),
    request.column(params.price, NUMBER, { path: ['price'] }),
    ...keysOf(params, input).map((name, i) => request.column(name, KEY, { path: ['by', i] })),
  ];
  const taken = LABEL_FIELDS.filter(({ name }) => name !== HORIZON && columnIndex(input, name) >= 0);
  for (const { name } of taken) {
    const hint = 'select drops or renames it';
    request.fault('column-duplicate', `the input has a column "${name}" already, which label adds`, { path: [] }, hint);
  }
  if (taken.length > 0 || found.includes(null)) return null;
  const horizon = HORIZON_FIELD.clone({ metadata: new Map([...HORIZON_FIELD.metadata, [HORIZON_KEY, showDuration(params.horizon)]]) });
  const passing = input.fields.map((one) =>
    one.name === 'ts_event' ? TS_EVENT : one.name === HORIZON ? horizon.clone({ type: one.type }) : one,
  );
  const added = LABEL_FIELDS.filter(({ name }) => columnIndex(input, name) < 0).map((one) => (one.name === HORIZON ? horizon : one));
  return {
    [MAIN_PORT]: new Schema([...passing, ...added]),
    [UNLABELLED_PORT]: input,
    [IGNORED_PORT]: input,
    [REJECTED_PORT]: REJECTED_SCHEMA,
  };
}
