import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { columnsRead } from './layout.ts';
import type { MatchParams } from './operator.ts';

/** The kernel `match` of `native/kernels`, around the exchange core of `native/match`. */
export function nativeMatch({ params, inputs, outputs, read: wanted }: KernelContext<MatchParams>): Kernel {
  const read = Object.entries(inputs).map(([port, schema]) => [port, { schema, columns: columnsRead(port, schema) }] as const);
  const ports = Object.entries(outputs).filter(([port]) => port === REJECTED_PORT || (wanted?.has(port) ?? true));
  const written = ports.map(([port, schema]) =>
    port === REJECTED_PORT ? ([port, { schema: REJECT_SCHEMA, carry: 'rejected' }] as const) : ([port, { schema }] as const),
  );
  return nativeKernel({ kernel: 'match', params, inputs: Object.fromEntries(read), outputs: Object.fromEntries(written) });
}
