import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { keysOf, LEFT_PORT, RIGHT_PORT, takenOf, UNMATCHED_PORT } from './layout.ts';
import type { AsOfParams } from './operator.ts';

/** The kernel of `native/kernels/src/as_of`. */
export function nativeAsOf({ params, inputs, outputs }: KernelContext<AsOfParams>): Kernel {
  const [left, right] = [inputs[LEFT_PORT] as Schema, inputs[RIGHT_PORT] as Schema];
  const by = keysOf(params, left, right);
  const columns = takenOf(params, left, right);
  return nativeKernel({
    kernel: 'as_of',
    params: {
      by,
      columns,
      tolerance: params.tolerance ?? null,
      exclude: params.ties === 'exclude',
      keep: params.unmatched === 'keep',
      max_keys: params.max_keys,
    },
    inputs: {
      [RIGHT_PORT]: { schema: right, columns: [...new Set(['ts_event', ...by, ...columns])] },
      [LEFT_PORT]: { schema: left, columns: ['ts_event', ...by] },
    },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(left, 'taken') },
      [UNMATCHED_PORT]: { schema: left, carry: carryAll(left, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
