import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Schema, Utf8 } from 'apache-arrow';
import { COLUMNS, field } from '../../graph/contract/columns.ts';
import type { ConnectorContext, SourceReader } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { Uncommitted } from '../landed/uncommitted.ts';
import type { DocumentParams } from './params.ts';

/** A version of a file. */
export const DOCUMENT_SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.ts_recv,
  field('path', new Utf8(), false, 'the file, as the pipeline file names it'),
  field('text', new Utf8(), false, 'all of its text'),
]);

/** What a message of a topic can carry, with room for its frame: a broker takes 1 MB by default. */
export const MOST_BYTES = 900 * 1024;

interface Version {
  /** Clocks of file systems tick every few ms: a file that was put in place of another within a tick differs in this alone. */
  readonly inode: bigint;
  readonly mtimeNs: bigint;
  readonly size: bigint;
}

/**
 * Watches one file. Its first look gives the file as it is, again after every start, and each later one gives it when its text changed; a
 * file that was written between two looks, or while it was read, is read at the next, so that half a text is not taken for all of it. A version that cannot be
 * read is told and left out: the last one stands. A version is given again until the log holds it. Positions count versions.
 */
export async function openDocument(
  { path, every }: DocumentParams,
  { folder, note }: Pick<ConnectorContext, 'folder' | 'note'>,
  clock: () => bigint = () => BigInt(Date.now()) * 1_000_000n,
): Promise<SourceReader> {
  const absolute = resolve(folder, path);
  const everyMs = Number(every / 1_000_000n);
  let given: string | null = null;
  let read: Version | null = null;
  let seen: Version | null = null;
  let nextMs = 0;
  let trouble: string | null = null;
  const versions = new Uncommitted<Row>();

  const tell = (why: string): null => {
    if (why !== trouble) note(`${path} ${why}; what was read last goes on`);
    trouble = why;
    return null;
  };
  const current = async (): Promise<Version | null> => {
    const found = await stat(absolute, { bigint: true }).catch((error: NodeJS.ErrnoException) => tell(`cannot be read (${error.code})`));
    return found && { inode: found.ino, mtimeNs: found.mtimeNs, size: found.size };
  };
  const changed = async (): Promise<{ version: Version; text: string } | null> => {
    const version = await current();
    if (!version) return null;
    if (read && same(read, version)) return null;
    const settled = given === null || (seen !== null && same(seen, version));
    seen = version;
    if (!settled) return null;
    if (version.size > MOST_BYTES) return tell(`has ${version.size} bytes, more than ${MOST_BYTES}`);
    const bytes = await readFile(absolute).catch((error: NodeJS.ErrnoException) => tell(`cannot be read (${error.code})`));
    if (!bytes) return null;
    const after = await current();
    if (!after || !same(after, version)) return null; // written while it was read
    read = version;
    const text = bytes.toString('utf8');
    if (Buffer.compare(Buffer.from(text, 'utf8'), bytes) !== 0) return tell('is not UTF-8');
    trouble = null;
    return text === given ? null : { version, text };
  };

  const look = async (): Promise<void> => {
    const nowMs = performance.now();
    if (nowMs < nextMs) return;
    nextMs = nowMs + everyMs;
    const found = await changed();
    if (found) {
      given = found.text;
      versions.add([{ ts_event: found.version.mtimeNs, ts_recv: clock(), path, text: found.text }]);
    } else if (given === null && trouble !== null)
      throw new MillraceError(`${path} ${trouble}`, { code: 'document-unreadable', domain: 'user', retry: 'backoff' });
  };

  return {
    partitions: [path],
    start: () => Promise.resolve(0),
    async read(partition, from) {
      if (versions.at(from, 1).length === 0) await look();
      const rows = versions.at(from, 1);
      return rows.length === 0 ? null : { partition, from, to: from + 1, batch: batchOf(DOCUMENT_SCHEMA, rows) };
    },
    committed: (_, position) => versions.committed(position),
    ended: () => false,
    close: () => Promise.resolve(),
  };
}

const same = (a: Version, b: Version): boolean => a.inode === b.inode && a.mtimeNs === b.mtimeNs && a.size === b.size;
