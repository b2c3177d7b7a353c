import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { keysOf } from '../statistics/columns.ts';
import { columnsOf, minRowsOf } from './layout.ts';
import type { PerformanceParams } from './operator.ts';

/** The kernel of `native/kernels/src/performance`. */
export function nativePerformance({ params, inputs, outputs }: KernelContext<PerformanceParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const by = keysOf(params.by, schema);
  const { column, returns, periods_per_year, risk_free, minimum_acceptable_return, ratios, lambda } = params;
  return nativeKernel({
    kernel: 'performance',
    params: {
      ...{ by, column, returns, periods_per_year, risk_free, minimum_acceptable_return, ratios, lambda },
      benchmark: params.benchmark ?? null,
      window: params.window ?? null,
      min_rows: minRowsOf(params),
      emit_return: returns !== 'none',
    },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set(['ts_event', ...by, ...columnsOf(params)])] } },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(schema, 'taken') },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
