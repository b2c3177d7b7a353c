import type { Message as KafkaMessage, MessageHeader } from '@confluentinc/kafka-javascript';
import type { Message } from '../../graph/contract/log.ts';

const EMPTY = new Uint8Array(0);
const NO_HEADERS: Readonly<Record<string, string>> = {};

/** Messages of the log from those of the library; a missing value is an empty one. Neighbours of one millisecond share its number. */
export class Arrivals {
  #ms = -1;
  #ns = 0n;

  of({ offset, timestamp, key, value, headers }: KafkaMessage): Message {
    const ms = timestamp ?? 0;
    if (ms !== this.#ms) {
      this.#ms = ms;
      this.#ns = BigInt(ms) * 1_000_000n;
    }
    return {
      offset,
      timestampNs: this.#ns,
      key: typeof key === 'string' ? Buffer.from(key) : (key ?? null),
      value: value ?? EMPTY,
      headers: headers === undefined || headers.length === 0 ? NO_HEADERS : headersOf(headers),
    };
  }
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
