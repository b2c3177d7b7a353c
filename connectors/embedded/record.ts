/** Where the value of a message is: in the index itself, or in a segment file. */
export type Place =
  | { readonly inline: Uint8Array }
  | { readonly segment: number; readonly position: number; readonly length: number; readonly crc: number };

/** One message as the index holds it. */
export interface IndexRecord {
  readonly timestampNs: bigint;
  readonly key: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly place: Place;
}

const INLINE = 1;
const HAS_KEY = 2;
const FIXED_BYTES = 18; // flags u8, unused u8, timestamp i64, header bytes u32, key bytes u32
const PLACE_BYTES = 20; // segment u32, position f64, length u32, crc u32
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/** An index record as bytes, little endian: fixed part, place, headers as JSON, key, inline value. */
export function encodeRecord(record: IndexRecord): Buffer {
  const { place, key } = record;
  const headers = isEmpty(record.headers) ? '' : JSON.stringify(record.headers);
  const headerBytes = Buffer.byteLength(headers);
  const keyBytes = key?.length ?? 0;
  const inline = 'inline' in place ? place.inline : null;
  const placeEnd = FIXED_BYTES + (inline ? 0 : PLACE_BYTES);
  const bytes = Buffer.allocUnsafe(placeEnd + headerBytes + keyBytes + (inline?.length ?? 0));
  bytes[0] = (inline ? INLINE : 0) | (key ? HAS_KEY : 0);
  bytes[1] = 0;
  bytes.writeBigInt64LE(record.timestampNs, 2);
  bytes.writeUInt32LE(headerBytes, 10);
  bytes.writeUInt32LE(keyBytes, 14);
  if (!('inline' in place)) {
    bytes.writeUInt32LE(place.segment, FIXED_BYTES);
    bytes.writeDoubleLE(place.position, FIXED_BYTES + 4);
    bytes.writeUInt32LE(place.length, FIXED_BYTES + 12);
    bytes.writeUInt32LE(place.crc, FIXED_BYTES + 16);
  }
  if (headerBytes > 0) bytes.write(headers, placeEnd, 'utf8');
  if (key) bytes.set(key, placeEnd + headerBytes);
  if (inline) bytes.set(inline, placeEnd + headerBytes + keyBytes);
  return bytes;
}

/** The record in `bytes`; key and inline value are copies that start at multiples of 8 in their buffers. */
export function decodeRecord(bytes: Buffer): IndexRecord {
  const flags = bytes[0] ?? 0;
  const headerBytes = bytes.readUInt32LE(10);
  const placeEnd = FIXED_BYTES + (flags & INLINE ? 0 : PLACE_BYTES);
  const keyStart = placeEnd + headerBytes;
  const keyEnd = keyStart + bytes.readUInt32LE(14);
  const headers: Readonly<Record<string, string>> = headerBytes === 0 ? NO_HEADERS : JSON.parse(bytes.toString('utf8', placeEnd, keyStart));
  const place: Place =
    flags & INLINE
      ? { inline: new Uint8Array(bytes.subarray(keyEnd)) }
      : {
          segment: bytes.readUInt32LE(FIXED_BYTES),
          position: bytes.readDoubleLE(FIXED_BYTES + 4),
          length: bytes.readUInt32LE(FIXED_BYTES + 12),
          crc: bytes.readUInt32LE(FIXED_BYTES + 16),
        };
  return {
    timestampNs: bytes.readBigInt64LE(2),
    key: flags & HAS_KEY ? new Uint8Array(bytes.subarray(keyStart, keyEnd)) : null,
    headers,
    place,
  };
}

function isEmpty(headers: Readonly<Record<string, string>>): boolean {
  for (const _ in headers) return false;
  return true;
}
