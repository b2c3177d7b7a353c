import { MillraceError } from '../../graph/contract/error.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { damaged } from './avro-cursor.ts';
import { type Resolve, resolverOf } from './avro-resolve.ts';
import type { AvroWire } from './avro-wire.ts';
import type { Refusal } from './refusals.ts';

/** Confluent wire format: a zero byte, the id of the schema in four bytes, big-endian, then Avro. */
export const FRAME_BYTES = 5;

/** Bodies of payloads in the reader's schema: body i is `bytes[from[i] .. to[i])`; `from[i]` < 0: refused. */
export interface Bodies {
  readonly bytes: Uint8Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
}

/** Takes the frames off. */
export class Unframer {
  readonly #wire: AvroWire;
  readonly #resolvers = new Map<number, Resolve | MillraceError>();

  constructor(wire: AvroWire) {
    this.#wire = wire;
  }

  bodies({ bytes, offsets }: Payloads, refused: Refusal[]): Bodies {
    const count = offsets.length - 1;
    const from = offsets.slice(0, count);
    const to = offsets.slice(1);
    const { registry } = this.#wire;
    if (!registry) return { bytes, from, to };
    const resolved: Uint8Array[] = [];
    let size = bytes.length;
    for (let i = 0; i < count; i++) {
      const start = from[i] as number;
      const end = to[i] as number;
      try {
        const id = frameId(bytes, start, end);
        from[i] = start + FRAME_BYTES;
        if (id === registry.id) continue;
        const body = this.#resolver(id)(bytes.subarray(start + FRAME_BYTES, end));
        resolved.push(body);
        from[i] = size;
        size += body.length;
        to[i] = size;
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error;
        refused.push({ payload: i, code: error.code, reason: error.message, raw: bytes.subarray(start, end) });
        from[i] = -1;
      }
    }
    return resolved.length === 0 ? { bytes, from, to } : { bytes: new Uint8Array(Buffer.concat([bytes, ...resolved])), from, to };
  }

  #resolver(id: number): Resolve {
    let resolve = this.#resolvers.get(id);
    if (!resolve) {
      const text = this.#wire.registry?.others[id];
      if (text === undefined) throw unknownSchema(id, this.#wire.registry?.subject);
      resolve = text === this.#wire.schema ? (payload) => payload : resolverOr(this.#wire.schema, text);
      this.#resolvers.set(id, resolve);
    }
    if (resolve instanceof MillraceError) throw resolve;
    return resolve;
  }
}

function resolverOr(reader: string, writer: string): Resolve | MillraceError {
  try {
    return resolverOf(reader, writer);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

function unknownSchema(id: number, subject: string | undefined): MillraceError {
  const known = subject === undefined ? 'those that the pipeline was planned with' : `subject "${subject}" as pipelines.lock has it`;
  return damaged('avro-schema-unknown', `schema ${id} is not one of ${known}: run "millrace pin", then start anew`);
}

/** Ids of schemas are handed out from 1 on; no registry holds so many. */
const MOST_PLAUSIBLE = 0x00ff_ffff;

/** What a payload that is no bare Avro probably is; empty where nothing tells. */
export function framedHint(payload: Uint8Array): string {
  if (payload.length < FRAME_BYTES || payload[0] !== 0) return '';
  const id = frameId(payload, 0, payload.length);
  if (id < 1 || id > MOST_PLAUSIBLE) return '';
  return `; it looks like the Confluent format with schema id ${id}: read it with schema: { registry: SUBJECT } in place of avsc`;
}

function frameId(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < FRAME_BYTES) throw damaged('avro-frame', `the payload has ${end - start} bytes, fewer than a frame`);
  if (bytes[start] !== 0) throw damaged('avro-frame', `the payload starts with byte ${bytes[start]}, expected 0 and the id of a schema`);
  let id = 0;
  for (let i = 1; i < FRAME_BYTES; i++) id = (id << 8) | (bytes[start + i] as number);
  return id >>> 0;
}
