import { open } from 'node:fs/promises';
import { blocksOf, fileError, isGzip } from './blocks.ts';

/** The content of a file, taken in pieces of any size. */
export interface Bytes {
  /** The next `length` bytes in a buffer of their own that starts at a multiple of 8, after `before` free bytes; fewer at the end. */
  take(length: number, before?: number): Promise<Buffer>;
  close(): Promise<void>;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** Opens a file from its start: read straight into the buffers that are handed out, or unpacked where it is gzip. */
export async function openBytes(path: string): Promise<Bytes> {
  try {
    return (await isGzip(path)) ? unpacked(path) : await plain(path);
  } catch (error) {
    throw fileError(error, path);
  }
}

async function plain(path: string): Promise<Bytes> {
  const file = await open(path);
  let position = 0;
  return {
    async take(length, before = 0) {
      const buffer = Buffer.allocUnsafeSlow(before + length);
      let at = before;
      try {
        while (at < buffer.length) {
          const { bytesRead } = await file.read(buffer, at, buffer.length - at, position);
          if (bytesRead === 0) break;
          at += bytesRead;
          position += bytesRead;
        }
      } catch (error) {
        throw fileError(error, path);
      }
      return buffer.subarray(0, at);
    },
    close: () => file.close(),
  };
}

function unpacked(path: string): Bytes {
  const blocks = blocksOf(path);
  let rest: Buffer = EMPTY;
  return {
    async take(length, before = 0) {
      const buffer = Buffer.allocUnsafeSlow(before + length);
      let at = before;
      while (at < buffer.length) {
        if (rest.length === 0) {
          const block = await blocks.next();
          if (block.done) break;
          rest = block.value;
        }
        const taken = rest.copy(buffer, at);
        rest = rest.subarray(taken);
        at += taken;
      }
      return buffer.subarray(0, at);
    },
    async close() {
      await blocks.return();
    },
  };
}
