import { type RecordBatch, Schema } from 'apache-arrow';
import { batchOfData, column, gather, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Decoded, Decoder, Encoder, Payloads } from '../../graph/contract/format.ts';
import { nativeKernel } from '../../native/kernel.ts';

const RAW = REJECT_SCHEMA.fields.filter((field) => field.name === 'raw');
const PAYLOADS = new Schema(RAW);
const REFUSED = new Schema(REJECT_SCHEMA.fields.filter((field) => field.name !== 'raw'));
const ORIGIN = new Schema(REJECT_SCHEMA.fields.filter((field) => field.name === 'row'));
const ENCODED = new Schema([COLUMNS.payload]);

/** A decoder of the Rust crate: one row a payload, refused payloads apart. */
export function nativeDecoder(kernel: string, schema: Schema, params: unknown): Decoder {
  const native = nativeKernel({
    kernel,
    params,
    inputs: { in: { schema: PAYLOADS } },
    outputs: { out: { schema }, origin: { schema: ORIGIN }, rejected: { schema: REFUSED } },
  });
  return {
    decode(payloads: Payloads): Decoded {
      const batch = batchOfPayloads(payloads);
      const found = new Map<string, RecordBatch>();
      if (batch.numRows > 0) native.push(batch, 'in', (port, rows) => found.set(port, rows), 0n);
      const refused = found.get('rejected');
      const origin = found.get('origin');
      return {
        batch: found.get('out') ?? null,
        payloadOfRow: origin ? (column(origin, 'row').values as Int32Array) : null,
        rowInPayload: null,
        rejected: refused ? withRaw(refused, batch) : null,
      };
    },
  };
}

/** An encoder of the Rust crate: one payload a row. */
export function nativeEncoder(schema: Schema, params: unknown): Encoder {
  const native = nativeKernel({ kernel: 'encode', params, inputs: { in: { schema } }, outputs: { out: { schema: ENCODED } } });
  return {
    encode(batch) {
      let payloads: Payloads = { bytes: new Uint8Array(0), offsets: new Int32Array(1), recvNs: null };
      const take = (_port: string, rows: RecordBatch) => {
        const { values, offsets } = column(rows, 'payload');
        payloads = { bytes: values as Uint8Array, offsets: offsets ?? new Int32Array(1), recvNs: null };
      };
      if (batch.numRows > 0) native.push(batch, 'in', take, 0n);
      return payloads;
    },
  };
}

function batchOfPayloads({ bytes, offsets }: Payloads): RecordBatch {
  return makeBatch(PAYLOADS, offsets.length - 1, [{ values: bytes, offsets }]);
}

function withRaw(refused: RecordBatch, payloads: RecordBatch): RecordBatch {
  const raw = gather(PAYLOADS, [payloads], null, column(refused, 'row').values as Int32Array);
  return batchOfData(REJECT_SCHEMA, refused.numRows, [...refused.data.children, ...raw.data.children]);
}
