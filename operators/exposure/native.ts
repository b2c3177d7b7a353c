import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { sectorsOf } from '../instruments/sectors.ts';
import { explained, REFUSED_PORT, REFUSED_SCHEMA } from '../money/refused.ts';
import { explainValued, VALUED_COLUMNS, VALUED_REFUSALS } from '../money/valued.ts';
import type { ExposureParams } from './operator.ts';

/** The kernel of `native/kernels/src/exposure`. */
export function nativeExposure(context: KernelContext<ExposureParams>): Kernel {
  const { params, inputs, outputs } = context;
  const sectors = sectorsOf(context);
  const native = nativeKernel({
    kernel: 'exposure',
    params: { by: params.by, symbols: [...sectors.keys()], sectors: [...sectors.values()] },
    inputs: { [INPUT_PORT]: { schema: inputs[INPUT_PORT] as Schema, columns: VALUED_COLUMNS } },
    outputs: { [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema }, [REFUSED_PORT]: { schema: REFUSED_SCHEMA, namesRows: true } },
  });
  return explained(native, VALUED_REFUSALS, explainValued);
}
