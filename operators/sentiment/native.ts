import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type FileFault, INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { createNative } from '../../native/index.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { entitiesOf, textOf } from './entities.ts';
import { sourceOf } from './layout.ts';
import type { SentimentParams } from './operator.ts';
import { sourcesOf } from './sources.ts';

/** The kernel of `native/kernels/src/sentiment`. */
export function nativeSentiment({ params, inputs, outputs, files }: KernelContext<SentimentParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const source = sourceOf(schema);
  const { column, entities, model, sources, default_credibility, html, max_bytes, max_entities, abstain, other_languages } = params;
  return nativeKernel({
    kernel: 'sentiment',
    params: {
      headline: column,
      source,
      entities: entities === undefined ? [] : entitiesOf(entities, files),
      model: model === undefined ? null : textOf(model, files),
      sources: sourcesOf(sources, files),
      default_credibility,
      html,
      max_bytes,
      max_entities,
      abstain,
      score_other: other_languages === 'score',
    },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', column, ...(source === null ? [] : [source])])] } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}

/** What the native reader says against a model file. */
export function inspectModel(path: string, files: ReadonlyMap<string, string>): readonly FileFault[] {
  const columns = [
    { name: 'ts_event', type: 'i64' },
    { name: 'headline', type: 'bytes' },
  ];
  const params = {
    headline: 'headline',
    source: null,
    entities: [],
    model: files.get(path) ?? '',
    sources: {},
    default_credibility: 0,
    html: false,
    max_bytes: 0,
    max_entities: 0,
    abstain: 0,
    score_other: false,
  };
  const port = (name: string) => ({ name, columns: [] });
  try {
    createNative('sentiment', JSON.stringify({ params, inputs: [{ name: 'in', columns }], outputs: [port('out'), port('rejected')] }));
    return [];
  } catch (cause) {
    if (!(cause instanceof MillraceError) || !cause.code.startsWith('model-')) throw cause;
    return [{ path, from: 0, to: 1, message: cause.message.replace(/^kernel sentiment: /, '') }];
  }
}
