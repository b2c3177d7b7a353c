import { type Data, makeData, makeVector, type RecordBatch, type Schema, Type, Utf8, type Vector } from 'apache-arrow';
import { batchOfData, makeColumn } from '../../graph/contract/batch.ts';
import { BATCH, DICTIONARY, type Framed, HEADER, int64At, messageAt, refused, type Table } from './arrow-metadata.ts';
import { matchSchema, type WireSchema } from './arrow-schema.ts';

/** Dictionaries remembered per column: writers of one topic take turns. */
const REMEMBERED = 16;

interface KnownDictionary {
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
  readonly vector: Vector<Utf8>;
}

/** A buffer of a body. */
interface Region {
  readonly at: number;
  readonly length: number;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

/**
 * Reads Arrow IPC streams of one schema, without a copy where the stream starts at a multiple of 8. A schema or dictionary that is
 * byte for byte one of the last seen is not read again, so equal dictionaries are one vector. Whatever the bytes are, `batches` either
 * returns sound batches (offsets and codes in range) or throws.
 */
export class ArrowStreamDecoder {
  readonly #schema: Schema;
  #wireMetadata: Uint8Array | null = null;
  #wire: WireSchema = { dictionaries: new Map() };
  readonly #known: KnownDictionary[][];

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#known = schema.fields.map(() => []);
  }

  /** The batches of one whole stream. The arrays of the batches lie in `stream`. */
  batches(stream: Uint8Array): RecordBatch[] {
    const bytes = stream.byteOffset % 8 === 0 ? stream : new Uint8Array(stream);
    const batches: RecordBatch[] = [];
    const dictionaries: (Vector<Utf8> | null)[] = this.#schema.fields.map(() => null);
    let message = messageAt(bytes, 0);
    if (message?.kind !== HEADER.schema) throw refused('arrow-foreign', 'not an Arrow IPC stream');
    this.#readSchema(message);
    for (message = messageAt(bytes, message.end); message; message = messageAt(bytes, message.end)) {
      if (message.kind === HEADER.dictionary) {
        for (const column of this.#wire.dictionaries.get(message.header.int64(DICTIONARY.id)) ?? []) {
          dictionaries[column] = this.#dictionary(column, message);
        }
      } else if (message.kind === HEADER.batch) {
        const batch = this.#batch(message, dictionaries);
        batches.push(batch);
      } else throw refused('arrow-damaged', `the stream holds a message of kind ${message.kind}`);
    }
    return batches;
  }

  #readSchema(message: Framed): void {
    if (this.#wireMetadata && same(this.#wireMetadata, message.metadata)) return;
    this.#wire = matchSchema(message.header, this.#schema);
    this.#wireMetadata = message.metadata.slice();
  }

  #dictionary(column: number, message: Framed): Vector<Utf8> {
    const known = this.#known[column] as KnownDictionary[];
    const found = known.findIndex((entry) => same(entry.body, message.body) && same(entry.metadata, message.metadata));
    if (found >= 0) {
      const entry = known[found] as KnownDictionary;
      if (found > 0) known.unshift(...known.splice(found, 1));
      return entry.vector;
    }
    if (message.header.int8(DICTIONARY.isDelta)) throw refused('arrow-unsupported', 'delta dictionaries are not supported');
    const table = message.header.table(DICTIONARY.data);
    if (!table) throw refused('arrow-damaged', 'a dictionary has no data');
    const body = message.body.slice(); // keeps the vector from holding on to the whole message
    const data = new BodyReader(table, body).utf8(table.int64(BATCH.length));
    const vector = makeVector(data);
    known.unshift({ metadata: message.metadata.slice(), body, vector });
    known.length = Math.min(known.length, REMEMBERED);
    return vector;
  }

  #batch(message: Framed, dictionaries: readonly (Vector<Utf8> | null)[]): RecordBatch {
    const rows = message.header.int64(BATCH.length);
    const reader = new BodyReader(message.header, message.body);
    const children = this.#schema.fields.map((field, i) => {
      const data = reader.column(field.type, rows, dictionaries[i] ?? null, field.name);
      if (!field.nullable && data.nullCount > 0) throw refused('arrow-null', `column "${field.name}" has nulls`);
      return data;
    });
    return batchOfData(this.#schema, rows, children);
  }
}

/** Takes the columns of a body in turn, checking every bound. */
class BodyReader {
  readonly #header: Table;
  readonly #body: Uint8Array;
  readonly #nodes: Region;
  readonly #buffers: Region;
  #node = 0;
  #buffer = 0;

  constructor(header: Table, body: Uint8Array) {
    if (header.field(BATCH.compression) !== 0) {
      throw refused('arrow-compressed', 'the body is compressed inside Arrow, which is not supported: let the topic or file compress');
    }
    this.#header = header;
    this.#body = body;
    this.#nodes = header.vector(BATCH.nodes, 16);
    this.#buffers = header.vector(BATCH.buffers, 16);
  }

