import { type DataType, Float64, Int32, Schema, Type } from 'apache-arrow';
import { dictionaryOf, field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { INPUT_PORT, MAIN_PORT, REJECTED_PORT, type SchemaRequest } from '../../graph/contract/operator.ts';
import { modelFault, parseCard } from '../onnx/card.ts';
import { cardPath } from '../onnx/card-file.ts';
import { modelsOf } from './models.ts';
import type { PredictParams } from './operator.ts';

/** Port that says which version is to answer from then on. */
export const SWITCH_PORT = 'switch';
/** Port of the answers of models on trial. */
export const SHADOW_PORT = 'shadow';

const number = (name: string, description: string) => field(name, new Float64(), true, description);
const word = (name: string, description: string) => field(name, dictionaryOf(name), false, description);

/** What a model adds to a row. */
export const ANSWER_FIELDS = [
  word('horizon', 'how far ahead the answer looks, e.g. 1s'),
  number('p_up', 'probability that the price is higher after the horizon; of models of millrace train, where it moves at all'),
  number('p_down', 'probability that the price is lower after the horizon; 1 - p_up where the model does not say'),
  number('expected_return', 'logarithmic return over the horizon that is expected'),
  number('lower', 'lower bound of the interval for the return'),
  number('upper', 'upper bound of the interval for the return'),
  word('model', 'name of the model, from its card'),
  word('model_hash', 'SHA-256 of the model'),
  field('missing_features', new Int32(), false, 'features of the row that were null or NaN; where any is, the answers are null'),
];

const A_NUMBER = {
  wanted: 'a number',
  accepts: (type: DataType) => [Type.Float, Type.Int, Type.Bool].includes(type.typeId),
};
const A_NAME = { wanted: 'text', accepts: (type: DataType) => [Type.Utf8, Type.Dictionary].includes(type.typeId) };

export function predictSchema(request: SchemaRequest<PredictParams>): Readonly<Record<string, Schema>> | null {
  const input = request.inputs[INPUT_PORT];
  let whole = true;
  const names = new Set<string>();
  for (const { path, place, role } of modelsOf(request.params)) {
    const fault = (message: string, hint?: string): void => {
      whole = false;
      request.fault('model-invalid', `model "${path}": ${message}`, place, hint);
    };
    const text = request.file(cardPath(path));
    const parsed = text && parseCard(cardPath(path), Buffer.from(text).toString('utf8'));
    if (!parsed || !('card' in parsed)) continue; // what is wrong is said at its place in the card
    const { card } = parsed;
    if (names.has(card.name) && role !== 'shadow')
      fault(`another one is called "${card.name}" too`, 'Give each version a name of its own in its card.');
    names.add(card.name);
    const bytes = request.file(path);
    const reason = bytes && modelFault(bytes, card);
    if (reason)
      fault(reason, `Its card is ${cardPath(path)}; \`millrace train\` writes both, and docs/models.md tells how one's own are made.`);
    if (input) for (const feature of card.features) if (request.column(feature, A_NUMBER, place, INPUT_PORT) === null) whole = false;
  }
  if (request.inputs[SWITCH_PORT] && request.column('model', A_NAME, undefined, SWITCH_PORT) === null) whole = false;
  if (!input || !whole) return null;
  const out = new Schema([...input.fields, ...ANSWER_FIELDS]);
  return { [MAIN_PORT]: out, [SHADOW_PORT]: out, [REJECTED_PORT]: REJECT_SCHEMA };
}
