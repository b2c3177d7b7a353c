import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Say } from '../diagnostics/report.ts';
import type { Span } from '../document/value.ts';

/** Reads what the file names; synchronous, so that the compiler is. */
export interface Files {
  /** Whether a file or folder is there. */
  exists(path: string): boolean;
  /** Its text. */
  read(path: string): string;
  /** Its first bytes, at most that many; null where it is no file. Without it nothing is told of data files. */
  start?(path: string, bytes: number): Uint8Array | null;
  /** All of its bytes; null where it is no file. Without it models are looked at when they are opened. */
  bytes?(path: string): Uint8Array | null;
}

/** The folders a pipeline may touch, and what is in them. */
export interface Paths {
  /** Absolute path of an existing file; null after `path-outside` or `file-missing`. A pattern stands for itself. */
  existing(path: string, span: Span, say: Say): string | null;
  /** Absolute path that may be written; null after `path-outside`. */
  writable(path: string, span: Span, say: Say): string | null;
  readonly files: Files;
}

/** Paths relative to a pipeline file; `roots` are allowed besides its own folder, `readable` ones for reading alone. */
export function pathsOf(file: string, roots: readonly string[], readable: readonly string[], files: Files): Paths {
  const folder = dirname(resolve(file));
  const written = [folder, ...roots.map((root) => resolve(root))];
  const read = [...written, ...readable.map((root) => resolve(root))];
  const inside = (allowed: readonly string[], path: string, span: Span, say: Say): string | null => {
    const absolute = resolve(folder, path);
    if (!path.includes('\0') && allowed.some((root) => isInside(root, absolute))) return absolute;
    say(
      'path-outside',
      span,
      `"${path}" lies outside the folders that this file may touch`,
      `Allowed: ${['its own folder', ...roots].join(', ')}; pass --allow-path for more.`,
    );
    return null;
  };
  return {
    files,
    writable: (path, span, say) => inside(written, path, span, say),
    existing(path, span, say) {
      const absolute = inside(read, path, span, say);
      if (absolute === null) return null;
      const pattern = path.search(/[*?[{]/);
      const looked = pattern < 0 ? absolute : resolve(folder, path.slice(0, path.lastIndexOf('/', pattern) + 1));
      if (files.exists(looked)) return absolute;
      say('file-missing', span, `there is no ${pattern < 0 ? 'file' : 'folder for'} "${path}"`, `Paths are relative to the pipeline file.`);
      return null;
    },
  };
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
