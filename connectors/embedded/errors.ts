import { statfsSync } from 'node:fs';
import { MillraceError } from '../../graph/contract/error.ts';

/** Free bytes below which an input/output error of the store is a full disk: it reports a short write without its cause. */
const FULL_BELOW_BYTES = 1024 * 1024;

/** The system's code of a failed call (`ENOSPC`), or an empty text. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What went wrong while writing below `dir`, as a coded error: a full disk, a missing right, or a failed write. */
export function writeError(dir: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const code = systemCode(error);
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || (code === '5' && freeBytes(dir) < FULL_BELOW_BYTES);
  if (full) {
    return new MillraceError(`no space left for the embedded log in ${dir}`, {
      code: 'disk-full',
      domain: 'user',
      remedy: 'make room on that disk, or move the folder and name it with --data-dir, and start again: nothing that was committed is lost',
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new MillraceError(`the embedded log may not write to ${dir}`, {
      code: 'log-denied',
      domain: 'user',
      remedy: 'give this user the right to write there, or name another folder with --data-dir',
      cause: error,
    });
  }
  return new MillraceError(`writing the embedded log in ${dir} failed`, {
    code: 'log-write-failed',
    domain: 'external',
    retry: 'backoff',
    remedy: 'look at the health of that disk',
    cause: error,
  });
}

/** The folder does not hold what its index says. */
export function damaged(dir: string, what: string, cause?: unknown): MillraceError {
  return new MillraceError(`the embedded log in ${dir} is damaged: ${what}`, {
    code: 'log-damaged',
    domain: 'external',
    remedy: 'restore the folder from a backup, or start anew with `millrace reset`',
    cause,
  });
}

/** A position before the first message that is still there. */
export function expired(topic: string, partition: number, offset: number, low: number): MillraceError {
  return new MillraceError(`offset ${offset} of ${topic}/${partition} is gone: the first one kept is ${low}`, {
    code: 'position-expired',
    domain: 'user',
    remedy: 'start from the earliest offset, or keep messages longer',
  });
}

/** The caller broke the contract of the log. */
export function broken(message: string): MillraceError {
  return new MillraceError(message, { code: 'log-protocol', domain: 'internal' });
}

function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
