import { type DataType, Dictionary, Field, Int32, Message, type RecordBatch, Schema, Type, Utf8, type Vector } from 'apache-arrow';
import { RecordBatch as BatchHeader, BufferRegion, DictionaryBatch, FieldNode } from 'apache-arrow/ipc/metadata/message';
import { type Column, columnAt, dictionaryStrings, dictionaryVector } from '../../graph/contract/batch.ts';
import { BATCH, DICTIONARY, MESSAGE, Table } from './arrow-metadata.ts';

/** A dictionary with this many strings more than the rows need is cut to those in use. */
const SPARSE_DICTIONARY = 1024;
/** Marks the end of a stream. */
const END = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
const NOTHING = new Uint8Array(0);

/** The header of a message as bytes, with the places of the numbers that differ from batch to batch. */
interface Template {
  readonly bytes: Uint8Array;
  readonly rowsAt: number;
  readonly nodesAt: number;
  readonly buffersAt: number;
  readonly bodyAt: number;
}

/** A message cut into its buffers: `buffers[i]` lies at `offsets[i]` of the body, each at a multiple of 8. */
interface Body {
  readonly nodes: readonly { readonly length: number; readonly nulls: number }[];
  readonly buffers: readonly Uint8Array[];
}

/**
 * Writes batches of one schema as an Arrow IPC stream. Schema and headers are encoded once and patched after, dictionaries once a
 * vector. Descriptions of fields stay out of it: a reader of ours has them in its plan. Dictionary ids are column indexes.
 */
export class ArrowStreamEncoder {
  readonly #schema: Schema;
  readonly #schemaMessage: Uint8Array;
  readonly #batch: Template;
  readonly #dictionaries: WeakMap<Vector<Utf8>, Uint8Array>[];

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#schemaMessage = framed(Message.encode(Message.from(new Schema(schema.fields.map(wireField)))));
    this.#batch = templateOf(
      schema.fields.map((field) => bufferCount(field.type)),
      null,
    );
    this.#dictionaries = schema.fields.map(() => new WeakMap());
  }

  /** What a stream starts with: its schema. */
  get opening(): Uint8Array {
    return this.#schemaMessage;
  }

  /** What a stream ends with. */
  get closing(): Uint8Array {
    return END;
  }

  /** One whole stream with one batch, in a buffer of its own. */
  stream(batch: RecordBatch): Uint8Array {
    return this.#write(batch, [this.#schemaMessage], END);
  }

  /** The dictionaries and the message of a batch, to stand between `opening` and `closing`; dictionaries replace those before. */
  messages(batch: RecordBatch): Uint8Array {
    return this.#write(batch, [], NOTHING);
  }

  #write(batch: RecordBatch, before: Uint8Array[], after: Uint8Array): Uint8Array {
    const columns = this.#schema.fields.map((_, i) => this.#column(batch, i, before));
    const nodes = columns.map((column, i) => ({
      length: batch.numRows,
      nulls: column.valid ? (batch.data.children[i]?.nullCount ?? 0) : 0,
    }));
    return assemble(before, this.#batch, batch.numRows, { nodes, buffers: columns.flatMap(buffersOf) }, after);
  }

  /** The column, its dictionary's message added to `parts`. */
  #column(batch: RecordBatch, index: number, parts: Uint8Array[]): Column {
    const column = columnAt(batch, index);
    if (!column.dictionary) return column;
    const { length } = column.dictionary;
    const used = length > SPARSE_DICTIONARY && length > 4 * batch.numRows ? withUsedWords(column, column.dictionary) : column;
    const dictionary = used.dictionary as Vector<Utf8>;
    let message = this.#dictionaries[index]?.get(dictionary);
    if (!message) {
      message = dictionaryMessage(index, dictionary);
      this.#dictionaries[index]?.set(dictionary, message);
    }
    parts.push(message);
    return used;
  }
}

function wireField(field: Field, index: number): Field {
  const type = field.type.typeId === Type.Dictionary ? new Dictionary(new Utf8(), new Int32(), index) : field.type;
  return new Field(field.name, type, field.nullable);
}

function bufferCount(type: DataType): number {
  return type.typeId === Type.Utf8 || type.typeId === Type.Binary ? 3 : 2;
}

/** The header of a batch, or of a dictionary of that id, whose columns have that many buffers. */
function templateOf(buffers: readonly number[], dictionary: number | null): Template {
  const nodes = buffers.map(() => new FieldNode(1, 1));
  const regions = Array.from({ length: buffers.reduce((a, b) => a + b, 0) }, () => new BufferRegion(1, 1));
  const header = new BatchHeader(1, nodes, regions, null);
  const bytes = framed(Message.encode(Message.from(dictionary === null ? header : new DictionaryBatch(header, dictionary), 1)));
  const message = Table.root(bytes.subarray(8));
  const outer = message.table(MESSAGE.header);
  const table = (dictionary === null ? outer : outer?.table(DICTIONARY.data)) as Table;
  return {
    bytes,
    rowsAt: 8 + table.field(BATCH.length),
    nodesAt: 8 + table.vector(BATCH.nodes, 16).at,
    buffersAt: 8 + table.vector(BATCH.buffers, 16).at,
    bodyAt: 8 + message.field(MESSAGE.bodyLength),
  };
}

