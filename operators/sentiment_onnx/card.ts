import { z } from 'zod';
import { CARD_HEAD, CARD_RECORD, fileFault, hash, readCard, sha256 } from '../onnx/card-file.ts';
import type { ModelShape } from '../onnx/shape.ts';

/** What a text can be called, in the order of the columns `p_negative`, `p_neutral`, `p_positive`. */
export const LABELS = ['negative', 'neutral', 'positive'] as const;

/** Tensors that a transformer takes, those it has. */
export const TOKENS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
const REQUIRED = ['input_ids', 'attention_mask'] as const;
const INT64 = 7;

/** What a card may say. */
export const textCardShape = z.strictObject({
  ...CARD_HEAD,
  tokenizer_sha256: hash('SHA-256 of its tokenizer.json; with other words it would read another text'),
  labels: z
    .array(z.enum(LABELS))
    .min(2)
    .max(3)
    .refine((labels) => new Set(labels).size === labels.length, 'names a label twice')
    .meta({ description: 'what each column of its output stands for: negative, neutral, positive, in its order' }),
  output: z.string().min(1).default('logits').meta({ description: 'its output tensor of one number a label, before the softmax' }),
  ...CARD_RECORD,
});

/** The card of a text classifier. */
export type TextCard = z.output<typeof textCardShape>;

export const parseTextCard = (path: string, text: string) => readCard<TextCard>(textCardShape, path, text);

/** Why a model is not what its card says, in words that follow `model "x":`; null when it is. */
export const textModelFault = (bytes: Uint8Array, card: TextCard): string | null =>
  fileFault(bytes, card, (shape) => shapeFault(card, shape));

/** Why a tokenizer is not the one that the model learned with, in words that follow `tokenizer "x":`; null when it is. */
export function tokenizerFault(bytes: Uint8Array, { tokenizer_sha256 }: TextCard): string | null {
  if (!isTokenizer(bytes)) return 'it is no tokenizer.json of a transformer';
  return sha256(bytes) === tokenizer_sha256 ? null : 'it is not the file that the card of the model was written for: another SHA-256';
}

function isTokenizer(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && 'model' in value && typeof value.model === 'object';
  } catch {
    return false;
  }
}

function shapeFault(card: TextCard, shape: ModelShape): string | null {
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
