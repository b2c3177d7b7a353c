import { z } from 'zod';
import { defineFormat } from '../../graph/contract/format.ts';
import { nativeDecoder, nativeEncoder } from './native-decoder.ts';
import { decodeSpecs, encodeSpecs } from './specs.ts';

const params = z.strictObject({
  times: z.enum(['iso', 'ns']).default('iso').meta({ description: 'how times are written: ISO 8601 with nine digits, or integer ns' }),
});

/** JSON objects, one a message or line. */
export const json = defineFormat({
  name: 'json',
  summary: 'One JSON object a message or line; int64 and ns are exact, as numbers or as digits in quotes; other keys are skipped.',
  rowsPerPayload: 'one',
  params,
  schema: 'required',
  decoder: (schema, given) => nativeDecoder('decode_json', schema, { columns: decodeSpecs(schema, given.times) }),
  encoder: (schema, given) => nativeEncoder(schema, { columns: encodeSpecs(schema), iso: given.times === 'iso', csv: null }),
});
