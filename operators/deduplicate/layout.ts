import { type DataType, Int32, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { field, timestampNs } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { DeduplicateParams } from './operator.ts';

/** Port of rows that repeat one. */
export const DUPLICATES_PORT = 'duplicates';
/** Port of rows that nobody knows any more whether they repeat one. */
export const LATE_PORT = 'late';

const ADDED = [
  field('duplicate_of_ts', timestampNs(), false, 'ts_event of the kept row that this one repeats'),
  field('distance', new Int32(), false, 'signs of 64 that differ from it; 0 for equal texts'),
];

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const TEXT = { wanted: 'Utf8 or Dictionary', accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 };
const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

/** Schemas of the ports, or null after faults. */
export function deduplicateSchema(request: SchemaRequest<DeduplicateParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const { column, by } = request.params;
  const found = [
    request.column('ts_event', TIME),
    request.column(column, TEXT, { path: ['column'] }),
    ...by.map((name, i) => request.column(name, KEY, { path: ['by', i] })),
  ];
  const taken = ADDED.filter(({ name }) => columnIndex(input, name) >= 0);
  for (const { name } of taken)
    request.fault('column-duplicate', `port "${DUPLICATES_PORT}" would have two columns "${name}"`, { path: [] });
  const twice = by.filter((name, i) => by.indexOf(name) < i);
  for (const name of twice)
    request.fault('column-duplicate', `key column "${name}" is named twice`, { path: ['by', by.lastIndexOf(name)] });
  if (taken.length > 0 || twice.length > 0 || found.includes(null)) return null;
  return { [MAIN_PORT]: input, [DUPLICATES_PORT]: new Schema([...input.fields, ...ADDED]), [LATE_PORT]: input };
}
