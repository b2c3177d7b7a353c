import type { RecordBatch, Schema } from 'apache-arrow';
import { z } from 'zod';
import { MAX_MESSAGE_ROWS } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Decoded, type Decoder, defineFormat, type Encoder, type Payloads } from '../../graph/contract/format.ts';
import { concatBatches } from './arrow-concat.ts';
import { ArrowStreamDecoder } from './arrow-decoder.ts';
import { ArrowStreamEncoder } from './arrow-encoder.ts';
import { type Refusal, rejectedBatch } from './refusals.ts';

/** The format between our own nodes: a payload is one whole Arrow IPC stream (schema, dictionaries, batch), readable by any Arrow client. */
export const arrow = defineFormat({
  name: 'arrow',
  summary: 'Arrow IPC stream: many rows a message, exact types, decoded without a copy',
  rowsPerPayload: 'many',
  params: z.strictObject({}),
  schema: 'carried',
  decoder: (schema) => arrowDecoder(schema),
  encoder: (schema) => arrowEncoder(schema),
});

function arrowEncoder(schema: Schema): Encoder {
  const encoder = new ArrowStreamEncoder(schema);
  return {
    encode(batch: RecordBatch): Payloads {
      if (batch.numRows <= MAX_MESSAGE_ROWS) {
        const bytes = encoder.stream(batch);
        return { bytes, offsets: Int32Array.of(0, bytes.length), recvNs: null };
      }
      const offsets = [0];
      const parts: Uint8Array[] = [];
      for (let row = 0; row < batch.numRows; row += MAX_MESSAGE_ROWS) {
        const part = encoder.stream(batch.slice(row, row + MAX_MESSAGE_ROWS));
        parts.push(part);
        offsets.push((offsets.at(-1) as number) + part.length);
      }
      return { bytes: Buffer.concat(parts), offsets: Int32Array.from(offsets), recvNs: null };
    },
  };
}

function arrowDecoder(schema: Schema): Decoder {
  const decoder = new ArrowStreamDecoder(schema);
  return {
    decode({ bytes, offsets }: Payloads): Decoded {
      const batches: RecordBatch[] = [];
      const sources: number[] = [];
      const refusals: Refusal[] = [];
      for (let payload = 0; payload + 1 < offsets.length; payload++) {
        const raw = bytes.subarray(offsets[payload], offsets[payload + 1]);
        try {
          for (const batch of decoder.batches(raw)) {
            if (batch.numRows === 0) continue;
            batches.push(batch);
            sources.push(payload);
          }
        } catch (error) {
          refusals.push(refusal(payload, raw, error));
        }
      }
      const rejected = rejectedBatch(refusals);
      if (batches.length === 0) return { batch: null, payloadOfRow: null, rowInPayload: null, rejected };
      return { batch: concatBatches(schema, batches), ...placesOf(batches, sources), rejected };
    },
  };
}

/** 0, 1, 2, …: where the rows of a lone batch lie in their message. Shared by all, never written. */
const COUNT = Int32Array.from({ length: MAX_MESSAGE_ROWS }, (_, i) => i);
const ZEROS = new Int32Array(MAX_MESSAGE_ROWS);

const zeros = (rows: number): Int32Array => (rows <= ZEROS.length ? ZEROS.subarray(0, rows) : new Int32Array(rows));
const countFrom = (first: number, rows: number): Int32Array =>
  first + rows <= COUNT.length ? COUNT.subarray(first, first + rows) : Int32Array.from({ length: rows }, (_, i) => first + i);

function placesOf(batches: readonly RecordBatch[], sources: readonly number[]): Pick<Decoded, 'payloadOfRow' | 'rowInPayload'> {
  if (batches.length === 1 && sources[0] === 0) {
    const rows = batches[0]?.numRows ?? 0;
    return { payloadOfRow: zeros(rows), rowInPayload: countFrom(0, rows) };
  }
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  const payloadOfRow = new Int32Array(rows);
  const rowInPayload = new Int32Array(rows);
  let at = 0;
  let first = 0;
  batches.forEach((batch, i) => {
    if (sources[i] !== sources[i - 1]) first = 0;
    payloadOfRow.fill(sources[i] as number, at, at + batch.numRows);
    rowInPayload.set(countFrom(first, batch.numRows), at);
    first += batch.numRows;
    at += batch.numRows;
  });
  return { payloadOfRow, rowInPayload };
}

/** Damage shows as our own coded error, or as a read behind the end of a header. */
function refusal(payload: number, raw: Uint8Array, error: unknown): Refusal {
  if (error instanceof MillraceError) return { payload, raw, code: error.code, reason: error.message };
  if (error instanceof RangeError) return { payload, raw, code: 'arrow-damaged', reason: 'the header of an Arrow message is damaged' };
  throw error;
}
