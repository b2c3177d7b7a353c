import { constants, gunzipSync } from 'node:zlib';
import type { SourcePreview } from '../../graph/contract/connector.ts';
import { isArrow } from './arrow-file.ts';
import { fileError } from './blocks.ts';
import type { FileSourceParams } from './params.ts';

/** Bytes from the front of a file that are looked through for what no text has. */
const LOOKED_AT_BYTES = 64 * 1024;
const NEWLINE = 10;

/** Whether a file that starts so is no text that we can read: text has no zero byte, unless it is UTF-16. */
export function isNoText(start: Uint8Array): boolean {
  return start.subarray(0, LOOKED_AT_BYTES).includes(0);
}

/** The first line of a file, and whether it is written in that format; of a pattern nothing is told. */
export function previewFile({ path }: FileSourceParams, format: string, start: (path: string) => Uint8Array | null): SourcePreview {
  const raw = /[*?[{]/.test(path) ? null : start(path);
  if (!raw || raw.length === 0) return { opening: null, fault: null };
  let content: Buffer;
  try {
    content = unpacked(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  } catch (error) {
    const { message, remedy = '' } = fileError(error, path);
    return { opening: null, fault: { message, hint: remedy } };
  }
  if (isArrow(content) !== (format === 'arrow')) {
    const [message, hint] =
      format === 'arrow'
        ? [`"${path}" is no Arrow file`, 'Give the format that it has.']
        : [`"${path}" is an Arrow file`, 'Say "format: arrow".'];
    return { opening: null, fault: { message, hint } };
  }
  if (format === 'arrow') return { opening: null, fault: null };
  if (isNoText(content)) return { opening: null, fault: { message: `"${path}" is not text`, hint: 'Write it again as text in UTF-8.' } };
  return { opening: firstLine(content), fault: null };
}

/** What the first bytes of an archive hold, or the bytes themselves. */
function unpacked(raw: Buffer): Buffer {
  return raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw, { finishFlush: constants.Z_SYNC_FLUSH }) : raw;
}

/** The first line with a character; null when its end is not there. */
function firstLine(content: Buffer): Buffer | null {
  for (let at = 0; at < content.length; ) {
    const found = content.indexOf(NEWLINE, at);
    if (found < 0) return content.length < LOOKED_AT_BYTES ? content.subarray(at) : null;
    const line = content.subarray(at, found);
    if (line.length > 0 && !line.equals(Buffer.from('\r'))) return line;
    at = found + 1;
  }
  return null;
}
