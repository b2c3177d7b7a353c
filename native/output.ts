import { type Data, type DataType, makeData, makeVector, Type, Utf8, type Vector } from 'apache-arrow';
import { makeColumn } from '../graph/contract/batch.ts';

/** Strings that a kernel makes for one output column. The vector stays the same until the kernel tells of new ones. */
export class WordVector {
  #offsets = new Int32Array(1);
  #bytes = new Uint8Array(0);
  #vector: Vector<Utf8> | null = null;

  /** `offsets` starts at 0 and has one more entry than there are new strings. */
  append(offsets: Int32Array, bytes: Uint8Array): void {
    const known = this.#offsets.length;
    const size = this.#bytes.length;
    const grown = new Int32Array(known + offsets.length - 1);
    grown.set(this.#offsets);
    for (let i = 1; i < offsets.length; i++) grown[known + i - 1] = size + (offsets[i] as number);
    const joined = new Uint8Array(size + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, size);
    this.#offsets = grown;
    this.#bytes = joined;
    this.#vector = null;
  }

  get vector(): Vector<Utf8> {
    this.#vector ??= makeVector(
      makeData({ type: new Utf8(), length: this.#offsets.length - 1, nullCount: 0, valueOffsets: this.#offsets, data: this.#bytes }),
    );
    return this.#vector;
  }
}

/** The columns of one block that a kernel handed back; read in order, each once. */
export interface Block {
  readonly port: number;
  readonly rows: number;
  /** Input port of the pushed rows it was written for; -1: none. */
  readonly from: number;
  /** The next column as Arrow data over the buffer, without a copy. */
  column(type: DataType, words: WordVector): Data;
  /** The next column, an Int32 one, as it lies in the buffer. */
  int32(): Int32Array;
}

const BLOCK_INTS = 4;
const COLUMN_INTS = 8;

/** Calls `take` for every block of a buffer, in the order in which they were written; layout in `native/README.md`. */
export function readBlocks(output: BigUint64Array, take: (block: Block) => void): void {
  const { buffer, byteOffset, byteLength } = output;
  const ints = new Int32Array(buffer, byteOffset, byteLength >> 2);
  const blocks = ints[ints.length - 1] as number;
  let at = (ints[ints.length - 2] as number) >> 2;
  for (let i = 0; i < blocks; i++) {
    const [port = 0, rows = 0, columns = 0, from = -1] = ints.subarray(at, at + BLOCK_INTS);
    let next = at + BLOCK_INTS;
    const record = () => {
      next += COLUMN_INTS;
      return next - COLUMN_INTS;
    };
    take({
      port,
      rows,
      from,
      column: (type, words) => readColumn(buffer, byteOffset, ints, record(), rows, type, words),
      int32: () => new Int32Array(buffer, byteOffset + (ints[record()] as number), rows),
    });
    at += BLOCK_INTS + columns * COLUMN_INTS;
  }
}

function readColumn(
  buffer: ArrayBufferLike,
  base: number,
  ints: Int32Array,
  at: number,
  rows: number,
  type: DataType,
  words: WordVector,
): Data {
  const values = base + (ints[at] as number);
  const bytes = ints[at + 1] as number;
  const validAt = ints[at + 2] as number;
  const valid = validAt < 0 ? null : new Uint8Array(buffer, base + validAt, (rows + 7) >> 3);
  switch (type.typeId) {
    case Type.Float:
      return makeColumn(type, rows, { values: new Float64Array(buffer, values, rows), valid });
    case Type.Bool:
      return makeColumn(type, rows, { values: new Uint8Array(buffer, values, bytes), valid });
    case Type.Utf8:
    case Type.Binary: {
      const offsets = new Int32Array(buffer, base + (ints[at + 3] as number), rows + 1);
      return makeColumn(type, rows, { values: new Uint8Array(buffer, values, bytes), offsets, valid });
    }
    case Type.Dictionary: {
      const fresh = ints[at + 4] as number;
      if (fresh > 0) {
        const offsets = new Int32Array(buffer, base + (ints[at + 5] as number), fresh + 1);
        words.append(offsets, new Uint8Array(buffer, base + (ints[at + 6] as number), ints[at + 7] as number));
      }
      return makeColumn(type, rows, { values: new Int32Array(buffer, values, rows), valid, dictionary: words.vector });
    }
    default:
      return bytes === rows * 4
        ? makeColumn(type, rows, { values: new Int32Array(buffer, values, rows), valid })
        : makeColumn(type, rows, { values: new BigInt64Array(buffer, values, rows), valid });
  }
}
