import type { Message as KafkaMessage, MessageHeader } from '@confluentinc/kafka-javascript';
import type { Message } from '../../graph/contract/log.ts';

const EMPTY = new Uint8Array(0);
const NO_HEADERS: Readonly<Record<string, string>> = {};

/** A message of the log from one of the library; a missing value is an empty one. */
export function messageOf({ offset, timestamp, key, value, headers }: KafkaMessage): Message {
  return {
    offset,
    timestampNs: BigInt(timestamp ?? 0) * 1_000_000n,
    key: typeof key === 'string' ? Buffer.from(key) : (key ?? null),
    value: value ?? EMPTY,
    headers: headers === undefined || headers.length === 0 ? NO_HEADERS : headersOf(headers),
  };
}

function headersOf(headers: readonly MessageHeader[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (const header of headers) for (const name in header) record[name] = String(header[name]); // Buffers as UTF-8
  return record;
}

/** Headers as the library wants them; rows of one epoch share theirs, so the last ones are kept. */
export class HeaderCache {
  #last: Readonly<Record<string, string>> = NO_HEADERS;
  #made: MessageHeader[] = [];

  of(headers: Readonly<Record<string, string>>): MessageHeader[] {
    if (headers !== this.#last) {
      this.#last = headers;
      this.#made = Object.entries(headers).map(([name, value]) => ({ [name]: value }));
    }
    return this.#made;
  }
}

/** The same bytes as a Buffer, not copied. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
