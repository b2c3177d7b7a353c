import { MillraceError } from '../../graph/contract/error.ts';
import { Committer, type CommitterParts } from './committer.ts';
import { damaged } from './errors.ts';
import { type Layout, openLayout, prepareFolder } from './layout.ts';
import { Leases } from './leases.ts';
import { Ledger } from './ledger.ts';
import { type FolderLock, lockFolder } from './lock.ts';
import { type EmbeddedLog, OpenLog } from './open-log.ts';
import { RecentMessages } from './partition.ts';
import { Reader } from './reader.ts';
import { Retention } from './retention.ts';
import { Segments } from './segments.ts';
import { StateFiles } from './state.ts';
import { openStore, type Store } from './store.ts';
import { Topics } from './topics.ts';

export type { EmbeddedLog } from './open-log.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;
const RECENT_BYTES = 64 * 1024 * 1024;

/** Settings of an embedded log. */
export interface EmbeddedLogOptions {
  /** Folder of its own; made when missing. */
  readonly dir: string;
  /** Disk it may use, about; without it only retention deletes. */
  readonly budgetBytes?: number;
  /** A segment is left behind when it has grown to this; default 64 MiB, an eighth of the budget where that is less. */
  readonly segmentBytes?: number;
  /** ns since 1970 UTC. */
  readonly clock: () => bigint;
  /** A line for people. */
  readonly note: (message: string) => void;
}

/** Opens the log in `dir`, durable and for one process at a time; recovers from a crash of the last one. */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { dir, note } = options;
  prepareFolder(dir);
  const lock = lockFolder(dir, note);
  let store: Store | null = null;
  try {
    const layout = openLayout(dir);
    store = openStore(layout.store);
    return assemble(options, layout, store, lock);
  } catch (error) {
    await store?.close();
    lock.release();
    throw error instanceof MillraceError ? error : damaged(dir, 'it cannot be read', error);
  }
}

function assemble({ dir, clock, note, ...settings }: EmbeddedLogOptions, layout: Layout, store: Store, lock: FolderLock): EmbeddedLog {
  const budgetBytes = settings.budgetBytes ?? null;
  const segmentBytes = settings.segmentBytes ?? Math.min(SEGMENT_BYTES, Math.ceil((budgetBytes ?? Number.POSITIVE_INFINITY) / 8));
  const topics = new Topics(dir, store);
  const ledger = new Ledger(store, segmentBytes);
  const segments = new Segments(layout.segments);
  segments.recover(new Map([...ledger.segments].map(([id, { fileBytes }]) => [id, fileBytes])));
  const state = new StateFiles(layout.state);
  const leases = new Leases();
  const recent = new RecentMessages(RECENT_BYTES);
  const stateBytes = (): number => state.bytes;
  const retention = new Retention({ dir, budgetBytes, store, segments, topics, leases, ledger, clock, note, stateBytes });
  const trimState: CommitterParts['onSnapshot'] = (pipeline, task, { root, snaps }) => {
    try {
      const kept = snaps.map(({ reference }) => reference);
      if (root.snap) state.trim(pipeline, task, root.inc, root.snap.epoch, kept);
    } catch (error) {
      note(`old snapshots of ${pipeline}, task ${task}, could not be removed: ${String(error)}`);
    }
  };
  const committer = new Committer({ store, segments, topics, leases, ledger, retention, recent, clock, onSnapshot: trimState });
  const reader = new Reader(layout.segments, store, segments, topics);
  return new OpenLog({ layout, lock, budgetBytes, store, segments, topics, leases, committer, reader, state, ledger });
}
