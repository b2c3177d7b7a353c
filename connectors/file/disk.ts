import { open, readFile, stat } from 'node:fs/promises';
import { MillraceError } from '../../graph/contract/error.ts';

/** Makes names that were given or changed in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The text of a file, or null when it is not there. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whether a file is there. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** The blocks without their last bytes. */
export async function* withoutEnd(blocks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0);
  for await (const block of blocks) {
    const all = Buffer.concat([held, block]);
    const cut = Math.max(0, all.length - bytes);
    yield all.subarray(0, cut);
    held = all.subarray(cut);
  }
}

/** What a failed write means; a full disk may have room again. */
export function writeError(error: unknown, path: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new MillraceError(`"${path}" cannot be written: ${message}`, {
    code: full ? 'file-disk-full' : 'file-unwritable',
    domain: full ? 'external' : 'user',
    retry: full || code === 'EIO' || code === 'EMFILE' ? 'backoff' : 'never',
    remedy: full ? 'make room on the disk' : 'check that the folder may be written to',
    cause: error,
  });
}
