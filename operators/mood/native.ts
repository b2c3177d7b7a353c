import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { horizonOf, IGNORED_PORT, moodColumns } from './layout.ts';
import type { MoodParams } from './operator.ts';

/** The kernel of `native/kernels/src/mood`. */
export function nativeMood({ params, inputs, outputs }: KernelContext<MoodParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const { every, half_life, emit, prior_weight, max_headlines, max_keys } = params;
  return nativeKernel({
    kernel: 'mood',
    params: {
      every,
      half_life,
      horizon: horizonOf(params),
      prior_weight,
      max_headlines,
      max_keys,
      grid: emit !== 'row',
      rows: emit !== 'grid',
    },
    inputs: { [INPUT_PORT]: { schema, columns: moodColumns(schema) } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema },
      [IGNORED_PORT]: { schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
