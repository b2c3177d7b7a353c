import { SNAPSHOT_CHUNK_BYTES } from '../../graph/contract/kernel.ts';

/** The state of a reference kernel, integers, maps and sets as JSON. */
export function stateChunks(state: unknown): Uint8Array[] {
  const bytes = Buffer.from(JSON.stringify(state, plain));
  const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
}

/** What `stateChunks` was given. */
export function stateOf<S>(chunks: readonly Uint8Array[]): S {
  return JSON.parse(Buffer.concat(chunks).toString(), revived) as S;
}

const plain = (_name: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return { integer: value.toString() };
  if (value instanceof Map) return { map: [...value] };
  return value instanceof Set ? { set: [...value] } : value;
};

const revived = (_name: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if ('integer' in value && typeof value.integer === 'string') return BigInt(value.integer);
  if ('map' in value && Array.isArray(value.map)) return new Map(value.map);
  return 'set' in value && Array.isArray(value.set) ? new Set(value.set) : value;
};
