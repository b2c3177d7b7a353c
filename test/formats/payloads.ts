import type { Decoded, Payloads } from '../../graph/contract/format.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';

/** Texts or bytes as payloads. */
export function payloadsOf(messages: readonly (string | Uint8Array)[]): Payloads {
  const parts = messages.map((message) => (typeof message === 'string' ? Buffer.from(message) : message));
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = (offsets[i] as number) + part.length;
  });
  return { bytes: new Uint8Array(Buffer.concat(parts)), offsets, recvNs: null };
}

/** Payloads as texts. */
export function textsOf({ bytes, offsets }: Payloads): string[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString('utf8'));
}

/** Rows that came out, and code and raw text of what was refused. */
export function outcome(decoded: Decoded): { rows: Row[]; refused: { payload: number; code: string; reason: string; raw: string }[] } {
  return {
    rows: decoded.batch ? rowsOf(decoded.batch) : [],
    refused: (decoded.rejected ? rowsOf(decoded.rejected) : []).map(({ row, code, reason, raw }) => ({
      payload: Number(row),
      code: String(code),
      reason: String(reason),
      raw: Buffer.from(raw as Uint8Array).toString('latin1'),
    })),
  };
}
