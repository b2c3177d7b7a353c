import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { aggregatedOf, LATE_PORT } from './layout.ts';
import type { AggregateParams } from './operator.ts';

/** So many keys are known also without an open window; more are forgotten when most have none. */
const KEPT_KEYS = 1024;

/** The kernel of `native/kernels/src/aggregate`. */
export function nativeAggregate({ params, inputs, outputs }: KernelContext<AggregateParams>, keptKeys = KEPT_KEYS): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const { every, size = every, by } = params;
  const aggregated = aggregatedOf(params);
  const used = aggregated.flatMap(({ column }) => (column === null ? [] : [column]));
  return nativeKernel({
    kernel: 'aggregate',
    params: {
      ...{ every, size, by, kept_keys: keptKeys },
      columns: aggregated.map((one) => ({ function: one.function, column: one.column })),
    },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', ...by, ...used])] } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema },
      [LATE_PORT]: { schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
