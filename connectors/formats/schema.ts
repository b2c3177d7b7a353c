import { Bool, type DataType, Field, Float64, Int32, Int64, Schema, Utf8 } from 'apache-arrow';
import { z } from 'zod';
import { COLUMNS, DESCRIPTION, dictionaryOf, timestampNs } from '../../graph/contract/columns.ts';

/** Types of a column as the file names them. */
export const COLUMN_TYPES = ['float64', 'int64', 'int32', 'bool', 'utf8', 'timestamp', 'dictionary'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** Keys of a field's metadata that tell a decoder how the column is written. */
export const FROM = 'from';
export const UNIT = 'unit';
export const ZONE = 'zone';

/** ns of one unit of a time written as a number. */
export const UNITS = { ns: 1, us: 1_000, ms: 1_000_000, s: 1_000_000_000 } as const;

const columnType = z.enum(COLUMN_TYPES);
const columnName = z.string().regex(/^[A-Za-z_]\w*$/, 'expected a column name of letters, digits and _');

/** A column of `schema:` written as a map. */
export const columnShape = z
  .strictObject({
    type: columnType.optional().meta({ description: 'type; may be left out for a name of the column dictionary' }),
    from: z.string().min(1).optional().meta({ description: 'name of the key or field in the message, where it is not the column name' }),
    unit: z.enum(['ns', 'us', 'ms', 's']).optional().meta({ description: 'unit of a timestamp written as a number; ns by default' }),
    zone: z.literal('utc').optional().meta({ description: 'take a time without a zone, or a date alone, as UTC' }),
    nullable: z
      .boolean()
      .optional()
      .meta({ description: 'whether the value may be missing; by default as the column dictionary says, else false' }),
    description: z.string().optional().meta({ description: 'what it holds, for table comments' }),
  })
  .refine((c) => c.unit === undefined || c.type === undefined || c.type === 'timestamp', {
    message: 'only a timestamp has a unit; write "type: timestamp"',
    path: ['unit'],
  });

const column = z.union([columnType, columnShape]);
const listed = z.union([
  columnName.refine(
    (name) => name in COLUMNS,
    `expected a name of the column dictionary (${Object.keys(COLUMNS).join(', ')}), or { name: type }`,
  ),
  z.record(columnName, column).refine((entry) => Object.keys(entry).length === 1, 'expected one column, { name: type }'),
]);

/** `schema:` of a source: columns by name, or a list of which canonical ones stand by name alone. */
export const schemaParams = z
  .strictObject({
    columns: z.union([z.record(columnName, column), z.array(listed)]).meta({
      description: 'columns by name: a type, or { type, from, unit, zone, nullable }; or a list of names of the column dictionary',
    }),
  })
  .superRefine(({ columns }, context) => checkColumns(columns, context));

/** Adds an issue for every column without a type that the column dictionary does not have. */
export function checkColumns(columns: SchemaParams['columns'], context: z.RefinementCtx): void {
  for (const [name, given] of entriesOf(columns)) {
    const type = typeof given === 'string' ? given : given.type;
    if (type === undefined && !(name in COLUMNS)) {
      context.addIssue({ code: 'custom', message: `column "${name}" needs a type`, path: ['columns'] });
    }
  }
}

export type SchemaParams = z.output<typeof schemaParams>;
type Declared = z.output<typeof column>;

/** Columns of a parsed `schema:`, as Arrow has them; how they are written is in each field's metadata. */
export function schemaOf(params: SchemaParams): Schema {
  return new Schema(entriesOf(params.columns).map(([name, given]) => fieldOf(name, typeof given === 'string' ? { type: given } : given)));
}

function entriesOf(columns: SchemaParams['columns']): (readonly [string, Declared])[] {
  if (!Array.isArray(columns)) return Object.entries(columns);
  return columns.flatMap((item): (readonly [string, Declared])[] => (typeof item === 'string' ? [[item, {}]] : Object.entries(item)));
}

function fieldOf(name: string, given: Exclude<Declared, string>): Field {
  const known: Field | undefined = name in COLUMNS ? COLUMNS[name as keyof typeof COLUMNS] : undefined;
  const type = given.type === undefined ? (known?.type ?? new Utf8()) : arrowType(name, given.type);
  const metadata = new Map<string, string>();
  const own = `"${given.from ?? name}" of the source, as it stands there`;
  metadata.set(DESCRIPTION, given.description ?? known?.metadata.get(DESCRIPTION) ?? own);
  if (given.from !== undefined) metadata.set(FROM, given.from);
  if (given.unit !== undefined) metadata.set(UNIT, given.unit);
  if (given.zone !== undefined) metadata.set(ZONE, given.zone);
  return new Field(name, type, given.nullable ?? known?.nullable ?? false, metadata);
}

function arrowType(name: string, type: ColumnType): DataType {
  switch (type) {
    case 'float64':
      return new Float64();
    case 'int64':
      return new Int64();
    case 'int32':
      return new Int32();
    case 'bool':
      return new Bool();
    case 'utf8':
      return new Utf8();
    case 'timestamp':
      return timestampNs();
    case 'dictionary':
      return dictionaryOf(name);
  }
}
