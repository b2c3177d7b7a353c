import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../../graph/contract/error.ts';

/** Bytes that are read ahead of what is taken. */
const BLOCK_BYTES = 1024 * 1024;

/** What a failed read means: a damaged archive, or a file that cannot be had. */
export function fileError(error: unknown, path: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') {
    return new MillraceError(`"${path}" ends inside its compressed data`, {
      code: 'file-truncated',
      domain: 'user',
      remedy: 'copy the file again, whole',
      cause: error,
    });
  }
  if (code?.startsWith('Z_')) {
    return new MillraceError(`the compressed data of "${path}" is damaged: ${message}`, {
      code: 'file-damaged',
      domain: 'user',
      remedy: 'copy the file again',
      cause: error,
    });
  }
  const passing = code === 'EMFILE' || code === 'ENFILE' || code === 'EIO' || code === 'EAGAIN';
  return new MillraceError(`"${path}" cannot be read: ${message}`, {
    code: 'file-unreadable',
    domain: passing ? 'external' : 'user',
    retry: passing ? 'backoff' : 'never',
    remedy: 'check that it is there and may be read',
    cause: error,
  });
}

/** Whether a file starts as gzip does. */
export async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** The content of a file in blocks, unpacked where it is gzip, with one block read ahead. */
export async function* blocksOf(path: string): AsyncGenerator<Buffer, void> {
  try {
    const gzip = await isGzip(path);
    const file = createReadStream(path, { highWaterMark: BLOCK_BYTES });
    const content = gzip ? pipeline(file, createGunzip({ chunkSize: BLOCK_BYTES / 4 }), () => undefined) : file;
    const blocks = content[Symbol.asyncIterator]();
    try {
      for (let ahead = blocks.next(); ; ) {
        const block = await ahead;
        if (block.done) return;
        ahead = blocks.next();
        ahead.catch(() => undefined); // thrown where it is awaited
        yield block.value as Buffer;
      }
    } finally {
      content.destroy();
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The files a path or pattern stands for, in order of their names. */
export async function filesOf(folder: string, path: string): Promise<readonly string[]> {
  const absolute = resolve(folder, path);
  if (!/[*?[{]/.test(path)) return [absolute];
  return (await matches(absolute)).sort();
}

async function matches(pattern: string): Promise<string[]> {
  if (!/[*?[{]/.test(pattern)) return [pattern];
  const parent = dirname(pattern);
  const name = nameTest(basename(pattern));
  const found: string[] = [];
  for (const folder of parent === pattern ? [] : await matches(parent)) {
    try {
      for (const entry of await readdir(folder)) if (name.test(entry)) found.push(join(folder, entry));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError(error, folder);
    }
  }
  return found;
}

/** A pattern of one path segment; a leading dot has to be named. */
function nameTest(pattern: string): RegExp {
  const body = pattern.replace(/\[[^\]]*\]|\{[^}]*\}|[*?]|[.+^$|()[\]{}\\]/g, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (token.startsWith('[') && token.length > 1) return token.replace(/^\[!/, '[^');
    if (token.startsWith('{') && token.length > 1) return `(${token.slice(1, -1).split(',').map(escaped).join('|')})`;
    return escaped(token);
  });
  return new RegExp(`^${pattern.startsWith('.') ? '' : '(?!\\.)'}${body}$`);
}

const escaped = (text: string): string => text.replace(/[.*+?^$|()[\]{}\\]/g, '\\$&');
