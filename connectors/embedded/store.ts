import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import type { Intent, Root, TopicSpec } from '../../graph/contract/log.ts';
import { damaged, systemCode, writeError } from './errors.ts';
import type { HeldPositions } from './holds.ts';
import { checkStoreFile } from './store-file.ts';

/** A topic as stored; `id` stands for its name in the index. */
export interface TopicRecord {
  readonly id: number;
  readonly partitions: number;
  readonly kind: TopicSpec['kind'];
  readonly retentionMs: number | null;
}

/** The last committed round of a task, with the snapshots it can be recovered from, newest first, and the inputs they need. */
export interface RootRecord {
  readonly root: Root;
  readonly snaps: readonly NonNullable<Root['snap']>[];
  readonly held: HeldPositions;
}

/** A segment: how much of its file is indexed, and the small messages of its time that the index holds itself. */
export interface SegmentRecord {
  readonly fileBytes: number;
  readonly inlineBytes: number;
}

/** What a segment holds of one partition: the last offset, and when it was appended, ms since 1970 UTC. */
export interface ContentRecord {
  readonly last: number;
  readonly atMs: number;
}

/** A durable, transactional store of everything but payloads. */
export interface Store {
  readonly topics: Database<TopicRecord, string>;
  /** (topic id, partition, offset) -> index record. */
  readonly index: Database<Buffer, [number, number, number]>;
  /** (topic id, partition) -> [low, high]. */
  readonly ranges: Database<[number, number], [number, number]>;
  /** (pipeline, task) */
  readonly roots: Database<RootRecord, [string, number]>;
  /** (group, topic, partition) */
  readonly intents: Database<Intent, [string, string, number]>;
  readonly segments: Database<SegmentRecord, number>;
  /** (segment, topic id, partition) */
  readonly contents: Database<ContentRecord, [number, number, number]>;
  /** Runs all of `write` or nothing; durable when it resolves. */
  write(write: () => void): Promise<void>;
  /** Bytes of the pages in use; the file itself never shrinks, its free pages are used again. */
  usedBytes(): number;
  /** Bytes of its files. */
  fileBytes(): number;
  close(): Promise<void>;
}

interface Pages {
  readonly pageSize?: number;
  readonly treeBranchPageCount?: number;
  readonly treeLeafPageCount?: number;
  readonly overflowPages?: number;
}

/** Virtual address space of the store; the file is only as long as what was written. */
const MAP_BYTES = 64 * 1024 ** 3;

/** Opens the store in `dir`, made when it is missing. */
export function openStore(dir: string): Store {
  checkStoreFile(dir, join(dir, 'data.mdb'));
  let env: RootDatabase;
  try {
    env = open({ path: dir, maxDbs: 16, mapSize: MAP_BYTES, cache: false });
  } catch (error) {
    throw ['ENOSPC', 'EACCES', 'EPERM', 'EROFS'].includes(systemCode(error))
      ? writeError(dir, error)
      : damaged(dir, 'its store does not open', error);
  }
  const tables = {
    topics: env.openDB<TopicRecord, string>({ name: 'topics', encoding: 'json' }),
    index: env.openDB<Buffer, [number, number, number]>({ name: 'index', encoding: 'binary' }),
    ranges: env.openDB<[number, number], [number, number]>({ name: 'ranges', encoding: 'json' }),
    roots: env.openDB<RootRecord, [string, number]>({ name: 'roots', encoding: 'json' }),
    intents: env.openDB<Intent, [string, string, number]>({ name: 'intents', encoding: 'json' }),
    segments: env.openDB<SegmentRecord, number>({ name: 'segments', encoding: 'json' }),
    contents: env.openDB<ContentRecord, [number, number, number]>({ name: 'contents', encoding: 'json' }),
  };
  return {
    ...tables,
    async write(write) {
      try {
        env.transactionSync(write);
        await env.flushed;
      } catch (error) {
        throw writeError(dir, error);
      }
    },
    usedBytes() {
      let bytes = 0;
      for (const table of Object.values(tables)) {
        const { pageSize = 0, treeBranchPageCount = 0, treeLeafPageCount = 0, overflowPages = 0 }: Pages = table.getStats();
        bytes += pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
      }
      return bytes;
    },
    fileBytes: () => statSync(join(dir, 'data.mdb')).size,
    close: () => env.close(),
  };
}
