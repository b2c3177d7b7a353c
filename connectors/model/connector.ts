import { type Schema, Type } from 'apache-arrow';
import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import type { Connector } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { duration } from '../../graph/contract/params.ts';

const params = z.strictObject({
  path: z
    .string()
    .regex(/\.onnx$/, 'expected a path that ends in .onnx')
    .meta({
      description: 'the model: an ONNX file; its card (`<path>.json`) and its report (`<path>.html`) are written beside it',
      unit: 'path',
    }),
  name: z.string().min(1).max(200).optional().meta({ description: 'what rows say it was made by; default the name of the file' }),
  features: z.array(z.string().min(1)).min(1).max(1000).meta({ description: 'columns that the model sees' }),
  l2: z
    .number()
    .min(0)
    .max(1e9)
    .default(1)
    .meta({ description: 'strength of the L2 penalty on the coefficients of standardised features' }),
  folds: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .meta({ description: 'steps of the walk forward: each tests what was learnt from all before it' }),
  embargo: duration()
    .default(0n)
    .meta({ description: 'how long before the first tested row the last return that is learnt from must be known' }),
  coverage: z.number().gt(0.5).lt(1).default(0.9).meta({ description: 'probability that an interval of the return is to hold it' }),
  cost_bps: z
    .number()
    .min(0)
    .max(1000)
    .default(1)
    .meta({ description: 'cost of a change of position by one unit in the report', unit: 'basis points' }),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .meta({ description: 'of the resamples behind the intervals of the report' }),
});

/** Parameters of a model that is trained, after defaults. */
export type ModelParams = z.output<typeof params>;

const LABELS = [
  ['ts_event', [Type.Timestamp]],
  ['ts_origin', [Type.Timestamp]],
  ['horizon', [Type.Dictionary, Type.Utf8]],
  ['label_return', [Type.Float]],
  ['label_up', [Type.Bool]],
] as const;
/** What only the future tells. */
const FUTURE: readonly string[] = ['label_return', 'label_up'];
const NUMBERS: readonly Type[] = [Type.Float, Type.Int, Type.Bool];

/** The rows that `millrace train` makes a model of: those of operator `label`. */
export const modelConnector: Connector = {
  name: 'model',
  summary: 'A model that `millrace train` makes of labelled rows: ONNX with its card, and a report.',
  connection: null,
  sink: {
    params,
    accepts: (schema: Schema, given: ModelParams) => {
      const typeOf = (name: string): Type | undefined => schema.fields[columnIndex(schema, name)]?.type.typeId;
      const label = LABELS.find(([name, types]) => !(types as readonly (Type | undefined)[]).includes(typeOf(name)));
      if (label) return `it has no column "${label[0]}" as operator label gives it`;
      const told = given.features.find((name) => FUTURE.includes(name));
      if (told !== undefined) return `"${told}" is named as a feature, and only the future tells it`;
      const feature = given.features.find((name) => !NUMBERS.includes(typeOf(name) ?? Type.Null));
      return feature === undefined ? null : `it has no column "${feature}" of numbers, which is named as a feature`;
    },
    target: ({ path }: ModelParams) => path,
    files: ({ path }: ModelParams) => [path, `${path}.json`, `${path}.html`],
    madeBy: 'millrace train',
    block: { rows: 10_000, bytes: 1 << 22, ms: 1000 },
    describe: ({ path }: ModelParams) => `model ${path}`,
    open: () =>
      Promise.reject(
        new MillraceError('a model is made of history, not of a stream', {
          code: 'model-needs-train',
          domain: 'user',
          remedy: 'run millrace train',
        }),
      ),
  },
};
