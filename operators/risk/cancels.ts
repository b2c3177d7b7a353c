import { type Data, type DataType, type RecordBatch, type Schema, Type } from 'apache-arrow';
import { batchOfData, columnIndex, dictionaryVector, makeColumn } from '../../graph/contract/batch.ts';

const CANCEL = dictionaryVector(['cancel']);
const NOTHING = dictionaryVector(['']);

/** Cancels (`CANCEL_SCHEMA`) as rows of the orders' schema: `action` is `cancel`, columns that a cancel does not have are null. */
export function cancelRows(cancels: RecordBatch, orders: Schema): RecordBatch {
  const rows = cancels.numRows;
  const children = orders.fields.map(({ name, type }): Data => {
    if (name === 'action') return makeColumn(type, rows, { values: new Int32Array(rows), dictionary: CANCEL });
    const at = columnIndex(cancels.schema, name);
    return at < 0 ? nulls(type, rows) : (cancels.data.children[at] as Data);
  });
  return batchOfData(orders, rows, children);
}

function nulls(type: DataType, rows: number): Data {
  const valid = new Uint8Array((rows + 7) >> 3);
  switch (type.typeId) {
    case Type.Bool:
      return makeColumn(type, rows, { values: new Uint8Array((rows + 7) >> 3), valid });
    case Type.Utf8:
    case Type.Binary:
      return makeColumn(type, rows, { values: new Uint8Array(0), offsets: new Int32Array(rows + 1), valid });
    case Type.Dictionary:
      return makeColumn(type, rows, { values: new Int32Array(rows), dictionary: NOTHING, valid });
    case Type.Float:
      return makeColumn(type, rows, { values: new Float64Array(rows), valid });
    default: {
      const narrow = type.typeId === Type.Int && (type as DataType & { bitWidth: number }).bitWidth === 32;
      return makeColumn(type, rows, { values: narrow ? new Int32Array(rows) : new BigInt64Array(rows), valid });
    }
  }
}
