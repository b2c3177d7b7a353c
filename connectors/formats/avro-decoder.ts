import { Schema } from 'apache-arrow';
import { type ColumnValues, makeBatch } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Decoded, Decoder, Payloads } from '../../graph/contract/format.ts';
import { columnsOf } from './avro-columns.ts';
import { Cursor } from './avro-cursor.ts';
import { framedHint, Unframer } from './avro-frame.ts';
import type { Reader } from './avro-reader.ts';
import { readerOf } from './avro-readers.ts';
import { trailing } from './avro-resolve.ts';
import { parseAvro } from './avro-type.ts';
import { fieldsOf, wireOf } from './avro-wire.ts';
import { type Refusal, rejectedBatch } from './refusals.ts';

/** Avro payloads straight into columns: no object a row, no BigInt a value. */
export function avroDecoder(schema: Schema): Decoder {
  const wire = wireOf(schema);
  const columns = columnsOf(parseAvro(wire.schema), wire.options, (message) => {
    throw new MillraceError(message, { code: 'avro-columns', domain: 'internal' });
  });
  const batchSchema = new Schema(columnsInOrder(schema, columns), schema.metadata);
  const readers = columns.map(readerOf);
  const unframer = new Unframer(wire);
  const cursor = new Cursor();
  return {
    decode(payloads: Payloads): Decoded {
      const refused: Refusal[] = [];
      const bodies = unframer.bodies(payloads, refused);
      const { from, to } = bodies;
      const count = from.length;
      for (const reader of readers) reader.start(count);
      cursor.over(bodies.bytes);
      const kept = new Int32Array(count);
      let row = 0;
      for (let i = 0; i < count; i++) {
        const start = from[i] as number;
        if (start < 0) continue;
        cursor.window(start, to[i] as number);
        const error = readRow(readers, cursor, row);
        if (error) refused.push(refusalOf(payloads, i, error, wire.registry === null));
        else kept[row++] = i;
      }
      const values = readers.flatMap((reader, i): ColumnValues[] =>
        columns[i]?.column && row > 0 ? [reader.finish(row, bodies.bytes)] : [],
      );
      return {
        batch: row === 0 ? null : makeBatch(batchSchema, row, values),
        payloadOfRow: row === count ? null : kept.subarray(0, row),
        rowInPayload: null,
        rejected: rejectedBatch(refused.sort((a, b) => a.payload - b.payload)),
      };
    },
  };
}

function readRow(readers: readonly Reader[], cursor: Cursor, row: number): MillraceError | null {
  try {
    for (let i = 0; i < readers.length; i++) (readers[i] as Reader).read(cursor, row);
    return cursor.pos === cursor.end ? null : trailing(cursor.end - cursor.pos);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

function refusalOf({ bytes, offsets }: Payloads, payload: number, { code, message }: MillraceError, isBare: boolean): Refusal {
  const raw = bytes.subarray(offsets[payload], offsets[payload + 1]);
  return { payload, code, reason: isBare ? `${message}${framedHint(raw)}` : message, raw };
}

/** The fields of the plan's schema, which must be those of the wire. */
function columnsInOrder(schema: Schema, columns: ReturnType<typeof columnsOf>): Schema['fields'] {
  const shown = (fields: Schema['fields']) => fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`).join(', ');
  const [ours, theirs] = [shown(schema.fields), shown(fieldsOf(columns))];
  if (ours === theirs) return schema.fields;
  throw new MillraceError(`the Avro schema gives the columns ${theirs}, the pipeline has ${ours}`, {
    code: 'avro-columns',
    domain: 'user',
    remedy: 'give the source the schema that its topic is written with',
  });
}
