import { type DataType, type Field, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { BarsParams } from './operator.ts';

/** Port of rows whose interval was over when they came. */
export const LATE_PORT = 'late';

const DEFAULT_KEYS = ['venue', 'symbol'];
const DEFAULT_SIDE = 'aggressor_side';

/** Key columns: those named, else those of venue and symbol that the input has. */
export function keysOf(params: BarsParams, input: Schema): readonly string[] {
  return params.by ?? DEFAULT_KEYS.filter((name) => columnIndex(input, name) >= 0);
}

/** The column of the aggressor's side; null when none is named and the input has no `aggressor_side`. */
export function sideOf(params: BarsParams, input: Schema): string | null {
  return params.side ?? (columnIndex(input, DEFAULT_SIDE) >= 0 ? DEFAULT_SIDE : null);
}

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const WORD = { wanted: 'Dictionary', accepts: isWord };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

function barFields(signed: boolean): Field[] {
  const { ts_open, ts_event, open, high, low, close, volume, notional, vwap, trades, signed_volume, final } = COLUMNS;
  const sums = [volume, notional, vwap, trades, ...(signed ? [signed_volume] : [])];
  return [ts_open, ts_event, open, high, low, close, ...sums, final];
}

/** Schemas of the ports, or null after faults. */
export function barsSchema(request: SchemaRequest<BarsParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const { params } = request;
  const side = sideOf(params, input);
  const keys = keysOf(params, input);
  const fields = barFields(side !== null);
  const found = [
    request.column('ts_event', TIME),
    request.column(params.price, NUMBER, { path: ['price'] }),
    request.column(params.size, NUMBER, { path: ['size'] }),
    ...(side === null ? [] : [request.column(side, WORD, { path: ['side'] })]),
    ...keys.map((name, i) => request.column(name, KEY, { path: ['by', i] })),
  ];
  const twice = keys.filter((name, i) => keys.indexOf(name) < i || fields.some((field) => field.name === name));
  for (const name of twice)
    request.fault('column-duplicate', `bars would have two columns "${name}"`, { path: ['by', keys.lastIndexOf(name)] });
  if (twice.length > 0 || found.includes(null)) return null;
  const keyFields = keys.map((name) => input.fields[columnIndex(input, name)] as Field);
  return { [MAIN_PORT]: new Schema([...keyFields, ...fields]), [LATE_PORT]: input, [REJECTED_PORT]: REJECTED_SCHEMA };
}
