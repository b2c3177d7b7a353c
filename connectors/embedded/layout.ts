import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../graph/contract/error.ts';
import { damaged, writeError } from './errors.ts';

/** Counts incompatible changes of the files below the folder. */
const LAYOUT = 1;

/** Paths below the folder of a log. */
export interface Layout {
  readonly dir: string;
  readonly store: string;
  readonly segments: string;
  readonly state: string;
}

/** Makes the folders and the layout mark of a new log. */
export function prepareFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw writeError(dir, error);
  }
}

/** Checks the layout of `dir` and makes what is missing; the caller holds its lock. */
export function openLayout(dir: string): Layout {
  const mark = join(dir, 'layout');
  const layout = { dir, store: join(dir, 'store'), segments: join(dir, 'segments'), state: join(dir, 'state') };
  if (existsSync(mark)) {
    checkMark(dir, readFileSync(mark, 'utf8'));
    if (!existsSync(join(layout.store, 'data.mdb')) && holdsSegments(layout)) throw damaged(dir, 'its store is missing');
  } else if (existsSync(layout.store) || existsSync(layout.segments)) {
    throw damaged(dir, 'its file `layout` is missing');
  }
  try {
    if (!existsSync(mark)) {
      writeFileSync(`${mark}.new`, `millrace embedded log, layout ${LAYOUT}\n`, { flush: true });
      renameSync(`${mark}.new`, mark);
    }
    for (const path of [layout.store, layout.segments, layout.state]) mkdirSync(path, { recursive: true });
    syncFolder(dir);
  } catch (error) {
    throw writeError(dir, error);
  }
  return layout;
}

/** Makes the names in a folder durable. */
export function syncFolder(dir: string): void {
  if (process.platform === 'win32') return; // a folder cannot be opened there
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function checkMark(dir: string, text: string): void {
  const found = /^millrace embedded log, layout (\d+)\n$/.exec(text)?.[1];
  if (found === undefined) throw damaged(dir, 'its file `layout` cannot be read');
  if (Number(found) <= LAYOUT) return;
  throw new MillraceError(`the embedded log in ${dir} has layout ${found}, this version reads up to ${LAYOUT}`, {
    code: 'log-newer',
    domain: 'user',
    remedy: 'run the version of Millrace that wrote it or a later one, or name another folder with --data-dir',
  });
}

function holdsSegments(layout: Layout): boolean {
  return existsSync(layout.segments) && readdirSync(layout.segments).length > 0;
}
