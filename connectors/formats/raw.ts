import { isUtf8 } from 'node:buffer';
import { type DataType, Schema, Type } from 'apache-arrow';
import { z } from 'zod';
import { column, columnIndex, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Decoded, defineFormat, type Encoder, type Payloads } from '../../graph/contract/format.ts';
import { joined, type Refusal, rejectedBatch } from './refusals.ts';

const SCHEMA = new Schema([COLUMNS.ts_recv, COLUMNS.payload]);

/** Messages as they are: when the log took one, and its text. */
export const raw = defineFormat({
  name: 'raw',
  summary: 'Text as it is, with the time of its record, as `ts_recv` and `payload`; written from the column `payload` alone.',
  rowsPerPayload: 'one',
  params: z.strictObject({}),
  schema: 'own',
  ownSchema: () => SCHEMA,
  decoder: () => ({ decode }),
  encoder: (schema) => rawEncoder(schema),
});

function decode(payloads: Payloads): Decoded {
  const { bytes, offsets, recvNs } = payloads;
  const count = offsets.length - 1;
  if (recvNs && isUtf8(bytes.subarray(offsets[0], offsets[count])) && startsOfText(payloads)) {
    const batch = count === 0 ? null : makeBatch(SCHEMA, count, [{ values: recvNs }, { values: bytes, offsets }]);
    return { batch, payloadOfRow: null, rowInPayload: null, rejected: null };
  }
  const kept: number[] = [];
  const refused: Refusal[] = [];
  for (let payload = 0; payload < count; payload++) {
    const text = bytes.subarray(offsets[payload], offsets[payload + 1]);
    if (!recvNs) refused.push({ payload, raw: text, code: 'record-time', reason: 'its source gives no time of receipt' });
    else if (!isUtf8(text)) refused.push({ payload, raw: text, code: 'text-encoding', reason: 'the payload is not UTF-8' });
    else kept.push(payload);
  }
  const times = BigInt64Array.from(kept, (payload) => recvNs?.[payload] ?? 0n);
  const texts = joined(kept.map((payload) => bytes.subarray(offsets[payload], offsets[payload + 1])));
  return {
    batch: kept.length === 0 ? null : makeBatch(SCHEMA, kept.length, [{ values: times }, texts]),
    payloadOfRow: Int32Array.from(kept),
    rowInPayload: null,
    rejected: rejectedBatch(refused),
  };
}

/** Whether no payload starts inside a character: bytes that are UTF-8 as a whole may be cut in the middle of one. */
function startsOfText({ bytes, offsets }: Payloads): boolean {
  const last = offsets[offsets.length - 1] as number;
  for (let i = 0; i + 1 < offsets.length; i++) {
    const at = offsets[i] as number;
    if (at < last && ((bytes[at] as number) & 0xc0) === 0x80) return false;
  }
  return true;
}

function rawEncoder(schema: Schema): Encoder {
  const type: DataType | undefined = schema.fields[columnIndex(schema, COLUMNS.payload.name)]?.type;
  const other = schema.fields.find(({ name }) => name !== COLUMNS.payload.name && name !== COLUMNS.ts_recv.name);
  if (!type || (type.typeId !== Type.Utf8 && type.typeId !== Type.Binary) || other) {
    const what = other ? `column "${other.name}" besides "payload"` : 'no column "payload" of text or bytes';
    throw new MillraceError(`format "raw" writes the column "payload" alone, but the rows have ${what}`, {
      code: 'raw-columns',
      domain: 'user',
      remedy: 'select "payload" before the sink, or write another format',
    });
  }
  return {
    encode(batch) {
      const { values, offsets } = column(batch, COLUMNS.payload.name);
      return { bytes: values as Uint8Array, offsets: (offsets ?? new Int32Array(1)).subarray(0, batch.numRows + 1), recvNs: null };
    },
  };
}
