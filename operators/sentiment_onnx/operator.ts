import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { size } from '../../graph/contract/params.ts';
import { cardPath } from '../onnx/card-file.ts';
import { parseTextCard } from './card.ts';
import { openSentimentOnnx } from './effect.ts';
import { sentimentOnnxKernel } from './kernel.ts';
import { sentimentOnnxSchema } from './layout.ts';

const params = z.strictObject({
  model: z.string().min(1).meta({ description: 'text classifier: an ONNX file, with its card (`<file>.json`) beside it', unit: 'path' }),
  tokenizer: z.string().min(1).meta({ description: "the model's tokenizer.json, the file whose SHA-256 the card names", unit: 'path' }),
  column: z.string().min(1).default('headline').meta({ description: 'column of the text' }),
  pair: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'column of a second text that the model takes beside it, such as the entity that the sentiment is toward' }),
  max_tokens: z
    .int()
    .min(8)
    .max(8192)
    .default(128)
    .meta({ description: 'tokens of a row that the model sees; the rest is cut off', unit: 'tokens' }),
  max_bytes: size().default(65_536).meta({ description: 'longer texts leave on `rejected`' }),
  rows: z.int().min(1).max(1024).default(32).meta({ description: 'rows that the model is asked about at once', unit: 'rows' }),
});

/** Parameters of `sentiment_onnx`, after defaults. */
export type SentimentOnnxParams = z.output<typeof params>;

/** Asks a transformer of the user's own what a text says. The answers are recorded, so that a re-run asks nothing. */
export const sentimentOnnx = defineOperator({
  name: 'sentiment_onnx',
  summary: "Sentiment of texts by a transformer of one's own: tokenizer and ONNX model.",
  source: 'Vaswani et al., Attention Is All You Need (2017); tokenizers as in tokenizer.json of Hugging Face',
  semantics: 1,
  determinism: 'effect',
  params,
  inputs: { [INPUT_PORT]: { description: 'rows with a text' } },
  outputs: {
    [MAIN_PORT]: {
      description:
        'the rows with label, probabilities, sentiment and confidence; null where there is no text, and with `failure` where the model cannot take it',
    },
    [REJECTED_PORT]: { description: 'rows whose text is too long' },
  },
  groups: () => null,
  schema: sentimentOnnxSchema,
  files: ({ model, tokenizer }) => [
    { path: model, place: { path: ['model'] }, binary: true },
    { path: cardPath(model), place: { path: ['model'] }, current: true },
    { path: tokenizer, place: { path: ['tokenizer'] }, binary: true },
  ],
  inspect({ model }, files) {
    const parsed = parseTextCard(cardPath(model), files.get(cardPath(model)) ?? '');
    return 'faults' in parsed ? parsed.faults : [];
  },
  create: sentimentOnnxKernel,
  effect: openSentimentOnnx,
});
