import type { Schema } from 'apache-arrow';
import { column, columnIndex, isValid } from '../../graph/contract/batch.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Encoder } from '../../graph/contract/format.ts';
import { Output } from './avro-output.ts';
import { type AvroField, type AvroType, parseAvro } from './avro-type.ts';
import { type CellWriter, unfit, writerOf } from './avro-writers.ts';

/** What rows are written by: an Avro schema as JSON text, and its id in the registry for the Confluent wire format. */
export interface AvroTarget {
  readonly schema: string;
  readonly id: number | null;
}

interface FieldWriter {
  readonly name: string;
  /** Null: the rows have no such column, and the field is written as null. */
  readonly present: boolean;
  readonly nullBranch: number | null;
  readonly union: boolean;
  readonly writer: CellWriter | null;
}

/** Writes one record a row; columns and fields are matched by name. Throws `avro-columns` where they do not fit each other. */
export function avroEncoder(schema: Schema, { schema: text, id }: AvroTarget): Encoder {
  const record = parseAvro(text);
  const left = schema.fields.find(({ name }) => !record.fields.some((field) => field.name === name));
  if (left) throw unfit(`column "${left.name}" has no field in the Avro record "${record.name}"`);
  const fields = record.fields.map((field) => fieldWriter(field, schema));
  const frame = new Uint8Array(id === null ? 0 : 5);
  if (id !== null) new DataView(frame.buffer).setUint32(1, id);
  const output = new Output();
  return {
    encode(batch) {
      output.reset();
      const rows = batch.numRows;
      const columns = fields.map(({ name, present }) => (present ? column(batch, name) : null));
      for (const [i, { writer }] of fields.entries()) {
        const values = columns[i];
        if (values) writer?.start(values);
      }
      const offsets = new Int32Array(rows + 1);
      for (let row = 0; row < rows; row++) {
        output.raw(frame);
        for (let i = 0; i < fields.length; i++) {
          const { name, nullBranch, union, writer } = fields[i] as FieldWriter;
          const values = columns[i] ?? null;
          if (values === null || !isValid(values, row)) {
            if (nullBranch === null) throw nullRefused(name, row);
            output.int(nullBranch);
          } else {
            if (union) output.int(nullBranch === 0 ? 1 : 0);
            writer?.write(output, row);
          }
        }
        offsets[row + 1] = output.pos;
      }
      return { bytes: output.bytes.subarray(0, output.pos), offsets, recvNs: null };
    },
  };
}

const nullRefused = (name: string, row: number) =>
  new MillraceError(`row ${row} has no "${name}", and its Avro field is not a union with null`, {
    code: 'avro-value',
    domain: 'user',
    remedy: 'make the field a union with null in the Avro schema, or filter such rows out before the sink',
  });

function fieldWriter({ name, type }: AvroField, schema: Schema): FieldWriter {
  const branches: readonly AvroType[] = type.kind === 'union' ? type.branches : [];
  const nullAt = branches.findIndex(({ kind }) => kind === 'null');
  const nullBranch = nullAt < 0 ? null : nullAt;
  const values = branches.filter(({ kind }) => kind !== 'null');
  const value = type.kind === 'union' ? values[0] : type;
  if (!value || values.length > 1) throw unfit(`field "${name}" is a union of several types, which no column fits`);
  const column = schema.fields[columnIndex(schema, name)];
  if (!column && nullBranch === null) throw unfit(`field "${name}" of the Avro record has no column, and is not a union with null`);
  if (column?.nullable && nullBranch === null) throw unfit(`column "${name}" may be null, and its Avro field is not a union with null`);
  const writer = column ? writerOf(column, value) : null;
  return { name, present: column !== undefined, nullBranch, union: type.kind === 'union', writer };
}
