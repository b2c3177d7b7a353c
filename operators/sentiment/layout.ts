import { Bool, type DataType, Float64, Schema, Type } from 'apache-arrow';
import { columnIndex, isWord } from '../../graph/contract/batch.ts';
import { dictionaryOf, field, REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import type { SentimentParams } from './operator.ts';

const SOURCE = 'source';

/** What is added to the columns of a headline. */
export const ADDED = [
  field('entity', dictionaryOf('entity'), true, 'who it is about, as the entity table names it; null: nobody of the table'),
  field('symbol', dictionaryOf('symbol'), true, 'symbol of the entity; null where its name belongs to several'),
  field('ambiguity', new Float64(), false, 'how likely the name means something else, 0 to 1'),
  field('label', dictionaryOf('label'), true, 'negative, neutral or positive for the entity; null: abstained'),
  field('p_negative', new Float64(), true, 'probability that it is bad for the entity'),
  field('p_neutral', new Float64(), true, 'probability that it is neither'),
  field('p_positive', new Float64(), true, 'probability that it is good for the entity'),
  field('sentiment', new Float64(), true, 'p_positive - p_negative, -1 to 1'),
  field('confidence', new Float64(), true, 'largest of the three probabilities'),
  field('abstained', new Bool(), false, 'true where no label is given'),
  field('credibility', new Float64(), false, 'prior of the source, 0 to 1'),
  field('language', dictionaryOf('language'), false, 'en or other'),
  field('model_hash', dictionaryOf('model_hash'), false, 'sha256 of the model'),
];

const TIME = { wanted: 'Timestamp', accepts: (type: DataType) => type.typeId === Type.Timestamp };
const TEXT = { wanted: 'Utf8 or Dictionary', accepts: (type: DataType) => isWord(type) || type.typeId === Type.Utf8 };

/** The column of the source, where the input has one that is a text. */
export function sourceOf(input: Schema): string | null {
  const at = columnIndex(input, SOURCE);
  return at >= 0 && TEXT.accepts(input.fields[at]?.type as DataType) ? SOURCE : null;
}

/** Schemas of the ports, or null after faults. */
export function sentimentSchema(request: SchemaRequest<SentimentParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  if (!input) return null;
  const found = [request.column('ts_event', TIME), request.column(request.params.column, TEXT, { path: ['column'] })];
  const taken = ADDED.filter(({ name }) => columnIndex(input, name) >= 0);
  for (const { name } of taken)
    request.fault(
      'column-duplicate',
      `sentiment would have two columns "${name}"`,
      { path: [] },
      'Rename or drop it with `select` before.',
    );
  if (taken.length > 0 || found.includes(null)) return null;
  return { [MAIN_PORT]: new Schema([...input.fields, ...ADDED]), [REJECTED_PORT]: REJECTED_SCHEMA };
}
