import { gather } from '../../graph/contract/batch.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { compiled } from '../expression/compiled.ts';
import { evaluateRows } from '../expression/rows.ts';
import { inputSchema, stateless } from '../expression/stateless.ts';

/** Parameters of `filter`. */
export interface FilterParams {
  readonly where: string;
}

/** `filter`, a row at a time. */
export function referenceFilter(context: KernelContext<FilterParams>): Kernel {
  const where = compiled(context.params.where, inputSchema(context), 'bool');
  return stateless((batch, emit) => {
    const kept = evaluateRows(where, batch).flatMap((value, row) => (value === true ? [row] : []));
    if (kept.length > 0) emit(MAIN_PORT, gather(batch.schema, [batch], null, Int32Array.from(kept)));
  });
}
