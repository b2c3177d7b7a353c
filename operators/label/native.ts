import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { showDuration } from '../../graph/contract/units.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { IGNORED_PORT, keysOf, UNLABELLED_PORT } from './layout.ts';
import type { LabelParams } from './operator.ts';

/** The kernel of `native/kernels/src/label`. */
export function nativeLabel({ params, inputs, outputs }: KernelContext<LabelParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const { horizon, max_age, price, max_keys } = params;
  return nativeKernel({
    kernel: 'label',
    params: { horizon, horizon_text: showDuration(horizon), max_age, price, by: keysOf(params, schema), max_keys },
    inputs: { [INPUT_PORT]: { schema } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema },
      [UNLABELLED_PORT]: { schema },
      [IGNORED_PORT]: { schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
