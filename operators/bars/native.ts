import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { keysOf, LATE_PORT, sideOf } from './layout.ts';
import type { BarsParams } from './operator.ts';

/** The kernel of `native/kernels/src/bars`. */
export function nativeBars({ params, inputs, outputs }: KernelContext<BarsParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const by = keysOf(params, schema);
  const side = sideOf(params, schema);
  const { every, empty, max_empty, price, size } = params;
  return nativeKernel({
    kernel: 'bars',
    params: { every, empty, max_empty, price, size, side, by },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', price, size, ...(side === null ? [] : [side]), ...by])] } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema },
      [LATE_PORT]: { schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
