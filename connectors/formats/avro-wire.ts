import { type DataType, type Field, Schema, Type } from 'apache-arrow';
import { DESCRIPTION } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { type AvroOptions, columnsOf, PLAIN } from './avro-columns.ts';
import { parseAvro } from './avro-type.ts';

/** How rows lie in the messages of a topic. It travels in the metadata of the Arrow schema, so that a plan holds all that is needed. */
export interface AvroWire {
  /** Avro schema that the columns are made by, as JSON text. */
  readonly schema: string;
  readonly options: AvroOptions;
  /** Confluent wire format: id of `schema` in the registry, its subject, and other schemas that may be met, by id. Null: bare Avro. */
  readonly registry: { readonly id: number; readonly subject?: string; readonly others: Readonly<Record<string, string>> } | null;
}

const KEY = 'avro';

/** The Arrow schema of a wire, which it carries; `fault` is told of fields that cannot be columns. */
export function arrowSchema(wire: AvroWire, fault: Parameters<typeof columnsOf>[2]): Schema {
  const columns = columnsOf(parseAvro(wire.schema), wire.options, fault);
  return new Schema(fieldsOf(columns), new Map([[KEY, JSON.stringify(wire)]]));
}

/** Fields of the columns that are taken. */
export function fieldsOf(columns: ReturnType<typeof columnsOf>): Field[] {
  return columns.flatMap(({ column }) => (column === null ? [] : [column.field]));
}

/** The wire of an Arrow schema: the one that it carries, else bare Avro with one field a column. */
export function wireOf(schema: Schema): AvroWire {
  const carried = schema.metadata.get(KEY);
  if (carried !== undefined) return JSON.parse(carried) as AvroWire;
  const words = schema.fields.filter(({ type }) => type.typeId === Type.Dictionary).map(({ name }) => name);
  return { schema: avroSchema(schema), options: { ...PLAIN, words }, registry: null };
}

/** The Avro schema of columns: a record `Row` in the namespace `millrace`, times as timestamp-nanos, nullable ones as unions with null. */
export function avroSchema({ fields }: Schema): string {
  const declared = fields.map(({ name, type, nullable, metadata }) => {
    const avro = avroType(name, type);
    const doc = metadata.get(DESCRIPTION);
    return { name, ...(doc === undefined ? {} : { doc }), ...(nullable ? { type: ['null', avro], default: null } : { type: avro }) };
  });
  return JSON.stringify({ type: 'record', name: 'Row', namespace: 'millrace', fields: declared });
}

function avroType(name: string, type: DataType): string | { readonly type: string; readonly logicalType: string } {
  switch (type.typeId) {
    case Type.Bool:
      return 'boolean';
    case Type.Float:
      return 'double';
    case Type.Int:
      return (type as DataType & { bitWidth: number }).bitWidth === 64 ? 'long' : 'int';
    case Type.Utf8:
    case Type.Dictionary:
      return 'string';
    case Type.Binary:
      return 'bytes';
    case Type.Timestamp:
      return { type: 'long', logicalType: 'timestamp-nanos' };
    default:
      throw new MillraceError(`column "${name}" is ${type}, which format "avro" cannot hold`, { code: 'type-unsupported', domain: 'user' });
  }
}
