import { type DataType, Field, Float64, Int64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { COLUMNS, DESCRIPTION, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { MoodParams } from './operator.ts';

/** Port of rows that say nothing of a symbol. */
export const IGNORED_PORT = 'ignored';

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const NUMBER = { wanted: 'Float64', accepts: (type: DataType) => type.typeId === Type.Float };
const SYMBOL = { wanted: 'Dictionary or Utf8', accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 };

const VALUES = [
  field('mood', new Float64(), true, 'weighted mean of sentiment, -1 to 1; null where nothing has weight'),
  field('mood_weight', new Float64(), false, 'sum of the weights of its headlines, each decayed by its age'),
  field('headlines', new Int64(), false, 'headlines within the horizon'),
];

/** Age from which a headline has no effect, ns. */
export const horizonOf = ({ half_life, horizon }: MoodParams): bigint => horizon ?? half_life * 10n;

/** Columns that are read, where the input has them. */
export function moodColumns(input: Schema): readonly string[] {
  const wanted = ['ts_event', 'symbol', 'sentiment', 'confidence', 'credibility'];
  return wanted.filter((name) => columnIndex(input, name) >= 0);
}

/** Schemas of the ports, or null after faults. */
export function moodSchema(request: SchemaRequest<MoodParams>): Readonly<Record<string, Schema>> | null {
  const { params, inputs } = request;
  const path = [params.horizon === undefined ? 'half_life' : 'horizon'];
  const points = params.emit === 'row' ? 0n : horizonOf(params) / params.every;
  if (points > 100_000n) {
    request.fault(
      'value-invalid',
      `a headline would count at ${points} points of the grid, of at most 100000`,
      { path },
      'Let "every" be longer.',
    );
    return null;
  }
  const input = inputs[INPUT_PORT];
  if (!input) return null;
  const found = [
    request.column('ts_event', TIME),
    request.column('symbol', SYMBOL),
    request.column('sentiment', NUMBER),
    request.column('confidence', NUMBER),
    ...(columnIndex(input, 'credibility') < 0 ? [] : [request.column('credibility', NUMBER)]),
  ];
  if (found.includes(null)) return null;
  const { type } = input.fields[columnIndex(input, 'symbol')] as Field;
  const symbol = new Field('symbol', type, false, new Map([[DESCRIPTION, COLUMNS.symbol.metadata.get(DESCRIPTION) ?? 'symbol']]));
  const time = field('ts_event', COLUMNS.ts_event.type, false, 'time of the point, or of the headline, ns since 1970 UTC');
  return { [MAIN_PORT]: new Schema([time, symbol, ...VALUES]), [IGNORED_PORT]: input, [REJECTED_PORT]: REJECTED_SCHEMA };
}
