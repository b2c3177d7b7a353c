import avsc from 'avsc';
import { MillraceError } from '../../graph/contract/error.ts';
import { Cursor, damaged } from './avro-cursor.ts';
import { skip } from './avro-text.ts';
import { type AvroField, type AvroType, type Logical, parseAvro } from './avro-type.ts';

/** int64 as BigInt, so that it passes through exactly. */
const LONG = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer(value: bigint) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: (value: number | string) => BigInt(value),
  toJSON: (value: bigint) => String(value),
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

function exactType(text: string): avsc.Type {
  const isLong = (schema: unknown) => schema === 'long' || (schema as { readonly type?: unknown } | null)?.type === 'long';
  return avsc.Type.forSchema(JSON.parse(text), {
    wrapUnions: true,
    typeHook: (schema: unknown) => (isLong(schema) ? LONG : undefined),
  } as Parameters<typeof avsc.Type.forSchema>[1]);
}

/** Turns a payload of one schema into one of another; throws a coded error for a damaged one. */
export type Resolve = (payload: Uint8Array) => Uint8Array;

/**
 * Schema resolution from a writer's schema to the reader's (Apache Avro 1.12, "Schema Resolution"), by avsc; throws
 * `avro-schema-unresolvable` where there is none, or where a field means something else (another scale, another unit of time).
 */
export function resolverOf(readerText: string, writerText: string): Resolve {
  let reader: avsc.Type;
  let resolver: ReturnType<avsc.Type['createResolver']>;
  const writer = parseAvro(writerText);
  checkMeaning(parseAvro(readerText).fields, writer.fields);
  try {
    reader = exactType(readerText);
    resolver = reader.createResolver(exactType(writerText), { ignoreNamespaces: true } as never);
  } catch (error) {
    throw unresolvable(error instanceof Error ? error.message : String(error), error);
  }
  const cursor = new Cursor();
  return (payload) => {
    cursor.over(payload);
    cursor.window(0, payload.length);
    skip(writer, cursor); // avsc reads on where a payload is damaged
    if (cursor.pos !== cursor.end) throw trailing(cursor.end - cursor.pos);
    try {
      return reader.toBuffer(reader.fromBuffer(Buffer.from(payload.buffer, payload.byteOffset, payload.length), resolver));
    } catch (error) {
      throw damaged(
        'avro-unresolved',
        `a value does not fit the schema of the pipeline: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
}

/** Bytes that belong to no field. */
export const trailing = (bytes: number) => damaged('avro-trailing', `${bytes} bytes follow the last field`);

const unresolvable = (message: string, cause?: unknown) =>
  new MillraceError(`its schema cannot be read as the schema of the pipeline: ${message}`, {
    code: 'avro-schema-unresolvable',
    domain: 'external',
    cause,
  });

function checkMeaning(reader: readonly AvroField[], writer: readonly AvroField[]): void {
  for (const field of reader) {
    const written = writer.find(({ name }) => name === field.name || field.aliases.includes(name));
    const [ours, theirs] = [logicalOf(field.type), written ? logicalOf(written.type) : null];
    if (ours && theirs && shown(ours) !== shown(theirs))
      throw unresolvable(`field "${field.name}" is ${shown(theirs)}, expected ${shown(ours)}`);
  }
}

function logicalOf(type: AvroType): Logical | null {
  if (type.kind === 'union') return type.branches.map(logicalOf).find((logical) => logical !== null) ?? null;
  return 'logical' in type ? type.logical : null;
}

const shown = (logical: Logical) => (logical.name === 'decimal' ? `decimal of scale ${logical.scale}` : logical.name);
