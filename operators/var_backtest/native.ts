import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { keysOf } from '../statistics/columns.ts';
import { tailParts } from '../statistics/params.ts';
import type { VarBacktestParams } from './operator.ts';

/** The kernel of `native/kernels/src/var_backtest`. */
export function nativeVarBacktest({ params, inputs, outputs }: KernelContext<VarBacktestParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const by = keysOf(params.by, schema);
  const { realised, window, lag, min_rows, confidence } = params;
  return nativeKernel({
    kernel: 'var_backtest',
    params: { by, var: params.var, realised, window, lag, min_rows: min_rows ?? window, tail: tailParts(confidence) },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', ...by, params.var, realised])] } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
