import { type DataType, type Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';

/** What an operator over series asks of its input columns. */
export const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
export const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
export const KEY = {
  wanted: 'Dictionary, Utf8, Int64 or Int32',
  accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 || type.typeId === Type.Int,
};

const DEFAULT_KEYS = ['account', 'venue', 'symbol'];

/** Key columns: those named, else those of account, venue and symbol that the input has. */
export function keysOf(by: readonly string[] | undefined, input: Schema): readonly string[] {
  return by ?? DEFAULT_KEYS.filter((name) => columnIndex(input, name) >= 0);
}

/** What an operator over series groups by: its key columns, of those the input has; null where the input is not known. */
export function seriesGroups(by: readonly string[] | undefined, input: Schema | undefined): readonly string[] | null {
  return input ? keysOf(by, input).filter((name) => columnIndex(input, name) >= 0) : null;
}
