import { MillraceError } from '../../graph/contract/error.ts';

/** A message of an Arrow IPC stream that cannot be taken: a foreign, damaged or unsupported one. */
export function refused(code: string, message: string): MillraceError {
  return new MillraceError(message, { code, domain: 'external' });
}

/**
 * Reads FlatBuffers tables in place. Unlike generated readers it throws `RangeError` instead of reading zeros behind the end,
 * and lets a caller see where a scalar lies, so that an encoded message can serve as a template.
 * Source: FlatBuffers internals, "Tables"; Apache Arrow `format/Message.fbs`, `format/Schema.fbs`.
 */
export class Table {
  readonly view: DataView;
  readonly at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  static root(bytes: Uint8Array): Table {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new Table(view, view.getUint32(0, true));
  }

  /** Where field `slot` lies, or 0 when it has its default. */
  field(slot: number): number {
    const vtable = this.at - this.view.getInt32(this.at, true);
    const entry = 4 + 2 * slot;
    if (entry >= this.view.getUint16(vtable, true)) return 0;
    const offset = this.view.getUint16(vtable + entry, true);
    return offset === 0 ? 0 : this.at + offset;
  }

  int8(slot: number): number {
    const at = this.field(slot);
    return at === 0 ? 0 : this.view.getInt8(at);
  }

  int16(slot: number): number {
    const at = this.field(slot);
    return at === 0 ? 0 : this.view.getInt16(at, true);
  }

  int32(slot: number): number {
    const at = this.field(slot);
    return at === 0 ? 0 : this.view.getInt32(at, true);
  }

  int64(slot: number): number {
    const at = this.field(slot);
    return at === 0 ? 0 : int64At(this.view, at);
  }

  table(slot: number): Table | null {
    const at = this.field(slot);
    return at === 0 ? null : new Table(this.view, at + this.view.getUint32(at, true));
  }

  /** Where the elements of a vector start, and how many there are. */
  vector(slot: number, elementBytes: number): { readonly at: number; readonly length: number } {
    const field = this.field(slot);
    if (field === 0) return { at: 0, length: 0 };
    const start = field + this.view.getUint32(field, true);
    const length = this.view.getUint32(start, true);
    if (start + 4 + length * elementBytes > this.view.byteLength) throw new RangeError('a vector ends behind its message');
    return { at: start + 4, length };
  }

  string(slot: number): string {
    const { at, length } = this.vector(slot, 1);
    return Buffer.from(this.view.buffer, this.view.byteOffset + at, length).toString('utf8');
  }

  tables(slot: number): Table[] {
    const { at, length } = this.vector(slot, 4);
    return Array.from({ length }, (_, i) => new Table(this.view, at + 4 * i + this.view.getUint32(at + 4 * i, true)));
  }
}

/** An int64 that must be a count or a size: what a number cannot hold is damage. */
export function int64At(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getInt32(at + 4, true) * 4294967296;
  if (value < 0 || !Number.isSafeInteger(value)) throw new RangeError('a size is out of range');
  return value;
}

/** Kinds of header of an Arrow message. */
export const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const;
/** Fields of `Message`, `RecordBatch` and `DictionaryBatch`. */
export const MESSAGE = { headerType: 1, header: 2, bodyLength: 3 } as const;
export const BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;
export const DICTIONARY = { id: 0, data: 1, isDelta: 2 } as const;

/** One message of a stream: header and body lie in `bytes`; `end` is where the next begins. */
export interface Framed {
  readonly kind: number;
  readonly header: Table;
  readonly metadata: Uint8Array;
  readonly body: Uint8Array;
  readonly end: number;
}

/** The message that starts at `at`, or null at the end of the stream. */
export function messageAt(bytes: Uint8Array, at: number): Framed | null {
  if (at === bytes.length) return null;
  if (at + 8 > bytes.length) throw refused('arrow-truncated', 'the Arrow stream ends inside a message');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getInt32(at, true) !== -1) throw refused('arrow-foreign', 'not an Arrow IPC stream');
  const size = view.getInt32(at + 4, true);
  if (size === 0) return null;
  if (size < 0 || at + 8 + size > bytes.length) throw refused('arrow-truncated', 'the Arrow stream ends inside a message');
  const metadata = bytes.subarray(at + 8, at + 8 + size);
  const message = Table.root(metadata);
  const header = message.table(MESSAGE.header);
  if (!header) throw refused('arrow-damaged', 'an Arrow message has no header');
  const start = at + 8 + size;
  const end = start + message.int64(MESSAGE.bodyLength);
  if (end > bytes.length) throw refused('arrow-truncated', 'the Arrow stream ends inside a message');
  return { kind: message.int8(MESSAGE.headerType), header, metadata, body: bytes.subarray(start, end), end };
}
