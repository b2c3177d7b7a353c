import type { RecordBatch } from 'apache-arrow';
import { type ColumnValues, dictionaryVector, makeBatch } from '../../graph/contract/batch.ts';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';

/** A payload that was refused, and why. */
export interface Refusal {
  readonly payload: number;
  readonly code: string;
  readonly reason: string;
  readonly raw: Uint8Array;
}

/** Refused payloads as a batch of `REJECT_SCHEMA`; null when there are none. */
export function rejectedBatch(refusals: readonly Refusal[]): RecordBatch | null {
  if (refusals.length === 0) return null;
  const codes = [...new Set(refusals.map((refusal) => refusal.code))];
  const index = new Map(codes.map((code, i) => [code, i]));
  return makeBatch(REJECT_SCHEMA, refusals.length, [
    { values: Int32Array.from(refusals, (refusal) => refusal.payload) },
    { values: Int32Array.from(refusals, (refusal) => index.get(refusal.code) ?? 0), dictionary: dictionaryVector(codes) },
    joined(refusals.map((refusal) => Buffer.from(refusal.reason, 'utf8'))),
    joined(refusals.map((refusal) => refusal.raw)),
  ]);
}

/** Parts one behind the other, as a Utf8 or Binary column holds them. */
export function joined(parts: readonly Uint8Array[]): ColumnValues & { readonly values: Uint8Array; readonly offsets: Int32Array } {
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = (offsets[i] ?? 0) + part.length;
  });
  return { values: new Uint8Array(Buffer.concat(parts)), offsets };
}
