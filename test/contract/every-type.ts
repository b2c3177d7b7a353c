import { Binary, Bool, type DataType, Float64, Int32, Int64, Schema, Utf8 } from 'apache-arrow';
import { dictionaryOf, field, timestampNs } from '../../graph/contract/columns.ts';

const column = (name: string, type: DataType | null, nullable: boolean) => field(name, type ?? dictionaryOf(name), nullable, name);

/** One column a type, each nullable and not. */
export const EVERY_TYPE = new Schema(
  [
    ['float', new Float64()] as const,
    ['int64', new Int64()] as const,
    ['int32', new Int32()] as const,
    ['time', timestampNs()] as const,
    ['word', null] as const,
    ['text', new Utf8()] as const,
    ['bytes', new Binary()] as const,
    ['bool', new Bool()] as const,
  ].flatMap(([name, type]) => [false, true].map((nullable) => column(nullable ? `${name}_or_null` : name, type, nullable))),
);
