import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { keysOf } from './layout.ts';
import type { IndicatorsParams } from './operator.ts';
import { resolveSeries } from './series.ts';

/** The kernel of `native/kernels/src/indicators`. */
export function nativeIndicators({ params, inputs, outputs }: KernelContext<IndicatorsParams>): Kernel {
  const schema = inputs[INPUT_PORT] as Schema;
  const by = keysOf(params, schema);
  const read = params.series.flatMap((entry) => resolveSeries(entry).inputs.map(({ column }) => column));
  return nativeKernel({
    kernel: 'indicators',
    params: { by, series: params.series },
    inputs: { [INPUT_PORT]: { schema, columns: [...new Set([...by, ...read])] } },
    outputs: { [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema, carry: carryAll(schema, 'all') } },
  });
}
