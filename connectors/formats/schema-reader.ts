import type { Schema } from 'apache-arrow';
import { z } from 'zod';
import { MillraceError } from '../../graph/contract/error.ts';
import type { SchemaReader } from '../../graph/contract/format.ts';
import { LOCK_FILE, pinnedIn } from '../registry/lock.ts';
import { type AvroWire, arrowSchema } from './avro-wire.ts';
import { checkColumns, schemaOf, schemaParams } from './schema.ts';

const names = () => z.array(z.string().min(1)).min(1).optional();

const params = z
  .strictObject({
    columns: schemaParams.shape.columns.optional(),
    avsc: z.string().min(1).optional().meta({ description: 'file of an Avro schema whose fields are the columns' }),
    registry: z.string().min(1).optional().meta({ description: 'subject of the schema registry whose Avro schema gives the columns' }),
    version: z
      .union([z.literal('latest'), z.int().positive()])
      .optional()
      .meta({ description: 'version of the subject; latest by default' }),
    only: names().meta({ description: 'fields of the Avro schema to take; all by default' }),
    dictionary: names().meta({ description: 'strings of the Avro schema to keep as a dictionary: those with few values' }),
    nested: z.enum(['refuse', 'json']).optional().meta({
      description: 'what becomes of records, arrays, maps and unions of several types: a fault (refuse, the default), or text of JSON',
    }),
    decimals: z.enum(['float64', 'exact']).optional().meta({
      description: 'decimals as the nearest float64 (default), or as the exact int64 of 10^-scale, refused where it has none',
    }),
    zone: z.literal('utc').optional().meta({ description: 'take local times of the Avro schema as UTC' }),
  })
  .superRefine((given, context) => {
    const kinds = (['columns', 'avsc', 'registry'] as const).filter((key) => given[key] !== undefined);
    const say = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', message, path });
    if (kinds.length === 0) say('expected "columns", "avsc" or "registry"');
    if (kinds.length > 1) say(`expected one of "columns", "avsc" and "registry", not ${kinds.length}`, [kinds[1] as string]);
    if (given.columns !== undefined) checkColumns(given.columns, context);
    if (given.version !== undefined && given.registry === undefined) say('only a subject of the registry has a version', ['version']);
    for (const key of ['only', 'dictionary', 'nested', 'decimals', 'zone'] as const)
      if (given[key] !== undefined && kinds[0] === 'columns') say(`"${key}" is for an Avro schema: "avsc" or "registry"`, [key]);
  });

type Params = z.output<typeof params>;

const PIN = 'Fetch it with "millrace pin".';

/** Reads `schema:` of a source: columns, a file of an Avro schema, or a subject of the schema registry as it is pinned. */
export const schemaReader: SchemaReader<Params> = {
  params,
  files({ avsc, registry }) {
    if (avsc !== undefined) return [{ path: avsc, place: ['avsc'] }];
    return registry === undefined ? [] : [{ path: LOCK_FILE, place: ['registry'], hint: PIN }];
  },
  schema(given, read, fault) {
    if (given.columns !== undefined) return schemaOf({ columns: given.columns });
    const place = given.avsc === undefined ? 'registry' : 'avsc';
    const source = given.avsc === undefined ? pinnedOf(given, read, fault) : { schema: read(given.avsc), registry: null };
    return source && avroColumns(given, source, place, fault);
  },
};

type Fault = Parameters<typeof schemaReader.schema>[2];

function pinnedOf({ registry = '', version = 'latest' }: Params, read: (path: string) => string, fault: Fault) {
  const found = pinnedIn(read(LOCK_FILE), registry, version);
  if (typeof found !== 'string') return found;
  fault(found, ['registry'], PIN);
  return null;
}

function avroColumns(given: Params, source: Pick<AvroWire, 'schema' | 'registry'>, place: string, fault: Fault): Schema | null {
  const { only = null, dictionary = [], nested = 'refuse', decimals = 'float64', zone } = given;
  const options = { only, words: dictionary, nested, decimals, utc: zone === 'utc' };
  try {
    return arrowSchema({ ...source, options }, (message, key, hint) =>
      fault(message, [key === 'words' ? 'dictionary' : (key ?? place)], hint),
    );
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    fault(error.message, [place]);
    return null;
  }
}
