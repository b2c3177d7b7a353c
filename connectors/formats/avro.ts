import type { Schema } from 'apache-arrow';
import { z } from 'zod';
import { isWord } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { defineFormat } from '../../graph/contract/format.ts';
import { LOCK_FILE, pinnedIn } from '../registry/lock.ts';
import { avroDecoder } from './avro-decoder.ts';
import { type AvroTarget, avroEncoder } from './avro-encoder.ts';
import { parseAvro } from './avro-type.ts';
import { arrowSchema, avroSchema, wireOf } from './avro-wire.ts';

const PIN = 'Fetch it with "millrace pin".';

const params = z
  .strictObject({
    avsc: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'of a sink: file of the Avro schema to write; without it one is made of the columns' }),
    registry: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'of a sink: subject whose pinned Avro schema to write, in the Confluent wire format' }),
    version: z
      .union([z.literal('latest'), z.int().positive()])
      .optional()
      .meta({ description: 'version of the subject; latest by default' }),
  })
  .refine(({ avsc, registry }) => avsc === undefined || registry === undefined, 'expected "avsc" or "registry", not both')
  .refine(({ version, registry }) => version === undefined || registry !== undefined, {
    message: 'only a subject of the registry has a version',
    path: ['version'],
  });

/** Options of `avro`; `target` is what the files they name say. */
export type AvroParams = z.output<typeof params> & { readonly target?: AvroTarget };

/** Avro, one record a message. */
export const avro = defineFormat<AvroParams>({
  name: 'avro',
  summary:
    'One Avro record a message: bare, or in the Confluent wire format where the schema comes from a registry. int64 and times are exact; a field that is a union with null is a nullable column.',
  rowsPerPayload: 'one',
  params,
  schema: 'required',
  files({ avsc, registry }) {
    if (avsc !== undefined) return [{ path: avsc, place: ['avsc'] }];
    return registry === undefined ? [] : [{ path: LOCK_FILE, place: ['registry'], hint: PIN }];
  },
  prepare(given, read, fault) {
    const { avsc, registry, version = 'latest' } = given;
    if (avsc === undefined && registry === undefined) return given;
    const found = avsc === undefined ? pinnedIn(read(LOCK_FILE), registry ?? '', version) : { schema: read(avsc), registry: null };
    if (typeof found === 'string') {
      fault(found, ['registry'], PIN);
      return null;
    }
    try {
      parseAvro(found.schema);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      fault(error.message, [avsc === undefined ? 'registry' : 'avsc']);
      return null;
    }
    return { ...given, target: { schema: found.schema, id: found.registry?.id ?? null } };
  },
  gives: (schema, { target }) => schemaRead(schema, target ?? { schema: avroSchema(schema), id: null }),
  decoder(schema, { target }) {
    if (target && wireOf(schema).schema !== target.schema)
      throw new MillraceError('the Avro schema of a source stands under "schema:", not under "format:"', {
        code: 'avro-options',
        domain: 'user',
        remedy: 'write "schema: { avsc: FILE }" or "schema: { registry: SUBJECT }"',
      });
    return avroDecoder(schema);
  },
  encoder: (schema, { target }) => avroEncoder(schema, target ?? { schema: avroSchema(schema), id: null }),
});

/** The columns that reading gives of rows that were written: by the Avro schema, with dictionaries and exact decimals as they were. */
function schemaRead(schema: Schema, { schema: text, id }: AvroTarget): Schema {
  const names = new Set(parseAvro(text).fields.map(({ name }) => name));
  const words = schema.fields.filter(({ type, name }) => isWord(type) && names.has(name)).map(({ name }) => name);
  const options = { only: null, words, nested: 'json', decimals: 'exact', utc: true } as const;
  return arrowSchema({ schema: text, options, registry: id === null ? null : { id, others: {} } }, (message) => {
    throw new MillraceError(message, { code: 'avro-columns', domain: 'internal' });
  });
}
