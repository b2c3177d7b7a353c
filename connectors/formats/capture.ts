import { Schema } from 'apache-arrow';
import { z } from 'zod';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { defineFormat } from '../../graph/contract/format.ts';
import { nativeDecoder } from './native-decoder.ts';

const SCHEMA = new Schema([COLUMNS.ts_recv, COLUMNS.payload]);

/** Lines of a recorder: when a message came, and the message. */
export const capture = defineFormat({
  name: 'capture',
  summary: 'Lines `<receive time in ns> <message>` as `ts_recv` and `payload`; `normalize` reads the message.',
  rowsPerPayload: 'one',
  params: z.strictObject({}),
  schema: 'own',
  ownSchema: () => SCHEMA,
  decoder: () => nativeDecoder('decode_capture', SCHEMA, {}),
});