  column(type: Schema['fields'][number]['type'], rows: number, dictionary: Vector<Utf8> | null, name: string): Data {
    const valid = this.#validity(rows);
    switch (type.typeId) {
      case Type.Utf8:
      case Type.Binary:
        return makeColumn(type, rows, { ...this.#strings(rows), valid });
      case Type.Bool:
        return makeColumn(type, rows, { values: this.#bytes((rows + 7) >> 3), valid });
      case Type.Dictionary: {
        if (!dictionary) throw refused('arrow-damaged', `column "${name}" has no dictionary`);
        const bytes = this.#bytes(rows * 4);
        const codes = soundCodes(new Int32Array(bytes.buffer, bytes.byteOffset, rows), valid, dictionary.length, name);
        return makeColumn(type, rows, { values: codes, valid, dictionary });
      }
      case Type.Float: {
        const bytes = this.#bytes(rows * 8);
        return makeColumn(type, rows, { values: new Float64Array(bytes.buffer, bytes.byteOffset, rows), valid });
      }
      default: {
        const narrow = type.typeId === Type.Int && (type as { bitWidth?: number }).bitWidth === 32;
        const bytes = this.#bytes(rows * (narrow ? 4 : 8));
        const values = narrow
          ? new Int32Array(bytes.buffer, bytes.byteOffset, rows)
          : new BigInt64Array(bytes.buffer, bytes.byteOffset, rows);
        return makeColumn(type, rows, { values, valid });
      }
    }
  }

  /** The strings of a dictionary; a null among them is read as empty. */
  utf8(rows: number): Data<Utf8> {
    this.#validity(rows);
    const { values, offsets } = this.#strings(rows);
    return makeData({ type: new Utf8(), length: rows, nullCount: 0, valueOffsets: offsets, data: values });
  }

  #validity(rows: number): Uint8Array | null {
    const node = this.#next(this.#nodes, this.#node++);
    if (node.at !== rows) throw refused('arrow-damaged', 'the columns of a batch differ in length');
    const bits = this.#bytes(node.length === 0 ? 0 : (rows + 7) >> 3);
    return node.length === 0 ? null : bits;
  }

  #strings(rows: number): { readonly values: Uint8Array; readonly offsets: Int32Array } {
    const raw = this.#bytes(0);
    // an empty column may come without its one offset
    const bytes = rows === 0 && raw.length < 4 ? new Uint8Array(4) : atLeast(raw, (rows + 1) * 4);
    const offsets = new Int32Array(bytes.buffer, bytes.byteOffset, rows + 1);
    const values = this.#bytes(0);
    let last = offsets[0] as number;
    let sorted = last >= 0;
    for (let i = 1; i <= rows; i++) {
      const next = offsets[i] as number;
      if (next < last) sorted = false;
      last = next;
    }
    if (!sorted || last > values.length) throw refused('arrow-damaged', 'the offsets of a column are out of range');
    return { values, offsets };
  }

  /** The next buffer of the body, which must hold `needed` bytes. */
  #bytes(needed: number): Uint8Array {
    const { at, length } = this.#next(this.#buffers, this.#buffer++);
    if (at % 8 !== 0 || at + length > this.#body.length) throw refused('arrow-damaged', 'a buffer lies outside its message');
    return atLeast(this.#body.subarray(at, at + length), needed);
  }

  /** Two int64 that lie side by side: offset and length of a buffer, or length and null count of a column. */
  #next(vector: Region, index: number): Region {
    if (index >= vector.length) throw refused('arrow-damaged', 'a batch lacks a column');
    const at = vector.at + 16 * index;
    return { at: int64At(this.#header.view, at), length: int64At(this.#header.view, at + 8) };
  }
}

function atLeast(bytes: Uint8Array, needed: number): Uint8Array {
  if (bytes.length < needed) throw refused('arrow-damaged', 'a buffer is too short for its rows');
  return bytes;
}

/** The codes, all within the dictionary: what stands behind a null may be anything and becomes 0. */
function soundCodes(codes: Int32Array, valid: Uint8Array | null, words: number, name: string): Int32Array {
  let outside = 0;
  for (let i = 0; i < codes.length; i++) if ((codes[i] as number) >>> 0 >= words) outside++;
  if (outside === 0) return codes;
  return codes.map((code, i) => {
    if (code >>> 0 < words) return code;
    if (valid === null || ((valid[i >> 3] as number) >> (i & 7)) & 1) {
      throw refused('arrow-damaged', `a code of column "${name}" lies outside its dictionary`);
    }
    return 0;
  });
}
