import { SNAPSHOT_CHUNK_BYTES } from '../../../graph/contract/kernel.ts';
import type { MarketState } from './market.ts';

const asText = (_name: string, value: unknown) => {
  if (typeof value === 'bigint') return { bigint: value.toString() };
  return value instanceof Map ? { entries: [...value] } : value;
};

const asValue = (_name: string, value: unknown) => {
  if (typeof value !== 'object' || value === null) return value;
  if ('bigint' in value && typeof value.bigint === 'string') return BigInt(value.bigint);
  return 'entries' in value && Array.isArray(value.entries) ? new Map(value.entries) : value;
};

/** A state as JSON in chunks. */
export function packed(state: MarketState): Uint8Array[] {
  const bytes = Buffer.from(JSON.stringify(state, asText));
  const count = Math.ceil(bytes.length / SNAPSHOT_CHUNK_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * SNAPSHOT_CHUNK_BYTES, (i + 1) * SNAPSHOT_CHUNK_BYTES));
}

/** What `packed` was given; null without chunks. */
export function unpacked(chunks: readonly Uint8Array[]): MarketState | null {
  return chunks.length === 0 ? null : (JSON.parse(Buffer.concat(chunks).toString(), asValue) as MarketState);
}
