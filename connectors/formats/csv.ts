import type { Schema } from 'apache-arrow';
import { z } from 'zod';
import { MillraceError } from '../../graph/contract/error.ts';
import { type Decoder, defineFormat, type OpeningFault } from '../../graph/contract/format.ts';
import { headerFields, likelyHeader } from './csv-header.ts';
import { nativeDecoder, nativeEncoder } from './native-decoder.ts';
import { decodeSpecs, encodeSpecs } from './specs.ts';

const character = () => z.string().regex(/^[\t\x20-\x7e]$/, 'expected one character of ASCII');

const params = z.strictObject({
  delimiter: character().default(',').meta({ description: 'character between fields' }),
  quote: character().default('"').meta({ description: 'character around fields that hold a delimiter; doubled, it stands for itself' }),
  null: z
    .union([z.string(), z.array(z.string()).min(1)])
    .default('')
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .meta({ description: 'unquoted fields that mean null; the first is written' }),
  header: z.boolean().default(true).meta({ description: 'whether a line that consists of the names of the fields is a header and no row' }),
  fields: z.array(z.string()).min(1).optional().meta({
    description:
      'names of all fields of a line in order; without it the header of a file tells them where it names all columns, else the columns of the schema are the fields',
  }),
  times: z.enum(['iso', 'ns']).default('iso').meta({ description: 'how times are written: ISO 8601 with nine digits, or integer ns' }),
});

/** Options of `csv`, after defaults. */
export type CsvParams = z.output<typeof params>;

/** Lines of delimited text. */
export const csv = defineFormat<CsvParams>({
  name: 'csv',
  summary: 'One line of delimited text a row, quoted as in RFC 4180; a quoted field does not hold a line break.',
  rowsPerPayload: 'one',
  params,
  schema: 'required',
  openingFaults: faultsOfHeader,
  decoder(schema, given) {
    const columns = decodeSpecs(schema, given.times);
    const fields = given.fields ?? columns.map((column) => column.from);
    const absent = columns.find((column) => !fields.includes(column.from));
    if (absent) {
      const message = `column "${absent.name}" is read from field "${absent.from}", which is not one of ${fields.join(', ')}`;
      throw new MillraceError(message, {
        code: 'csv-fields',
        domain: 'user',
        remedy: 'name every field of a line, in order, under "fields"',
      });
    }
    const { delimiter, quote, header } = given;
    const decoderOf = (names: readonly string[]) =>
      nativeDecoder('decode_csv', schema, { columns, fields: names, delimiter, quote, nulls: given.null, header });
    if (given.fields || !header) return decoderOf(fields);
    return headedDecoder(fields, (opening) => headerFields(opening, fields, given), decoderOf);
  },
  encoder(schema, given) {
    const { delimiter, quote } = given;
    return nativeEncoder(schema, {
      columns: encodeSpecs(schema),
      iso: given.times === 'iso',
      csv: { delimiter, quote, null: given.null[0] ?? '' },
    });
  },
});

/** Decodes lines by the header of the file they come from; those of a topic, or of a file without one, by the given fields. */
function headedDecoder(
  fields: readonly string[],
  fieldsIn: (opening: Uint8Array) => readonly string[] | null,
  decoderOf: (fields: readonly string[]) => Decoder,
): Decoder {
  const decoders = new Map<string, Decoder>();
  const known = new WeakMap<Uint8Array, Decoder>();
  const decoderFor = (names: readonly string[]): Decoder => {
    const key = JSON.stringify(names);
    const decoder = decoders.get(key) ?? decoderOf(names);
    decoders.set(key, decoder);
    return decoder;
  };
  const plain = decoderFor(fields);
  return {
    decode(payloads) {
      const { opening } = payloads;
      if (!opening) return plain.decode(payloads);
      const decoder = known.get(opening) ?? decoderFor(fieldsIn(opening) ?? fields);
      known.set(opening, decoder);
      return decoder.decode(payloads);
    },
  };
}

/** Columns that the header of a file lacks; none where the fields are given, or the first line may be a row. */
function faultsOfHeader(opening: Uint8Array, schema: Schema, given: CsvParams): readonly OpeningFault[] {
  if (given.fields || !given.header) return [];
  const columns = decodeSpecs(schema, given.times);
  const fields = likelyHeader(
    opening,
    columns.map(({ from }) => from),
    given,
  );
  if (!fields) return [];
  return columns
    .filter(({ from }) => fields.filter((field) => field === from).length !== 1)
    .map(({ name, from }) => ({
      column: name,
      message: fields.includes(from)
        ? `the header has field "${from}" more than once`
        : `the header has no field "${from}"${from === name ? '' : ` for column "${name}"`}`,
      wanted: from,
      among: fields,
    }));
}

/** The header line that goes with `csv.encoder`, without a line break. */
export function csvHeader(schema: Schema, { delimiter, quote }: CsvParams): string {
  const special = (name: string) => name.includes(delimiter) || name.includes(quote);
  const shown = (name: string) => (special(name) ? quote + name.replaceAll(quote, quote + quote) + quote : name);
  return schema.fields.map((field) => shown(field.name)).join(delimiter);
}
