import { inNode, MillraceError } from '../contract/error.ts';
import type { Log, LogUsage } from '../contract/log.ts';
import type { Plan } from '../contract/plan.ts';
import type { CommitView, Quantiles } from '../contract/view.ts';
import { RoundCommitter, type Share, shareOf } from './commit.ts';
import type { Environment } from './environment.ts';
import { fetch } from './fetch.ts';
import { Histogram } from './histogram.ts';
import type { Read } from './inputs.ts';
import { encodeEntry, type JournalEntry, rangesOf, rootOf } from './journal.ts';
import { Pace } from './pace.ts';
import { SnapshotSchedule } from './snapshot-schedule.ts';
import type { Task } from './task.ts';

/** Rounds in a row without work after which tasks that wait for a parked one alone are taken to wait for ever. */
const STUCK_ROUNDS = 50;
/** Longest sleep of an idle loop, ms. */
const IDLE_WAIT_MS = 20;
/** Least time between epochs that are cut for a timer alone, ms. */
const TICK_MS = 1000;
/** Least time between two looks at the tasks of other processes, ms. */
const LOOK_MS = 250;
/** The fixed cost of rounds stays under this share of the time. */
const FIXED_COST_SHARE = 0.25;

export interface DriverOptions {
  readonly plan: Plan;
  readonly environment: Environment;
  /** The incarnation; known once the pipeline has started. */
  inc(): string;
  /** Partitions of the journal topic that are ours now. */
  owned(): ReadonlySet<number>;
  /** What the log last said of its disk. */
  usage(): LogUsage;
  /** A fresh task, at nothing. */
  make(task: number): Task;
  /** Brings a fresh task to the state the log holds. */
  recover(task: Task): Promise<void>;
  /** A task can go on no longer. */
  parked(task: Task, error: MillraceError): void;
}

interface ComputedRound {
  readonly shares: readonly Share[];
  readonly startedAt: number;
}

/**
 * The only scheduler: reads, cuts epochs, runs them, and commits them a round at a time. One round computes while one commits, which is
 * all the queue there is.
 */
