import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { carryAll, nativeKernel } from '../../native/kernel.ts';
import { compiled } from '../expression/compiled.ts';
import { programOf } from '../expression/program.ts';
import { inputSchema } from '../expression/stateless.ts';
import type { FilterParams } from './kernel.ts';

/** `filter` over columns, in Rust. */
export function nativeFilter(context: KernelContext<FilterParams>): Kernel {
  const schema = inputSchema(context);
  const { typed, columns } = compiled(context.params.where, schema, 'bool');
  return nativeKernel({
    kernel: 'filter',
    params: { where: programOf(typed) },
    inputs: { [INPUT_PORT]: { schema, columns } },
    outputs: { [MAIN_PORT]: { schema, carry: carryAll(schema, 'taken') } },
  });
}
