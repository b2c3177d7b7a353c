import { type RecordBatch, Type } from 'apache-arrow';
import { type Column, columnAt, columnIndex, isValid } from '../contract/batch.ts';
import { REJECT_SCHEMA } from '../contract/columns.ts';
import { REJECTED_PORT } from '../contract/operator.ts';
import { batchText, sameTexts, schemaText } from './canonical.ts';
import type { Push } from './epochs.ts';
import { decoded } from './layout.ts';
import type { Subject } from './subject.ts';

/** What an emitted batch has that its port did not declare; null when all is as declared. */
export function schemaFault(subject: Subject, port: string, batch: RecordBatch, push: Push | null): string | null {
  const declared = port === REJECTED_PORT ? REJECT_SCHEMA : subject.outputs[port];
  if (!declared || (port === REJECTED_PORT && !subject.outputs[port])) return 'there is no such port';
  if (schemaText(batch.schema) !== schemaText(declared)) return `schema ${schemaText(batch.schema)}, declared ${schemaText(declared)}`;
  for (const [i, field] of declared.fields.entries()) {
    const column = columnAt(batch, i);
    const fault = columnFault(column, batch.numRows, field.nullable);
    if (fault) return `column "${field.name}": ${fault}`;
  }
  if (!sameTexts(batchText(decoded(batch)), batchText(batch))) return 'other rows after a trip through an Arrow stream';
  if (port !== REJECTED_PORT) return null;
  if (!push) return 'rejected rows outside a push';
  const rows = columnAt(batch, columnIndex(declared, 'row')).values as Int32Array;
  const wrong = [...rows.subarray(0, batch.numRows)].find((row) => row < 0 || row >= push.rows.length);
  return wrong === undefined ? null : `row ${wrong} of a batch of ${push.rows.length}`;
}

function columnFault(column: Column, rows: number, nullable: boolean): string | null {
  if (column.length !== rows) return `${column.length} values in a batch of ${rows} rows`;
  for (let row = 0; row < rows; row++) {
    if (!isValid(column, row)) {
      if (!nullable) return `null in row ${row}, which its field does not allow`;
    } else if (column.type.typeId === Type.Dictionary) {
      const code = (column.values as Int32Array)[row] ?? -1;
      if (code < 0 || code >= (column.dictionary?.length ?? 0)) return `code ${code} of a dictionary of ${column.dictionary?.length ?? 0}`;
    }
  }
  return null;
}
