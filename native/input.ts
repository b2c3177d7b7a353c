import { type DataType, type RecordBatch, type Schema, Type, type Utf8, type Vector } from 'apache-arrow';
import { columnAt, columnIndex, dictionaryStrings, dictionaryVector } from '../graph/contract/batch.ts';
import { MillraceError } from '../graph/contract/error.ts';
import type { Crossing, NativeKernel } from './index.ts';

/** A column as the Rust side is told of it. */
export interface ColumnSpec {
  readonly name: string;
  readonly type: 'f64' | 'i64' | 'i32' | 'bool' | 'bytes' | 'word';
}

function kindOf(type: DataType): ColumnSpec['type'] | null {
  switch (type.typeId) {
    case Type.Float:
      return 'f64';
    case Type.Timestamp:
      return 'i64';
    case Type.Int:
      return (type as DataType & { bitWidth: number }).bitWidth === 64 ? 'i64' : 'i32';
    case Type.Bool:
      return 'bool';
    case Type.Utf8:
    case Type.Binary:
      return 'bytes';
    case Type.Dictionary:
      return 'word';
    default:
      return null;
  }
}

/** The named columns of a schema (all when not named), as Rust is told of them. */
export function columnSpecs(schema: Schema, names: readonly string[] = schema.fields.map((field) => field.name)): ColumnSpec[] {
  return names.map((name) => {
    const field = schema.fields[columnIndex(schema, name)];
    const type = field ? kindOf(field.type) : null;
    if (type === null) throw new MillraceError(`column "${name}" cannot cross to a kernel`, { code: 'column-type', domain: 'internal' });
    return { name, type };
  });
}

/** One input port: lays the needed columns of a batch out for `NativeKernel.push`. */
export class InputBinder {
  readonly #native: NativeKernel;
  readonly #port: number;
  readonly #indices: readonly number[];
  readonly #registered: (Vector<Utf8> | null)[];
  readonly #buffers: (Crossing | null)[];

  constructor(native: NativeKernel, port: number, schema: Schema, columns: readonly ColumnSpec[]) {
    this.#native = native;
    this.#port = port;
    this.#indices = columns.map((column) => columnIndex(schema, column.name));
    this.#registered = columns.map(() => null);
    this.#buffers = new Array(columns.length * 3).fill(null);
  }

  push(batch: RecordBatch, floorNs: bigint): BigUint64Array | null {
    return this.#native.push(this.#port, batch.numRows, this.#laid(batch), floorNs);
  }

  /** The batch as a part of a merged push. */
  part(batch: RecordBatch): readonly (number | readonly (Crossing | null)[])[] {
    return [this.#port, batch.numRows, this.#laid(batch)];
  }

  /** The buffers of a batch: the same array each time. */
  #laid(batch: RecordBatch): readonly (Crossing | null)[] {
    const buffers = this.#buffers;
    for (let i = 0; i < this.#indices.length; i++) {
      const column = columnAt(batch, this.#indices[i] as number);
      if (column.dictionary !== this.#registered[i]) this.#register(i, column.dictionary);
      buffers[3 * i] = column.values;
      buffers[3 * i + 1] = column.offsets;
      buffers[3 * i + 2] = column.valid;
    }
    return buffers;
  }

  #register(index: number, dictionary: Vector<Utf8> | null): void {
    this.#registered[index] = dictionary;
    if (!dictionary) return;
    const data = (dictionary.data.length === 1 ? dictionary : dictionaryVector(dictionaryStrings(dictionary))).data[0];
    const some = data !== undefined && data.length > 0;
    const offsets = some ? data.valueOffsets.subarray(0, data.length + 1) : new Int32Array(1);
    this.#native.dictionary(this.#port, index, offsets, some ? data.values : new Uint8Array(0));
  }
}
