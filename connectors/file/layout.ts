import type { RecordBatch, Schema } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Encoder } from '../../graph/contract/format.ts';
import { ArrowStreamEncoder } from '../formats/arrow-encoder.ts';
import { csv, csvHeader } from '../formats/csv.ts';
import { json } from '../formats/json.ts';
import type { FileSinkParams } from './params.ts';

const NEWLINE = 10;

/** How blocks become the bytes of parts, and what goes around all parts. */
export interface Layout {
  part(batch: RecordBatch): Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** The layout of a format over the columns of a schema. */
export function layoutOf(schema: Schema, format: FileSinkParams['format']): Layout {
  const nothing = new Uint8Array(0);
  if (format === 'arrow') {
    const encoder = new ArrowStreamEncoder(schema);
    return { part: (batch) => encoder.messages(batch), before: encoder.opening, after: encoder.closing };
  }
  if (format === 'csv') {
    const options = csv.params.parse({});
    return { part: linesOf(csv.encoder?.(schema, options)), before: Buffer.from(`${csvHeader(schema, options)}\n`), after: nothing };
  }
  return { part: linesOf(json.encoder?.(schema, json.params.parse({}))), before: nothing, after: nothing };
}

/** Payloads of an encoder, each with a line end. */
function linesOf(encoder: Encoder | undefined): (batch: RecordBatch) => Uint8Array {
  if (!encoder) throw new MillraceError('the format cannot be written', { code: 'format-unwritable', domain: 'internal' });
  return (batch) => {
    const { bytes, offsets } = encoder.encode(batch);
    const lines = offsets.length - 1;
    const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out = Buffer.allocUnsafeSlow((offsets[lines] as number) + lines);
    let at = 0;
    for (let i = 0; i < lines; i++) {
      at += from.copy(out, at, offsets[i], offsets[i + 1]);
      out[at++] = NEWLINE;
    }
    return out;
  };
}