/** Continuation mark, size and padding around an encoded header. */
function framed(header: Uint8Array): Uint8Array {
  const padded = (header.length + 7) & ~7;
  const out = new Uint8Array(8 + padded);
  const view = new DataView(out.buffer);
  view.setInt32(0, -1, true);
  view.setInt32(4, padded, true);
  out.set(header, 8);
  return out;
}

/** `before`, the message and `after` in one new buffer. */
function assemble(before: readonly Uint8Array[], template: Template, rows: number, body: Body, after: Uint8Array): Uint8Array {
  const head = before.reduce((sum, part) => sum + part.length, 0);
  const bodyStart = head + template.bytes.length;
  let size = bodyStart;
  for (const buffer of body.buffers) size += (buffer.length + 7) & ~7;
  const bodyEnd = size;
  // a buffer of its own, so that its start is aligned; every byte of it is written
  const out = Buffer.allocUnsafeSlow(bodyEnd + after.length);
  let at = 0;
  for (const part of before) {
    out.set(part, at);
    at += part.length;
  }
  out.set(template.bytes, head);
  const view = new DataView(out.buffer, head, template.bytes.length);
  setInt64(view, template.rowsAt, rows);
  setInt64(view, template.bodyAt, bodyEnd - bodyStart);
  body.nodes.forEach((node, i) => {
    setInt64(view, template.nodesAt + 16 * i, node.length);
    setInt64(view, template.nodesAt + 16 * i + 8, node.nulls);
  });
  at = bodyStart;
  body.buffers.forEach((buffer, i) => {
    setInt64(view, template.buffersAt + 16 * i, at - bodyStart);
    setInt64(view, template.buffersAt + 16 * i + 8, buffer.length);
    out.set(buffer, at);
    const end = at + ((buffer.length + 7) & ~7);
    out.fill(0, at + buffer.length, end);
    at = end;
  });
  out.set(after, at);
  return out;
}

function setInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setInt32(at + 4, Math.floor(value / 4294967296), true);
}

function bytesOf(values: ArrayBufferView, from: number, to: number): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset + from, to - from);
}

/** Buffers of a column in the order of the format: validity, offsets where it has some, values. */
function buffersOf(column: Column): Uint8Array[] {
  const { length, values } = column;
  const valid = column.valid ? column.valid.subarray(0, (length + 7) >> 3) : NOTHING;
  if (column.offsets) {
    const from = column.offsets[0] ?? 0;
    const to = column.offsets[length] ?? from;
    const offsets =
      from === 0 ? column.offsets.subarray(0, length + 1) : column.offsets.slice(0, length + 1).map((offset) => offset - from);
    return [valid, bytesOf(offsets, 0, offsets.byteLength), bytesOf(values, from, to)];
  }
  const bytes = column.type.typeId === Type.Bool ? (length + 7) >> 3 : length * values.BYTES_PER_ELEMENT;
  return [valid, bytesOf(values, 0, bytes)];
}

function dictionaryMessage(id: number, dictionary: Vector<Utf8>): Uint8Array {
  const vector = dictionary.data.length === 1 && dictionary.nullCount === 0 ? dictionary : dictionaryVector(dictionaryStrings(dictionary));
  const data = vector.data[0];
  const column: Column = {
    type: vector.type,
    length: vector.length,
    values: data?.values ?? NOTHING,
    offsets: vector.length === 0 ? new Int32Array(1) : ((data?.valueOffsets as Int32Array | undefined) ?? new Int32Array(1)),
    valid: null,
    dictionary: null,
  };
  const body: Body = { nodes: [{ length: vector.length, nulls: 0 }], buffers: buffersOf(column) };
  return assemble([], templateOf([3], id), vector.length, body, NOTHING);
}

/** The column with a dictionary of only the words it uses, in the order they first come. */
function withUsedWords(column: Column, dictionary: Vector<Utf8>): Column {
  const words = dictionaryStrings(dictionary);
  const renamed = new Map<number, number>();
  const used: string[] = [];
  const codes = (column.values as Int32Array).subarray(0, column.length).map((code) => {
    let next = renamed.get(code);
    if (next === undefined) {
      next = used.length;
      renamed.set(code, next);
      used.push(words[code] ?? '');
    }
    return next;
  });
  return { ...column, values: codes, dictionary: dictionaryVector(used) };
}
