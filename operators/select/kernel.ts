import { type Data, type RecordBatch, Schema } from 'apache-arrow';
import { batchOfData, columnAt, columnIndex, makeColumn } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { evaluateRows } from '../expression/rows.ts';
import { inputSchema, stateless } from '../expression/stateless.ts';
import type { Checked } from '../expression/typed.ts';
import { layout, type OutputColumn, type SelectParams } from './layout.ts';

/** The output columns of a node that the compiler has accepted. */
export function outputColumns(context: KernelContext<SelectParams>): readonly OutputColumn[] {
  const columns = layout(context.params, inputSchema(context));
  if (!('faults' in columns)) return columns;
  throw new MillraceError(columns.faults[0]?.message ?? 'the columns do not fit', { code: 'expression', domain: 'internal' });
}

/** A batch of the output columns, where `compute` gives those that are expressions. */
export function assemble(
  schema: Schema,
  columns: readonly OutputColumn[],
  batch: RecordBatch,
  compute: (column: OutputColumn, checked: Checked) => Data,
): RecordBatch {
  const children = columns.map((column) => {
    if (column.source.kind === 'expression') return compute(column, column.source.checked);
    return makeColumn(column.field.type, batch.numRows, columnAt(batch, columnIndex(batch.schema, column.source.name)));
  });
  return batchOfData(schema, batch.numRows, children);
}

/** `select`, a row at a time. */
export function referenceSelect(context: KernelContext<SelectParams>): Kernel {
  const columns = outputColumns(context);
  const schema = new Schema(columns.map((column) => column.field));
  return stateless((batch, emit) => {
    const compute = ({ field }: OutputColumn, checked: Checked): Data => {
      const values = evaluateRows(checked, batch);
      const one = batchOf(
        new Schema([field]),
        values.map((value) => ({ [field.name]: value })),
      );
      return one.data.children[0] as Data;
    };
    emit(MAIN_PORT, assemble(schema, columns, batch, compute));
  });
}
