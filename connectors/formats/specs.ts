import { type DataType, type Field, type Schema, Type } from 'apache-arrow';
import { MillraceError } from '../../graph/contract/error.ts';
import { type ColumnType, FROM, UNIT, UNITS, ZONE } from './schema.ts';

/** A column as the native decoders are told of it. */
export interface DecodeSpec {
  readonly name: string;
  readonly from: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly unit_ns: number;
  /** Nobody said the unit: an integer that ns would put before 1973 is refused. */
  readonly unit_guessed: boolean;
  readonly assume_utc: boolean;
}

/** How each column of a schema is written in a message; `times`: as the format says that it writes times. */
export function decodeSpecs(schema: Schema, times: 'iso' | 'ns'): DecodeSpec[] {
  return schema.fields.map((field) => ({
    name: field.name,
    from: field.metadata.get(FROM) ?? field.name,
    type: typeOf(field),
    nullable: field.nullable,
    unit_ns: UNITS[(field.metadata.get(UNIT) ?? 'ns') as keyof typeof UNITS] ?? 1,
    unit_guessed: times !== 'ns' && !field.metadata.has(UNIT),
    assume_utc: field.metadata.get(ZONE) === 'utc',
  }));
}

/** Name and type of each column, for the encoders. */
export function encodeSpecs(schema: Schema): { name: string; type: ColumnType }[] {
  return schema.fields.map((field) => ({ name: field.name, type: typeOf(field) }));
}

function typeOf(field: Field): ColumnType {
  switch (field.type.typeId) {
    case Type.Float:
      return 'float64';
    case Type.Int:
      return (field.type as DataType & { bitWidth: number }).bitWidth === 64 ? 'int64' : 'int32';
    case Type.Bool:
      return 'bool';
    case Type.Utf8:
    case Type.Binary:
      return 'utf8';
    case Type.Timestamp:
      return 'timestamp';
    case Type.Dictionary:
      return 'dictionary';
    default:
      throw new MillraceError(`column "${field.name}" is ${field.type}, which text cannot hold`, {
        code: 'type-unsupported',
        domain: 'user',
      });
  }
}