export class Driver {
  readonly #options: DriverOptions;
  readonly #log: Log;
  readonly tasks = new Map<number, Task>();
  readonly #changes: (() => Promise<void>)[] = [];
  readonly #roundSeconds = new Histogram();
  readonly #commitSeconds = new Histogram();
  #waitingSinceMs: number | null = null;
  readonly #failedAt = new Map<number, number>();
  #committing: Promise<void> = Promise.resolve();
  #commitFailure: unknown = null;
  #stopping = false;
  /** Rounds in a row that found nothing to do. */
  #quietRounds = 0;
  #isClosed = false;
  #backlog = false;
  #lastTickMs = 0;
  /** When to look next whether other processes have come to their end. */
  #nextLookMs = 0;
  #lastCutMs = 0;
  #fixedCostMs = 1;
  epochs = 0;
  readonly #committer: RoundCommitter;
  readonly #snapshots: SnapshotSchedule;
  /** Null where nothing is asked that answers later. */
  readonly #pace: Pace | null;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#log = options.environment.log;
    this.#snapshots = new SnapshotSchedule(options);
    const { operators } = options.environment.registry;
    this.#pace = options.plan.nodes.some((node) => operators.get(node.operator)?.effect) ? new Pace() : null;
    this.#committer = new RoundCommitter({
      plan: options.plan,
      log: this.#log,
      note: options.environment.note,
      isStopping: () => this.#stopping,
      isHeld: (task) => this.tasks.get(task.task) === task,
      serveChanges: () => this.#runChanges(),
    });
  }

  /** What a commit waits for; null while none does. */
  get waitsFor(): string | null {
    return this.#committer.waitsFor;
  }

  get roundSeconds(): Quantiles {
    return this.#roundSeconds.quantiles();
  }

  get commit(): CommitView {
    return { waitingSinceMs: this.#waitingSinceMs, seconds: this.#commitSeconds.quantiles() };
  }

  /** Owned partitions of the journal topic have changed: runs between two rounds; resolves when it has. */
  change(run: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#changes.push(() => run().then(resolve, reject));
    });
  }

  /** Runs what waits for the end of a round. */
  async serveChanges(): Promise<void> {
    if (this.#changes.length > 0) await this.#committing;
    await this.#runChanges();
  }

  async #runChanges(): Promise<void> {
    for (let change = this.#changes.shift(); change; change = this.#changes.shift()) await change();
  }

  /** Takes a task over at the state the log holds; one that stands there already stays as it is. A task that cannot be recovered parks. */
  async assign(number: number): Promise<void> {
    const { plan } = this.#options;
    const held = this.tasks.get(number);
    if (held) {
      const root = await this.#log.root(plan.pipeline, number);
      if (root?.inc === held.root?.inc && root?.epoch === held.epoch) return;
    }
    try {
      this.tasks.set(number, await this.#recovered(number));
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'fenced') throw error;
      this.tasks.delete(number); // another has it; should it come back, the lease says so
    }
  }

  async #recovered(number: number): Promise<Task> {
    const task = this.#options.make(number);
    try {
      await this.#options.recover(task);
    } catch (cause) {
      const error = inNode(cause, this.#options.plan.pipeline);
      if (error.code === 'fenced') throw error;
      this.#park(task, error);
    }
    return task;
  }

  /** Cuts no further round. */
  stop(): void {
    this.#stopping = true;
  }

  /** Runs until stopped, or until every task has ended or parked. Throws what makes going on impossible. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      await this.serveChanges();
      const live = [...this.tasks.values()].filter((task) => task.state === 'running');
      if (live.length === 0) {
        await this.#committing; // fenced, it brings tasks back
        if (await this.#allEnded()) break;
      }
      if (this.#commitFailure !== null) throw this.#commitFailure;
      const computed = await this.#round(live);
      this.#quietRounds = computed ? 0 : this.#quietRounds + 1;
      if (!computed && this.#isStuck(live)) break;
      if (!computed) continue;
      await this.#committing;
      if (this.#commitFailure !== null) throw this.#commitFailure;
      const shares = computed.shares.filter(({ task }) => this.tasks.get(task.task) === task);
      if (shares.length === 0) continue;
      this.#committing = this.#commit({ shares, startedAt: computed.startedAt }).catch((error) => {
        this.#commitFailure = error;
      });
      await this.#snapshots.take(shares.map(({ task }) => task));
    }
    await this.#committing;
    await this.serveChanges();
    if (this.#commitFailure !== null) throw this.#commitFailure;
  }

  /** A last round that says the tasks were stopped on purpose, with a snapshot of each: the next start replays nothing. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const { plan } = this.#options;
    const open = [...this.tasks.values()].filter((task) => task.state === 'running' || task.state === 'ended');
    const changed = open.filter(({ root, epoch }) => !(root?.closed && root.epoch === epoch && root.plan === plan.hash));
    if (changed.length === 0) return;
    for (const task of changed) task.epoch += 1;
    const shares: Share[] = [];
    for (const task of changed) {
      const journalFrom = (await this.#log.describe(plan.journal))?.ranges[task.task]?.high ?? 0;
      const key = { pipeline: plan.pipeline, task: task.task, inc: this.#options.inc(), epoch: task.epoch };
      const reference = await this.#log.putState(key, task.snapshot());
      const entry = this.#entry(task, this.#clock(task), [], [], true);
      const root = rootOf(entry, { epoch: task.epoch, reference, journalFrom }, task.exhausted);
      task.root = root;
      shares.push({
        task,
        entry: { task: task.task, epoch: task.epoch, entry: encodeEntry(entry), root, reads: task.positions() },
        messages: [],
        ranges: [],
      });
    }
    await this.#commit({ shares, startedAt: performance.now() });
    for (const task of changed) task.state = 'closed';
  }

  /** Nothing more can come: all sources have ended, and what is missing would have to come from a task that is parked. */
  #isStuck(live: readonly Task[]): boolean {
    if (this.#quietRounds < STUCK_ROUNDS || live.length === 0 || this.#changes.length > 0) return false;
    if (this.tasks.size < this.#options.plan.tasks || ![...this.tasks.values()].some((task) => task.state === 'parked')) return false;
    return live.every((task) => task.nextTimerNs() === null && task.inputs.every((i) => i.exchange !== null || i.ingest.ended));
  }

  /** Every task has ended or parked here, or ended in another process. */
  async #allEnded(): Promise<boolean> {
    if (this.#changes.length > 0) return false;
    if (this.tasks.size < this.#options.plan.tasks) {
      if (Date.now() < this.#nextLookMs) return false;
      this.#nextLookMs = Date.now() + LOOK_MS;
    }
    for (let number = 0; number < this.#options.plan.tasks; number++) {
      if (this.tasks.has(number)) continue;
      const root = await this.#log.root(this.#options.plan.pipeline, number);
      if (!root?.ended || root.inc !== this.#options.inc()) return false;
    }
    return true;
  }

  /** Reads, cuts and computes; null when there was nothing to do. */
  async #round(live: readonly Task[]): Promise<ComputedRound | null> {
    await this.#gather();
    const { reads, backlog, broken } = await fetch(
      this.#log,
      this.#options.plan.pipeline,
      live,
      live.some((task) => task.due) ? 0 : this.#waitMs(live),
      this.#pace?.rows ?? Number.POSITIVE_INFINITY,
      this.#options.environment.note,
    );
    const startedAt = performance.now();
    this.#backlog = backlog;
    const ran: { readonly task: Task; readonly entry: JournalEntry }[] = [];
    const shares: Share[] = [];
    const mayTick = Date.now() - this.#lastTickMs >= TICK_MS;
    for (const [task, error] of broken) this.#park(task, error);
    for (const task of live) {
      if (task.state !== 'running') continue;
      const work = this.#cut(task, reads.get(task) ?? [], mayTick);
      if (!work) continue;
      try {
        task.run(work.entry, work.reads);
        ran.push({ task, entry: work.entry });
      } catch (error) {
        await this.#failed(task, error);
      }
    }
    const askedAt = performance.now();
    const answered = await Promise.allSettled(ran.map(({ task }) => task.settle()));
    this.#pace?.answered(
      [...reads.values()].flat().reduce((sum, read) => sum + read.rows, 0),
      performance.now() - askedAt,
    );
    for (const [i, { task, entry }] of ran.entries()) {
      try {
        const answer = answered[i];
        if (answer?.status === 'rejected') throw answer.reason;
        shares.push(shareOf(task, entry));
      } catch (error) {
        await this.#failed(task, error);
        continue;
      }
      if (task.exhausted) task.state = 'ended';
    }
    if (shares.length === 0) return null;
    this.#lastCutMs = performance.now();
    return { shares, startedAt };
  }

  /** Waits a little between rounds that hold few rows, so that their fixed cost stays under a share of the time. */
  async #gather(): Promise<void> {
    if (this.#backlog) return;
    const gap = Math.min(this.#options.plan.latencyMs / 2, this.#fixedCostMs / FIXED_COST_SHARE - this.#fixedCostMs);
    const wait = this.#lastCutMs + gap - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
  }

  /** The task's next epoch, or null when nothing calls for one. */
  #cut(task: Task, reads: readonly Read[], mayTick: boolean): { entry: JournalEntry; reads: readonly Read[] } | null {
    const positions = new Map(reads.map((read) => [`${read.input}/${read.partition}`, read.to]));
    const ended = task.inputs.filter((i) => {
      if (!i.input.reader || i.ingest.ended) return false;
      return i.input.reader.ended(i.partition, positions.get(`${i.input.index}/${i.partition}`) ?? i.position);
    });
    const clockNs = this.#clock(task);
    if (reads.length === 0 && ended.length === 0 && !task.due && !(mayTick && this.#tickDue(task, clockNs))) return null;
    const names = ended.map((i) => [i.input.plan.name, i.partition] as const);
    return { entry: this.#entry(task, clockNs, reads, names, false), reads };
  }

  #tickDue(task: Task, clockNs: bigint): boolean {
    const next = task.nextTimerNs();
    if (next === null || next > clockNs) return false;
    this.#lastTickMs = Date.now();
    return true;
  }

  #clock(task: Task): bigint {
    const now = this.#options.environment.clock();
    return now > task.clockNs ? now : task.clockNs;
  }

  #entry(task: Task, clockNs: bigint, reads: readonly Read[], ended: JournalEntry['ended'], closed: boolean): JournalEntry {
    const { plan } = this.#options;
    const start = task.fresh.map((i) => [i.input.plan.name, i.partition, i.position] as const);
    task.fresh = [];
    const { resumed } = task;
    task.resumed = false;
    return {
      v: 1,
      inc: this.#options.inc(),
      epoch: closed ? task.epoch : task.epoch + 1,
      plan: plan.hash,
      clockNs,
      reads: rangesOf(reads, (input) => plan.inputs[input]?.name ?? ''),
      ended,
      ...(start.length > 0 ? { start } : {}),
      ...(resumed ? { resumed } : {}),
      ...(closed ? { closed } : {}),
    };
  }

  #waitMs(live: readonly Task[]): number {
    const next = live.map((task) => task.nextTimerNs()).reduce((a, b) => (a === null ? b : b === null ? a : a < b ? a : b), null);
    if (next === null) return IDLE_WAIT_MS;
    const left = Number(next - this.#options.environment.clock()) / 1e6;
    return Math.max(1, Math.min(IDLE_WAIT_MS, left));
  }

  /** Commits a round; tasks whose lease had changed meanwhile start again from the log. */
  async #commit({ shares, startedAt }: ComputedRound): Promise<void> {
    const outcome = await this.#timed(() => this.#committer.commit(shares));
    this.#fenced(outcome.fenced);
    for (const { task, ranges } of outcome.committed) task.committed(ranges);
    if (outcome.committed.length === 0) return;
    const ms = performance.now() - startedAt;
    this.epochs += outcome.committed.length;
    this.#roundSeconds.record(ms / 1000);
    const messages = outcome.committed.reduce((sum, share) => sum + share.messages.length, 0);
    if (messages < 64) this.#fixedCostMs += 0.05 * (Math.min(ms, 50) - this.#fixedCostMs);
  }

  async #timed<R>(commit: () => Promise<R>): Promise<R> {
    const sentAt = performance.now();
    this.#waitingSinceMs = Date.now();
    try {
      return await commit();
    } finally {
      this.#waitingSinceMs = null;
      this.#commitSeconds.record((performance.now() - sentAt) / 1000);
    }
  }

  /** The lease had changed: what was computed is not ours to write. Tasks that are still ours start again from the log. */
  #fenced(shares: readonly Share[]): void {
    for (const { task } of shares) {
      this.tasks.delete(task.task);
      void this.change(async () => {
        if (!this.#isClosed && this.#options.owned().has(task.task)) await this.assign(task.task);
      }).catch((error) => {
        this.#commitFailure ??= error;
      });
    }
  }

  /** A kernel threw: once more from the committed state, then the task parks; the others go on. */
  async #failed(task: Task, cause: unknown): Promise<void> {
    const error = inNode(cause, '?');
    await this.#committing;
    const at = task.epoch;
    if (this.#failedAt.get(task.task) !== at) {
      this.#failedAt.set(task.task, at);
      this.#options.environment.note(`task ${task.task}: ${error.message}; trying again from the last snapshot`);
      this.tasks.delete(task.task);
      await this.assign(task.task);
      return;
    }
    this.#park(task, error);
  }

  #park(task: Task, error: MillraceError): void {
    task.state = 'parked';
    task.error = { code: error.code, message: error.message, node: error.node ?? null, remedy: error.remedy ?? null, sinceMs: Date.now() };
    this.#options.parked(task, error);
  }
}
