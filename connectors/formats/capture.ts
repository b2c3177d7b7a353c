import { Schema, Type } from 'apache-arrow';
import { z } from 'zod';
import { columnIndex } from '../../graph/contract/batch.ts';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { defineFormat, type Encoder } from '../../graph/contract/format.ts';
import { nativeDecoder, nativeEncoder } from './native-decoder.ts';
import { encodeSpecs } from './specs.ts';

const SCHEMA = new Schema([COLUMNS.ts_recv, COLUMNS.payload]);
/** Time and message with a blank between them, nothing quoted. */
const LAYOUT = { delimiter: ' ', quote: '', null: '' };

/** Lines of a recorder: when a message came, and the message. */
export const capture = defineFormat({
  name: 'capture',
  summary: 'Lines `<receive time in ns> <message>` as `ts_recv` and `payload`; `normalize` reads the message.',
  rowsPerPayload: 'one',
  params: z.strictObject({}),
  schema: 'own',
  ownSchema: () => SCHEMA,
  decoder: () => nativeDecoder('decode_capture', SCHEMA, {}),
  encoder: (schema) => captureEncoder(schema),
});

function captureEncoder(schema: Schema): Encoder {
  const [time, message] = [columnIndex(schema, COLUMNS.ts_recv.name), columnIndex(schema, COLUMNS.payload.name)];
  const type = schema.fields[message]?.type.typeId;
  if (time !== 0 || message !== 1 || schema.fields.length !== 2 || (type !== Type.Utf8 && type !== Type.Binary)) {
    const columns = schema.fields.map(({ name }) => name).join(', ');
    throw new MillraceError(`format "capture" writes the columns ts_recv and payload, but the rows have ${columns}`, {
      code: 'capture-columns',
      domain: 'user',
      remedy: 'select "ts_recv" and "payload" before the sink, or write another format',
    });
  }
  return nativeEncoder(schema, { columns: encodeSpecs(schema), iso: false, csv: LAYOUT });
}
