import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { parseCard } from '../onnx/card.ts';
import { openPredict } from './effect.ts';
import { predictKernel } from './kernel.ts';
import { predictSchema, SHADOW_PORT, SWITCH_PORT } from './layout.ts';
import { filesOf } from './models.ts';

const model = () => z.string().min(1);

const params = z.strictObject({
  model: model().meta({
    description: 'the model that answers: an ONNX file, with its card (`<file>.json`) beside it, as docs/models.md tells',
    unit: 'path',
  }),
  versions: z
    .array(model())
    .max(16)
    .default([])
    .meta({ description: 'models that can take its place while the pipeline runs, when the port `switch` names them', unit: 'paths' }),
  shadow: z
    .array(model())
    .max(16)
    .default([])
    .meta({ description: 'models on trial: they answer every row, on the port `shadow`, for the record alone', unit: 'paths' }),
  missing: z.enum(['null', 'reject']).default('null').meta({
    description: 'what a row gets that lacks a feature (null or NaN): null answers with a count of what is missing, or the port `rejected`',
  }),
});

/** Parameters of `predict`, after defaults. */
export type PredictParams = z.output<typeof params>;

/**
 * Asks a model about every row. Rows leave as they came, once a horizon, with the answers. The answers are recorded, so that a re-run
 * asks nothing; the model is the file whose SHA-256 its card names, or nothing starts.
 */
export const predict = defineOperator({
  name: 'predict',
  summary: 'Answers of a model in ONNX to every row: probabilities and expected returns by horizon, with shadow models and versions.',
  source: 'ONNX, onnx/onnx.proto3; ONNX Runtime',
  semantics: 1,
  determinism: 'effect',
  params,
  inputs: {
    [INPUT_PORT]: { description: 'rows with the features that the card of the model names' },
    [SWITCH_PORT]: {
      description: 'which version answers from then on: `model`, its name; from a source with `broadcast: true`, so that every task knows',
      optional: true,
    },
  },
  outputs: {
    [MAIN_PORT]: { description: 'the rows, one a horizon, with the answers of the live model' },
    [SHADOW_PORT]: { description: 'the same from the models on trial; for sinks only' },
    [REJECTED_PORT]: { description: 'rows that lack a feature, where asked for; names of versions that there are not' },
  },
  recordOnly: [SHADOW_PORT],
  groups: () => null,
  schema: predictSchema,
  files: filesOf,
  inspect: (given, files) =>
    filesOf(given).flatMap(({ path, binary }) => {
      const parsed = binary ? null : parseCard(path, files.get(path) ?? '');
      return parsed && 'faults' in parsed ? parsed.faults : [];
    }),
  create: predictKernel,
  effect: openPredict,
});
