import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { DUPLICATES_PORT, LATE_PORT } from './layout.ts';
import type { DeduplicateParams } from './operator.ts';

/** The kernel of `native/kernels/src/deduplicate`. */
export function nativeDeduplicate({ params, inputs, outputs }: KernelContext<DeduplicateParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const carry = carryAll(schema, 'taken');
  return nativeKernel({
    kernel: 'deduplicate',
    params,
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', params.column, ...params.by])] } },
    outputs: {
      [MAIN_PORT]: { schema, carry },
      [DUPLICATES_PORT]: { schema: outputs[DUPLICATES_PORT] as Schema, carry },
      [LATE_PORT]: { schema, carry },
    },
  });
}
