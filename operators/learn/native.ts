import type { Schema } from 'apache-arrow';
import { columnIndex } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { LABELLED_PORT, ORIGIN, sharedKeys } from '../learning/columns.ts';
import { carriedOf, SCORES_PORT, settingsOf } from './layout.ts';
import type { LearnParams } from './operator.ts';

/** The kernel of `native/kernels/src/learn`. */
export function nativeLearn({ params, inputs, outputs }: KernelContext<LearnParams>): Kernel {
  const { [INPUT_PORT]: given, [LABELLED_PORT]: labelled } = inputs as Readonly<Record<string, Schema>>;
  const by = sharedKeys(params.by, inputs, [INPUT_PORT, LABELLED_PORT]);
  const { features, model, scale, missing, warm_up, score_window, pending, max_keys } = params;
  const settings = settingsOf(params);
  const optional = [ORIGIN, ...(params.horizon === undefined ? [] : ['horizon'])].filter(
    (name) => labelled && columnIndex(labelled, name) >= 0,
  );
  const read = ['ts_event', ...by, ...features];
  return nativeKernel({
    kernel: 'learn',
    params: { ...settings, by, features, model, scale, missing, warm_up, score_window, pending, max_keys },
    inputs: {
      [INPUT_PORT]: { schema: given as Schema, columns: [...new Set(read)] },
      [LABELLED_PORT]: { schema: labelled as Schema, columns: [...new Set([...read, ...optional, settings.label])] },
    },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(given as Schema, 'taken') },
      [SCORES_PORT]: {
        schema: outputs[SCORES_PORT] as Schema,
        carry: { rows: 'taken', columns: new Map(carriedOf(params, inputs).map((name) => [name, name])) },
      },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
