import { type Data, type RecordBatch, Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { programOf } from '../expression/program.ts';
import { inputSchema, stateless } from '../expression/stateless.ts';
import { assemble, outputColumns } from './kernel.ts';
import type { SelectParams } from './layout.ts';

/** `select` over columns, in Rust; columns that only pass do not cross. */
export function nativeSelect(context: KernelContext<SelectParams>): Kernel {
  const columns = outputColumns(context);
  const schema = new Schema(columns.map((column) => column.field));
  const computed = columns.flatMap(({ field, source }) => (source.kind === 'expression' ? [{ field, checked: source.checked }] : []));
  if (computed.length === 0)
    return stateless((batch, emit) =>
      emit(
        MAIN_PORT,
        assemble(schema, columns, batch, () => never()),
      ),
    );

  const used = [...new Set(computed.flatMap(({ checked }) => checked.columns))];
  const programs = computed.map(({ checked }) => programOf(checked.typed, (column) => used.indexOf(checked.columns[column] ?? '')));
  const native = nativeKernel({
    kernel: 'select',
    params: { columns: programs },
    inputs: { [INPUT_PORT]: { schema: inputSchema(context), columns: used } },
    outputs: { [MAIN_PORT]: { schema: new Schema(computed.map(({ field }) => field)) } },
  });
  return stateless((batch, emit) => {
    let values: RecordBatch | null = null;
    native.push(batch, INPUT_PORT, (_port, rows) => { values = rows; }, 0n); // biome-ignore format: one step
    const children = (values as RecordBatch | null)?.data.children ?? [];
    let next = 0;
    emit(
      MAIN_PORT,
      assemble(schema, columns, batch, () => (children[next++] as Data | undefined) ?? never()),
    );
  });
}

function never(): never {
  throw new MillraceError('the native kernel gave no values', { code: 'kernel-output', domain: 'internal' });
}
