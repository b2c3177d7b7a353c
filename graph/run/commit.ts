import { MillraceError } from '../contract/error.ts';
import type { CommitResult, Log, Outgoing, Round, RoundTask } from '../contract/log.ts';
import type { Plan } from '../contract/plan.ts';
import { encodeEntry, type JournalEntry, rootOf } from './journal.ts';
import type { Task } from './task.ts';

/** Wait before a round is sent again while ownership is changing, ms. */
const MOVED_MS = 50;
/** Least and most wait before a commit that met an error is looked up and sent again, ms. */
const BACKOFF_MS = { least: 50, most: 5_000 };

/** What one task adds to a round. */
export interface Share {
  readonly task: Task;
  readonly entry: RoundTask;
  readonly messages: readonly Outgoing[];
  /** What the epoch read. */
  readonly ranges: JournalEntry['reads'];
}

/** What a task has to commit of the epoch it has run. */
export function shareOf(task: Task, entry: JournalEntry): Share {
  task.root = rootOf(entry, task.root?.snap ?? null, task.exhausted);
  const { epoch } = entry;
  return {
    task,
    entry: { task: task.task, epoch, entry: encodeEntry(entry), root: task.root, reads: task.positions() },
    messages: task.encode(entry),
    ranges: entry.reads,
  };
}

export interface CommitterOptions {
  readonly plan: Plan;
  readonly log: Log;
  note(line: string): void;
  isStopping(): boolean;
  /** Whether the task is still the one that this process runs. */
  isHeld(task: Task): boolean;
  /** Runs changes of ownership that wait. */
  serveChanges(): Promise<void>;
}

/** How a round ended: shares that are in the log, and those that are not ours to write; shares of tasks that were let go are in neither. */
export interface RoundOutcome {
  readonly committed: readonly Share[];
  readonly fenced: readonly Share[];
}

/** Commits a round whatever it takes: an unknown outcome is looked up, then the same bytes are sent again. */
export class RoundCommitter {
  readonly #options: CommitterOptions;
  /** What a commit waits for; null while none does. */
  waitsFor: string | null = null;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  async commit(all: readonly Share[]): Promise<RoundOutcome> {
    const { pipeline, journal } = this.#options.plan;
    let shares = all;
    for (let attempt = 0; shares.length > 0; attempt++) {
      const round: Round = { pipeline, journal, tasks: shares.map((s) => s.entry), messages: shares.flatMap((s) => s.messages) };
      const result = await this.#attempt(round, attempt);
      if (result === 'committed') return { committed: shares, fenced: [] };
      if (result === 'fenced') return { committed: [], fenced: shares };
      if (result === 'moved') shares = await this.#heldStill(shares);
      const standing = await this.#standing(shares);
      if (standing === 'committed') return { committed: shares, fenced: [] };
      if (standing === 'elsewhere') return { committed: [], fenced: shares };
    }
    return { committed: [], fenced: [] };
  }

  async #attempt(round: Round, attempt: number): Promise<CommitResult> {
    const { log, note, isStopping } = this.#options;
    try {
      const result = await log.commit(round);
      this.waitsFor = null;
      return result;
    } catch (error) {
      if (!(error instanceof MillraceError) || error.retry !== 'backoff') throw error;
      if (attempt === 0) note(`${error.code}: ${error.message}${error.remedy ? ` (${error.remedy})` : ''}; waiting`);
      this.waitsFor = error.message;
      if (isStopping() && attempt > 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(BACKOFF_MS.most, BACKOFF_MS.least * 2 ** Math.min(attempt, 7))));
      return 'unknown';
    }
  }

  /** Where the log stands: `before` the shares, so that they can be sent again, behind them, or where another has brought it. */
  async #standing(shares: readonly Share[]): Promise<'before' | 'committed' | 'elsewhere'> {
    let committed = 0;
    for (const { entry } of shares) {
      const root = await this.#options.log.root(this.#options.plan.pipeline, entry.task);
      if (root?.inc === entry.root.inc && root.epoch === entry.epoch) committed++;
      else if (root?.inc !== entry.root.inc || root.epoch !== entry.epoch - 1) return 'elsewhere';
    }
    if (committed === 0) return 'before';
    return committed === shares.length ? 'committed' : 'elsewhere';
  }

  /** Ownership is changing while a round is on its way: serves the changes, and keeps the shares of tasks that stay. */
  async #heldStill(shares: readonly Share[]): Promise<readonly Share[]> {
    await new Promise((resolve) => setTimeout(resolve, MOVED_MS));
    await this.#options.serveChanges();
    return shares.filter(({ task }) => this.#options.isHeld(task));
  }
}
