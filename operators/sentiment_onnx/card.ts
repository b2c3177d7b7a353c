import { z } from 'zod';
import { readCard, sha256 } from '../onnx/card-file.ts';
import { ModelFault, type ModelShape, readShape } from '../onnx/shape.ts';

/** What a text can be called, in the order of the columns `p_negative`, `p_neutral`, `p_positive`. */
export const LABELS = ['negative', 'neutral', 'positive'] as const;

/** Tensors that a transformer takes, those it has. */
export const TOKENS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
const REQUIRED = ['input_ids', 'attention_mask'] as const;
const INT64 = 7;

const card = z.strictObject({
  format: z.literal('millrace-model'),
  version: z.literal(1),
  /** What rows say it was made by. */
  name: z.string().min(1).max(200),
  /** SHA-256 of the model file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  /** What each column of its output stands for. */
  labels: z
    .array(z.enum(LABELS))
    .min(2)
    .max(3)
    .refine((labels) => new Set(labels).size === labels.length, 'names a label twice'),
  /** Its output tensor of one number a label, before the softmax. */
  output: z.string().min(1).default('logits'),
  trained: z.record(z.string(), z.unknown()).optional(),
  metrics: z.record(z.string(), z.unknown()).optional(),
});

/** The card of a text classifier. */
export type TextCard = z.output<typeof card>;

export const parseTextCard = (path: string, text: string) => readCard<TextCard>(card, path, text);

/** Why a model is not what its card says, in words that follow `model "x":`; null when it is. */
export function textModelFault(bytes: Uint8Array, card: TextCard): string | null {
  let shape: ModelShape;
  try {
    shape = readShape(bytes);
  } catch (error) {
    if (error instanceof ModelFault) return error.message;
    throw error;
  }
  if (sha256(bytes) !== card.sha256) return 'it is not the file that its card was written for: another SHA-256';
  const names = shape.inputs.map(({ name }) => name);
  const lacking = REQUIRED.find((name) => !names.includes(name));
  if (lacking !== undefined) return `it takes ${names.join(', ') || 'nothing'}, and no "${lacking}"`;
  const strange = shape.inputs.find(({ name, element }) => element !== INT64 || !(TOKENS as readonly string[]).includes(name));
  if (strange) return `its input "${strange.name}" is none of int64 ${TOKENS.join(', ')}`;
  const fixed = shape.inputs.find(({ dims }) => dims?.some((size) => size !== null));
  if (fixed)
    return `its input "${fixed.name}" takes ${fixed.dims?.map((size) => size ?? 'any').join(' x ')} tokens only; leave both sizes open`;
  const output = shape.outputs.find(({ name }) => name === card.output);
  if (!output) return `it gives no "${card.output}"; it gives ${shape.outputs.map(({ name }) => name).join(', ')}`;
  if (output.element !== 1) return `its output "${card.output}" is no tensor of float32`;
  const width = output.dims?.at(-1) ?? card.labels.length;
  if (output.dims?.length !== 2 || width !== card.labels.length)
    return `its output "${card.output}" has ${width} columns, and its card names ${card.labels.length} labels`;
  return null;
}
