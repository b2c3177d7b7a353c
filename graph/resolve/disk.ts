import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import type { Files } from './paths.ts';

/** The files of this machine. */
export const disk: Files = {
  exists: existsSync,
  read: (path) => readFileSync(path, 'utf8'),
  bytes: (path) => (statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : null),
  start(path, bytes) {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return null;
    const file = openSync(path, 'r');
    try {
      const buffer = new Uint8Array(bytes);
      return buffer.subarray(0, readSync(file, buffer, 0, bytes, 0));
    } finally {
      closeSync(file);
    }
  },
};
