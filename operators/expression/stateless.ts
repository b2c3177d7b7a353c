import type { RecordBatch, Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Emit, Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext } from '../../graph/contract/operator.ts';

/** A kernel that keeps nothing between batches. */
export function stateless(push: (batch: RecordBatch, emit: Emit) => void): Kernel {
  return {
    push: (batch, _port, emit) => {
      if (batch.numRows > 0) push(batch, emit);
    },
    advance: () => undefined,
    nextTimer: () => null,
    snapshot: () => [],
    restore: () => undefined,
  };
}

/** The schema of the only input. */
export function inputSchema(context: KernelContext<unknown>): Schema {
  const schema = context.inputs[INPUT_PORT];
  if (!schema) throw new MillraceError('the kernel has no input', { code: 'input-absent', domain: 'internal' });
  return schema;
}
