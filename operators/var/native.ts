import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { keysOf } from '../statistics/columns.ts';
import { tailParts } from '../statistics/params.ts';
import { assetsOf } from './layout.ts';
import type { VarParams } from './operator.ts';

/** The kernel of `native/kernels/src/var`. */
export function nativeVar({ params, inputs, outputs }: KernelContext<VarParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const by = keysOf(params.by, schema);
  const { columns, weights, contributions, minRows, emitReturn } = assetsOf(params);
  const { returns, window, methods, quantile, lambda } = params;
  return nativeKernel({
    kernel: 'var',
    params: {
      ...{ by, columns, weights, returns, window, methods, quantile, lambda, contributions },
      min_rows: minRows,
      tails: params.confidences.map(tailParts),
      emit_return: emitReturn,
    },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', ...by, ...columns])] } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
