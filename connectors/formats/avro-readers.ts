import type { ColumnValues } from '../../graph/contract/batch.ts';
import { BytesReader, EnumReader, JsonReader, WordReader } from './avro-byte-readers.ts';
import type { AvroColumn } from './avro-columns.ts';
import type { Cursor } from './avro-cursor.ts';
import { DecimalReader } from './avro-decimal-reader.ts';
import { BooleanReader, DateReader, FloatReader, IntReader, LongReader, TimeReader } from './avro-fixed-readers.ts';
import { bitmap, type Reader } from './avro-reader.ts';
import { skip } from './avro-text.ts';
import type { AvroType } from './avro-type.ts';

/** The reader of a field, or of what is stepped over. */
export function readerOf(spec: AvroColumn): Reader {
  if (spec.column === null) return new SkipReader(spec.type);
  const value = valueReader(spec.type, spec.column.reading, spec.column.unitNs);
  return spec.union ? new UnionReader(value, spec.nullBranch) : value;
}

function valueReader(type: AvroType, reading: string, unitNs: number): Reader {
  switch (reading) {
    case 'double':
      return new FloatReader('double');
    case 'float':
      return new FloatReader('float');
    case 'int':
      return new IntReader();
    case 'boolean':
      return new BooleanReader();
    case 'text':
      return new BytesReader(null, 'utf8');
    case 'bytes':
      return new BytesReader(null, 'any');
    case 'fixed':
      return new BytesReader(type.kind === 'fixed' ? type.size : 0, 'any');
    case 'word':
      return new WordReader();
    case 'enum':
      return new EnumReader(type.kind === 'enum' ? type.symbols : []);
    case 'decimal':
    case 'exact':
      return new DecimalReader(type, reading === 'exact');
    case 'date':
      return new DateReader();
    case 'time':
      return new TimeReader(unitNs);
    case 'json':
      return new JsonReader(type);
    default:
      return new LongReader();
  }
}

class SkipReader implements Reader {
  readonly #type: AvroType;
  constructor(type: AvroType) {
    this.#type = type;
  }
  start(): void {}
  read(cursor: Cursor): void {
    skip(this.#type, cursor);
  }
  none(): void {}
  finish(): ColumnValues {
    return { values: new Uint8Array(0) };
  }
}

class UnionReader implements Reader {
  readonly #inner: Reader;
  readonly #nullBranch: 0 | 1 | null;
  #present = new Uint8Array(0);
  constructor(inner: Reader, nullBranch: 0 | 1 | null) {
    this.#inner = inner;
    this.#nullBranch = nullBranch;
  }
  start(rows: number): void {
    this.#present = new Uint8Array(rows);
    this.#inner.start(rows);
  }
  read(cursor: Cursor, row: number): void {
    if (cursor.choice(this.#nullBranch === null ? 1 : 2, 'avro-union', 'branch') === this.#nullBranch) {
      this.#present[row] = 0;
      this.#inner.none(row);
    } else {
      this.#present[row] = 1;
      this.#inner.read(cursor, row);
    }
  }
  none(): void {}
  finish(rows: number, source: Uint8Array): ColumnValues {
    const column = this.#inner.finish(rows, source);
    return this.#present.subarray(0, rows).includes(0) ? { ...column, valid: bitmap(this.#present, rows) } : column;
  }
}
