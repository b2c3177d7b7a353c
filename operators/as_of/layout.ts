import { type DataType, Field, Int64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { DESCRIPTION, dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { AsOfParams } from './operator.ts';

export const LEFT_PORT = 'left';
export const RIGHT_PORT = 'right';
/** Port of left rows without a partner. */
export const UNMATCHED_PORT = 'unmatched';

const TIME = 'ts_event';
const STALENESS = 'staleness_ns';
const DEFAULT_KEY = 'symbol';

const has = (schema: Schema, name: string): boolean => columnIndex(schema, name) >= 0;

/** Key columns: those named, else `symbol` where both sides have it. */
export function keysOf(params: AsOfParams, left: Schema, right: Schema): readonly string[] {
  return params.by ?? [DEFAULT_KEY].filter((name) => has(left, name) && has(right, name));
}

/** Columns taken from the right side, by their names there. */
export function takenOf(params: AsOfParams, left: Schema, right: Schema): readonly string[] {
  const keys = keysOf(params, left, right);
  return params.columns ?? right.fields.map(({ name }) => name).filter((name) => name !== TIME && !keys.includes(name));
}

/** The name of a column on port `out`. */
function nameOf(params: AsOfParams, left: Schema, name: string): string {
  return has(left, name) ? `${params.prefix}${name}` : name;
}

/** What joins the left columns on port `out`: the columns taken, in order, then the age of the partner. */
export function addedFields(params: AsOfParams, left: Schema, right: Schema): Field[] {
  const taken = takenOf(params, left, right).map((name) => {
    const from = right.fields[columnIndex(right, name)] as Field;
    const to = nameOf(params, left, name);
    const type = isWord(from.type) && to !== name ? dictionaryOf(to) : from.type; // ids of dictionaries derive from names
    const text = `${from.metadata.get(DESCRIPTION) ?? name}; of the partner`;
    return new Field(to, type, true, new Map([[DESCRIPTION, text]]));
  });
  const age = field(
    nameOf(params, left, STALENESS),
    new Int64(),
    true,
    'age of the partner: time of the row minus that of its partner, ns',
  );
  return [...taken, age];
}

const TIMESTAMP = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};
const ANY = { wanted: 'any type', accepts: () => true };

/** Schemas of the ports, or null after faults. */
export function asOfSchema(request: SchemaRequest<AsOfParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const [left, right] = [inputs[LEFT_PORT], inputs[RIGHT_PORT]];
  if (!left || !right) return null;
  let fine = [LEFT_PORT, RIGHT_PORT].map((port) => request.column(TIME, TIMESTAMP, undefined, port)).every((type) => type !== null);
  const fault = (code: string, message: string, path: readonly (string | number)[], hint?: string): void => {
    request.fault(code, message, { path }, hint);
    fine = false;
  };
  keysOf(params, left, right).forEach((name, i, all) => {
    const path = ['by', i];
    const [a, b] = [LEFT_PORT, RIGHT_PORT].map((port) => request.column(name, KEY, { path }, port));
    if (!a || !b) fine = false;
    else if (String(a) !== String(b)) fault('column-type', `key column "${name}" is ${a} on the left and ${b} on the right`, path);
    if (all.indexOf(name) < i) fault('column-duplicate', `key column "${name}" is named twice`, path);
  });
  const taken = takenOf(params, left, right);
  const known = taken.map((name, i) => request.column(name, ANY, { path: ['columns', i] }, RIGHT_PORT));
  if (known.includes(null)) return null;
  const added = addedFields(params, left, right);
  const before = [...left.fields.map(({ name }) => name)];
  added.forEach(({ name }, i) => {
    if (before.includes(name)) {
      const path = params.columns !== undefined && i < taken.length ? ['columns', i] : ['prefix'];
      const hint = has(left, i < taken.length ? (taken[i] as string) : STALENESS)
        ? 'Name another "prefix", or fewer "columns".'
        : `No "prefix" stands before it, as the left side has none: leave it out of "columns", or rename it before, with select.`;
      fault('column-duplicate', `as_of would have two columns "${name}"`, path, hint);
    }
    before.push(name);
  });
  if (!fine) return null;
  return { [MAIN_PORT]: new Schema([...left.fields, ...added]), [UNMATCHED_PORT]: left, [REJECTED_PORT]: REJECTED_SCHEMA };
}
