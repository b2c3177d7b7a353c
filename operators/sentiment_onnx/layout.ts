import { type DataType, Float64, Schema, Type } from 'apache-arrow';
import { dictionaryOf, field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { cardPath } from '../onnx/card-file.ts';
import { parseTextCard, textModelFault, tokenizerFault } from './card.ts';
import type { SentimentOnnxParams } from './operator.ts';

const number = (name: string, description: string) => field(name, new Float64(), true, description);

/** Why a text has no answer: the model does not take it, or gave no number for it. */
export const FAILURES = ['model-failed', 'not-finite'] as const;

/** What a classifier adds to a row. */
export const SENTIMENT_FIELDS = [
  field('label', dictionaryOf('label'), true, 'negative, neutral or positive; null where there is no text'),
  number('p_negative', 'probability that the text is negative'),
  number('p_neutral', 'probability that it is neutral'),
  number('p_positive', 'probability that it is positive'),
  number('sentiment', 'p_positive - p_negative, from -1 to 1'),
  number('confidence', 'probability of the label'),
  field(
    'failure',
    dictionaryOf('failure'),
    true,
    'why a text has no answer: model-failed or not-finite; null where it has one, or is none',
  ),
  field('model', dictionaryOf('model'), false, 'name of the model, from its card'),
  field('model_hash', dictionaryOf('model_hash'), false, 'SHA-256 of the model'),
  field('tokenizer_hash', dictionaryOf('tokenizer_hash'), false, 'SHA-256 of its tokenizer'),
];

const TEXT = { wanted: 'text', accepts: (type: DataType) => type.typeId === Type.Utf8 || type.typeId === Type.Dictionary };

export function sentimentOnnxSchema(request: SchemaRequest<SentimentOnnxParams>): Readonly<Record<string, Schema>> | null {
  const { model, tokenizer, column, pair } = request.params;
  const input = request.inputs[INPUT_PORT];
  let whole = true;
  const fault = (message: string, place: string): void => {
    whole = false;
    request.fault('model-invalid', message, { path: [place] });
  };
  const text = request.file(cardPath(model));
  const parsed = text && parseTextCard(cardPath(model), Buffer.from(text).toString('utf8'));
  const bytes = request.file(model);
  const reason = bytes && parsed && 'card' in parsed ? textModelFault(bytes, parsed.card) : null;
  if (reason) fault(`model "${model}": ${reason}`, 'model');
  const rules = request.file(tokenizer);
  const other = rules && parsed && 'card' in parsed ? tokenizerFault(rules, parsed.card) : null;
  if (other) fault(`tokenizer "${tokenizer}": ${other}`, 'tokenizer');
  if (input && request.column(column, TEXT, { path: ['column'] }) === null) whole = false;
  if (input && pair !== undefined && request.column(pair, TEXT, { path: ['pair'] }) === null) whole = false;
  return input && whole ? { [MAIN_PORT]: new Schema([...input.fields, ...SENTIMENT_FIELDS]), [REJECTED_PORT]: REJECT_SCHEMA } : null;
}
