import { z } from 'zod';
import { readCard, sha256 } from './card-file.ts';
import { ModelFault, type ModelShape, readShape } from './shape.ts';

/** An output tensor, `return`, or one of its columns, `probabilities[1]`. */
const selector = z.string().regex(/^[^[\]]+(\[\d+\])?$/, 'expected a tensor such as return, or a column of it such as probabilities[1]');

const card = z.strictObject({
  format: z.literal('millrace-model'),
  version: z.literal(1),
  /** What rows say it was made by. */
  name: z.string().min(1).max(200),
  /** SHA-256 of the model file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  /** Columns in the order in which the model takes them. */
  features: z.array(z.string().min(1)).min(1).max(100_000),
  /** Its input tensor; the only one, where there is one. */
  input: z.string().optional(),
  /** What the tensors that it gives mean, a horizon each. */
  horizons: z
    .array(
      z.strictObject({
        horizon: z.string().regex(/^[1-9]\d*(ms|s|m|h|d)$/, 'expected a duration such as 1s, 5m or 1h'),
        p_up: selector.optional(),
        p_down: selector.optional(),
        expected_return: selector.optional(),
        lower: selector.optional(),
        upper: selector.optional(),
      }),
    )
    .min(1)
    .max(64),
  /** How it was made and how well it did; for people. */
  trained: z.record(z.string(), z.unknown()).optional(),
  metrics: z.record(z.string(), z.unknown()).optional(),
});

/** The card of a model: a JSON file beside it, `direction.onnx.json`, that says what goes in, what comes out, and which file it is of. */
export type ModelCard = z.output<typeof card>;

/** Numbers that a model may give, by column. */
export const ANSWERS = ['p_up', 'p_down', 'expected_return', 'lower', 'upper'] as const;
export type Answer = (typeof ANSWERS)[number];

/** A card, or every fault in its text. */
export const parseCard = (path: string, text: string) => readCard<ModelCard>(card, path, text);

/** The tensor and column that a selector names. */
export function selected(text: string): { readonly tensor: string; readonly column: number } {
  const match = /^([^[\]]+)(?:\[(\d+)\])?$/.exec(text);
  return { tensor: match?.[1] ?? text, column: Number(match?.[2] ?? 0) };
}

/** The tensor that a model takes. */
export const inputOf = ({ input }: ModelCard, shape: ModelShape): string => input ?? shape.inputs[0]?.name ?? '';

/** Why a model is not what its card says, in words that follow `model "x":`; null when it is. */
export function modelFault(bytes: Uint8Array, card: ModelCard): string | null {
  let shape: ModelShape;
  try {
    shape = readShape(bytes);
  } catch (error) {
    if (error instanceof ModelFault) return error.message;
    throw error;
  }
  if (sha256(bytes) !== card.sha256) return 'it is not the file that its card was written for: another SHA-256';
  return inputFault(card, shape) ?? outputsFault(card, shape);
}

function inputFault(card: ModelCard, shape: ModelShape): string | null {
  const names = shape.inputs.map(({ name }) => name).join(', ');
  if (card.input === undefined && shape.inputs.length !== 1)
    return `it takes the tensors ${names}; its card has to say which one "input" is`;
  const name = inputOf(card, shape);
  const input = shape.inputs.find((tensor) => tensor.name === name);
  if (!input) return `it has no input "${name}"; it takes ${names}`;
  if (shape.inputs.length > 1) return `it takes more than one tensor: ${names}`;
  if (input.element !== 1) return `its input "${name}" does not take float32`;
  if (input.dims !== null && input.dims.length !== 2) return `its input "${name}" has ${input.dims.length} axes, not rows and features`;
  const [rows, width] = input.dims ?? [null, null];
  if (rows !== null && rows !== undefined) return `its input "${name}" takes ${rows} rows at a time; leave the number of rows open`;
  if (width !== null && width !== undefined && width !== card.features.length)
    return `it takes ${width} features, and its card names ${card.features.length}`;
  return null;
}

function outputsFault({ horizons }: ModelCard, { outputs }: ModelShape): string | null {
  for (const given of horizons) {
    const answers = ANSWERS.filter((answer) => given[answer] !== undefined);
    if (answers.length === 0) return `its card says nothing of what it gives for ${given.horizon}`;
    for (const answer of answers) {
      const { tensor, column } = selected(given[answer] ?? '');
      const output = outputs.find(({ name }) => name === tensor);
      if (!output) return `it gives no "${tensor}" for ${answer}; it gives ${outputs.map(({ name }) => name).join(', ')}`;
      if (output.element !== 1 && output.element !== 11) return `its output "${tensor}" is no tensor of float32 or float64`;
      const axes = output.dims?.length ?? 2;
      if (axes > 2) return `its output "${tensor}" has ${axes} axes, not rows and columns`;
      const width = axes === 2 ? (output.dims?.[1] ?? null) : 1;
      if (width !== null && column >= width) return `its output "${tensor}" has ${width} columns, and no [${column}]`;
    }
  }
  return null;
}
