import type { LogUsage } from '../contract/log.ts';
import type { Plan } from '../contract/plan.ts';
import type { Environment } from './environment.ts';
import type { Task } from './task.ts';

/** Computing time after which a task's state is snapshotted, s: about what a recovery then replays. */
const AFTER_SECONDS = 10;
/** Age at which a snapshot is followed by the next if anything was computed since, ms: what a replay reads must not have expired. */
const OLDEST_MS = 15 * 60_000;
/** Least age of a snapshot before a crowded log asks for the next, ms; and before one that is nearly full does. */
const CROWDED_AGE_MS = { crowded: 5_000, nearlyFull: 250 };
/** Share of the log's budget at which it is nearly full. */
const NEARLY_FULL_SHARE = 0.8;
/** Share of the log's budget above which every task is snapshotted in turn, so that what only a replay needs can go. */
const CROWDED_SHARE = 0.6;

export interface SnapshotOptions {
  readonly plan: Plan;
  readonly environment: Environment;
  inc(): string;
  /** What the log last said of its disk. */
  usage(): LogUsage;
}

/** Says whose state is snapshotted next, and does it: outside any round; the next root points at it. */
export class SnapshotSchedule {
  readonly #options: SnapshotOptions;

  constructor(options: SnapshotOptions) {
    this.#options = options;
  }

  /** Snapshots the one of these tasks that would take longest to replay, if any is due. */
  async take(tasks: readonly Task[]): Promise<void> {
    const task = this.#due(tasks);
    if (!task) return;
    const { plan, environment, inc } = this.#options;
    const { log } = environment;
    const journalFrom = (await log.describe(plan.journal))?.ranges[task.task]?.high ?? 0;
    const epoch = task.epoch;
    const chunks = task.snapshot();
    task.snapshotTaken();
    const reference = await log.putState({ pipeline: plan.pipeline, task: task.task, inc: inc(), epoch }, chunks);
    if (task.root) task.root = { ...task.root, snap: { epoch, reference, journalFrom } };
  }

  #due(tasks: readonly Task[]): Task | undefined {
    const { bytes, budgetBytes } = this.#options.usage();
    const share = bytes === null || budgetBytes === null ? 0 : bytes / budgetBytes;
    const ageMs = share > NEARLY_FULL_SHARE ? CROWDED_AGE_MS.nearlyFull : CROWDED_AGE_MS.crowded;
    const isDue = (t: Task): boolean =>
      t.busySinceSnapshot > AFTER_SECONDS ||
      (t.busySinceSnapshot > 0 && t.snapshotAgeMs > OLDEST_MS) ||
      (share > CROWDED_SHARE && t.snapshotAgeMs > ageMs);
    return tasks.filter((task) => task.state === 'running' && isDue(task)).sort((a, b) => b.snapshotAgeMs - a.snapshotAgeMs)[0];
  }
}
