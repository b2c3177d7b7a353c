import { type DataType, type RecordBatch, type Schema, Type } from 'apache-arrow';
import { type Column, type ColumnValues, columnAt, DictionaryTable, dictionaryStrings, isValid, makeBatch } from './batch.ts';

/** A value of one row: bigint for Int64 and Timestamp (ns), number, string, boolean, bytes, or null. */
export type Cell = bigint | number | string | boolean | Uint8Array | null;
export type Row = Readonly<Record<string, Cell>>;

/** One value. Slow: for tests, reference kernels, printing and rejected rows, never for a hot path. */
export function cell(column: Column, row: number): Cell {
  if (!isValid(column, row)) return null;
  switch (column.type.typeId) {
    case Type.Bool:
      return ((((column.values as Uint8Array)[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
    case Type.Dictionary:
      return column.dictionary ? (dictionaryStrings(column.dictionary)[(column.values as Int32Array)[row] ?? 0] ?? null) : null;
    case Type.Utf8:
      return Buffer.from((column.values as Uint8Array).subarray(column.offsets?.[row], column.offsets?.[row + 1])).toString('utf8');
    case Type.Binary:
      return (column.values as Uint8Array).slice(column.offsets?.[row], column.offsets?.[row + 1]);
    default:
      return column.values[row] ?? null;
  }
}

/** The rows of a batch as objects. Slow, as `cell`. */
export function rowsOf(batch: RecordBatch): Row[] {
  const columns = batch.schema.fields.map((field, i) => [field.name, columnAt(batch, i)] as const);
  return Array.from({ length: batch.numRows }, (_, row) => Object.fromEntries(columns.map(([name, column]) => [name, cell(column, row)])));
}

/** One row of a batch as JSON text, int64 and bytes as strings, so that no digit is lost. Slow, as `cell`. */
export function rowText(batch: RecordBatch, row: number): string {
  const entries = batch.schema.fields.map((field, i) => {
    const value = cell(columnAt(batch, i), row);
    if (typeof value === 'bigint') return [field.name, value.toString()];
    if (value instanceof Uint8Array) return [field.name, Buffer.from(value).toString('utf8')];
    if (typeof value === 'number' && !Number.isFinite(value)) return [field.name, String(value)];
    return [field.name, value];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

/** A batch of the given rows; an absent cell is null. Throws a RangeError for a number that its column cannot hold. Slow, as `cell`. */
export function batchOf(schema: Schema, rows: readonly Row[]): RecordBatch {
  const columns = schema.fields.map((field) =>
    columnOf(
      field.type,
      rows.map((row) => (Object.hasOwn(row, field.name) ? (row[field.name] ?? null) : null)),
    ),
  );
  return makeBatch(schema, rows.length, columns);
}

function columnOf(type: DataType, cells: readonly Cell[]): ColumnValues {
  const n = cells.length;
  let valid: Uint8Array | null = null;
  if (cells.some((c) => c === null)) {
    valid = new Uint8Array((n + 7) >> 3);
    for (let i = 0; i < n; i++) if (cells[i] !== null) valid[i >> 3] = (valid[i >> 3] ?? 0) | (1 << (i & 7));
  }
  switch (type.typeId) {
    case Type.Bool: {
      const values = new Uint8Array((n + 7) >> 3);
      for (let i = 0; i < n; i++) if (cells[i] === true) values[i >> 3] = (values[i >> 3] ?? 0) | (1 << (i & 7));
      return { values, valid };
    }
    case Type.Dictionary: {
      const table = new DictionaryTable();
      const values = Int32Array.from(cells, (c) => (c === null ? 0 : table.code(String(c))));
      if (table.strings.length === 0) table.code(''); // a null row still needs a dictionary to point into
      return { values, valid, dictionary: table.vector };
    }
    case Type.Utf8:
    case Type.Binary: {
      const parts = cells.map((c) => (c instanceof Uint8Array ? c : Buffer.from(c === null ? '' : String(c), 'utf8')));
      const offsets = new Int32Array(n + 1);
      parts.forEach((part, i) => {
        offsets[i + 1] = (offsets[i] ?? 0) + part.length;
      });
      return { values: new Uint8Array(Buffer.concat(parts)), offsets, valid };
    }
    case Type.Float:
      return { values: Float64Array.from(cells, (c) => Number(c ?? 0)), valid };
    case Type.Int:
    case Type.Timestamp:
      if (type.typeId === Type.Int && (type as DataType & { bitWidth: number }).bitWidth === 32)
        return { values: Int32Array.from(cells, int32), valid };
      return { values: BigInt64Array.from(cells, int64), valid };
    default:
      throw new TypeError(`columns of type ${type} are not supported`);
  }
}

function int32(cell: Cell): number {
  const value = Number(cell ?? 0);
  if ((value | 0) !== value) throw new RangeError(`${value} is not an Int32`);
  return value;
}

function int64(cell: Cell): bigint {
  const value = BigInt((cell as bigint | number | null) ?? 0);
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`${value} is not an Int64`);
  return value;
}
