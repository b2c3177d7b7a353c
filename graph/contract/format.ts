import type { RecordBatch, Schema } from 'apache-arrow';
import type { z } from 'zod';

/** n payloads in columns: payload i is `bytes[offsets[i] .. offsets[i + 1])`. */
export interface Payloads {
  readonly bytes: Uint8Array;
  /** n + 1 entries. */
  readonly offsets: Int32Array;
  /** Record time of each payload, ns since 1970 UTC; null where the source has none. */
  readonly recvNs: BigInt64Array | null;
  /** First payload of the file they come from, the same object for all of one file; absent where there is no file. */
  readonly opening?: Uint8Array;
}

export interface Decoded {
  readonly batch: RecordBatch | null;
  /** Payload that each row came from; null: row i is payload i. */
  readonly payloadOfRow: Int32Array | null;
  /** Position inside its payload of each row; null: every payload holds one row. */
  readonly rowInPayload: Int32Array | null;
  /** Refused payloads (`REJECT_SCHEMA`, where `row` is the index of the payload), or null. */
  readonly rejected: RecordBatch | null;
}

export interface Decoder {
  decode(payloads: Payloads): Decoded;
}

export interface Encoder {
  /** The payloads of one batch; a format with many rows a message gives one. */
  encode(batch: RecordBatch): Payloads;
}

/** How rows are laid out in the messages of a topic or the lines of a file. */
export interface Format<P = unknown> {
  readonly name: string;
  readonly summary: string;
  /** One payload holds: exactly one row (`json`, `csv`, `capture`), or a whole batch (`arrow`). */
  readonly rowsPerPayload: 'one' | 'many';
  /** Options besides `format:` and `schema:`. */
  readonly params: z.ZodType<P>;
  /** Whether `schema:` must be given; formats that do not need one bring their own (`capture`) or are told by the writer (`arrow`). */
  readonly schema: 'required' | 'own' | 'carried';
  /** The schema of `own` formats. */
  ownSchema?(params: P): Schema;
  /** Files its options name, for the compiler to check and read. */
  files?(params: P): readonly NamedFile[];
  /** The options with what those files say, null after a fault; a plan holds the result. `read` and `fault` as in `SchemaReader`. */
  prepare?(
    params: P,
    read: (path: string) => string,
    fault: (message: string, place?: readonly (string | number)[], hint?: string) => void,
  ): P | null;
  /** The columns that reading gives of rows written with these options, where they are not those of the rows. */
  gives?(schema: Schema, params: P): Schema;
  /** What is wrong with a file that begins with this payload, told before it is read; none: nothing that is known. */
  openingFaults?(opening: Uint8Array, schema: Schema, params: P): readonly OpeningFault[];
  decoder(schema: Schema, params: P): Decoder;
  encoder?(schema: Schema, params: P): Encoder;
}

/** A column that the beginning of a file does not bear out: what was looked for, among which names. */
export interface OpeningFault {
  readonly column: string;
  readonly message: string;
  readonly wanted: string;
  readonly among: readonly string[];
}

export function defineFormat<P>(format: Format<P>): Format<P> {
  return format;
}

/** A file that a value names, relative to the pipeline file; `hint` says what to do where it is missing. */
export interface NamedFile {
  readonly path: string;
  readonly place: readonly (string | number)[];
  readonly hint?: string;
}

/** How `schema:` of a source is read: columns with their types, or a schema file. One for all formats; the registry holds it. */
export interface SchemaReader<P = unknown> {
  /** What may stand under `schema:`; the compiler checks it and says faults of its structure, the editor completes it. */
  readonly params: z.ZodType<P>;
  /** Files it names, for the compiler to check and read. */
  files?(params: P): readonly NamedFile[];
  /**
   * The columns, each with its description where there is one; null after a fault. `read` gives the text of a file that `files` named.
   * `fault` records what is wrong, at a path inside the value.
   */
  schema(
    params: P,
    read: (path: string) => string,
    fault: (message: string, place?: readonly (string | number)[], hint?: string) => void,
  ): Schema | null;
}
