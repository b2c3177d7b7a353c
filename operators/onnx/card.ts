import { z } from 'zod';
import { CARD_HEAD, CARD_RECORD, fileFault, readCard } from './card-file.ts';
import type { ModelShape } from './shape.ts';

/** An output tensor, `return`, or one of its columns, `probabilities[1]`. */
const selector = z.string().regex(/^[^[\]]+(\[\d+\])?$/, 'expected a tensor such as return, or a column of it such as probabilities[1]');

const answer = (description: string) => selector.optional().meta({ description });

/** What a card may say. */
export const cardShape = z.strictObject({
  ...CARD_HEAD,
  features: z
    .array(z.string().min(1))
    .min(1)
    .max(100_000)
    .meta({ description: 'columns of the rows, in the order in which the model takes them: numbers or truths' }),
  input: z.string().optional().meta({ description: 'its input tensor; not needed where it has one only' }),
  horizons: z
    .array(
      z.strictObject({
        horizon: z
          .string()
          .regex(/^[1-9]\d*(ms|s|m|h|d)$/, 'expected a duration such as 1s, 5m or 1h')
          .meta({ description: 'how far ahead its answers look, as operator `label` names it', unit: 'duration' }),
        p_up: answer('output of the probability that the price is higher then; `p_down` is 1 less it where it is not given'),
        p_down: answer('output of the probability that the price is lower then'),
        expected_return: answer('output of the logarithmic return that is expected'),
        lower: answer('output of the lower bound of an interval of the return'),
        upper: answer('output of its upper bound'),
      }),
    )
    .min(1)
    .max(64)
    .meta({ description: 'what the tensors that it gives mean; a row leaves once for each' }),
  ...CARD_RECORD,
});

/** The card of a model: a JSON file beside it, `direction.onnx.json`, that says what goes in, what comes out, and which file it is of. */
export type ModelCard = z.output<typeof cardShape>;

/** Numbers that a model may give, by column. */
export const ANSWERS = ['p_up', 'p_down', 'expected_return', 'lower', 'upper'] as const;
export type Answer = (typeof ANSWERS)[number];

/** A card, or every fault in its text. */
export const parseCard = (path: string, text: string) => readCard<ModelCard>(cardShape, path, text);

/** Key under which a model carries the names of its features, in order, as JSON: part of the file, and so of its SHA-256. */
export const FEATURES_KEY = 'millrace.features';

/** The tensor and column that a selector names; column null: its only one. */
export function selected(text: string): { readonly tensor: string; readonly column: number | null } {
  const match = /^([^[\]]+)(?:\[(\d+)\])?$/.exec(text);
  return { tensor: match?.[1] ?? text, column: match?.[2] === undefined ? null : Number(match[2]) };
}

/** The tensor that a model takes. */
export const inputOf = ({ input }: ModelCard, shape: ModelShape): string => input ?? shape.inputs[0]?.name ?? '';

/** Element types of ONNX that models are seen to have, by number. Source: onnx/onnx.proto3, TensorProto.DataType. */
const FLOAT32 = 1;
const FLOAT64 = 11;
const ELEMENTS: Readonly<Record<number, string>> = { 6: 'int32', 7: 'int64', 8: 'text', 9: 'truths', 10: 'float16', [FLOAT64]: 'float64' };
const elementName = (element: number | null): string =>
  element === null ? 'a list or a map' : (ELEMENTS[element] ?? `element type ${element}`);

/** Why a model is not what its card says, in words that follow `model "x":`; null when it is. */
export const modelFault = (bytes: Uint8Array, card: ModelCard): string | null =>
  fileFault(bytes, card, (shape) => inputFault(card, shape) ?? featuresFault(card, shape) ?? outputsFault(card, shape));

function inputFault(card: ModelCard, shape: ModelShape): string | null {
  const names = shape.inputs.map(({ name }) => name).join(', ');
  if (card.input === undefined && shape.inputs.length !== 1)
    return `it takes the tensors ${names}; its card has to say which one "input" is`;
  const name = inputOf(card, shape);
  const input = shape.inputs.find((tensor) => tensor.name === name);
  if (!input) return `it has no input "${name}"; it takes ${names}`;
  if (shape.inputs.length > 1) return `it takes more than one tensor: ${names}`;
  if (input.element !== FLOAT32) return `its input "${name}" does not take float32 but ${elementName(input.element)}`;
  if (input.dims !== null && input.dims.length !== 2) return `its input "${name}" has ${input.dims.length} axes, not rows and features`;
  const [rows, width] = input.dims ?? [null, null];
  if (rows !== null && rows !== undefined) return `its input "${name}" takes ${rows} rows at a time; leave the number of rows open`;
  if (width !== null && width !== undefined && width !== card.features.length)
    return `it takes ${width} features, and its card names ${card.features.length}`;
  return null;
}

/** Names that fit a card but not the model would give it numbers of another meaning, which nothing else tells. */
function featuresFault(card: ModelCard, { metadata }: ModelShape): string | null {
  const text = metadata.get(FEATURES_KEY);
  if (text === undefined) return null;
  const made = featuresIn(text);
  if (made === null) return `its own "${FEATURES_KEY}" is no list of names in JSON`;
  if (made.length !== card.features.length) return `it was made with ${made.length} features, and its card names ${card.features.length}`;
  const at = made.findIndex((name, i) => name !== card.features[i]);
  return at < 0 ? null : `its feature ${at + 1} is "${made[at]}", and its card names "${card.features[at]}" there`;
}

function featuresIn(text: string): readonly string[] | null {
  try {
    const parsed = z.array(z.string()).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function outputsFault({ horizons }: ModelCard, { outputs }: ModelShape): string | null {
  for (const given of horizons) {
    const answers = ANSWERS.filter((answer) => given[answer] !== undefined);
    if (answers.length === 0) return `its card says nothing of what it gives for ${given.horizon}`;
    for (const answer of answers) {
      const { tensor, column } = selected(given[answer] ?? '');
      const output = outputs.find(({ name }) => name === tensor);
      if (!output) return `it gives no "${tensor}" for ${answer}; it gives ${outputs.map(({ name }) => name).join(', ')}`;
      if (output.element === null)
        return `its output "${tensor}" is no tensor of float32 or float64 but a list or a map: convert it with zipmap off`;
      if (output.element !== FLOAT32 && output.element !== FLOAT64)
        return `its output "${tensor}" is no tensor of float32 or float64 but of ${elementName(output.element)}`;
      const axes = output.dims?.length ?? 2;
      if (axes > 2) return `its output "${tensor}" has ${axes} axes, not rows and columns`;
      const width = axes === 2 ? (output.dims?.[1] ?? null) : 1;
      if (width !== null && column === null && width > 1)
        return `its output "${tensor}" has ${width} columns; its card has to say which one ${answer} is: ${tensor}[0] to [${width - 1}]`;
      if (width !== null && column !== null && column >= width) return `its output "${tensor}" has ${width} columns, and no [${column}]`;
    }
  }
  return null;
}
