import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { PipelineView } from '../../graph/contract/view.ts';
import { EXIT } from '../exit.ts';
import { type FromWorker, type ToWorker, WORKER_VARIABLE, type WorkerOutcome } from './link.ts';
import { countersOf, mergedView, type WorkerView } from './merge.ts';

/** Wait before a worker that broke off is started again, ms; doubled each time until it lives for a while. */
const BACKOFF_MS = { least: 500, most: 30_000 };
/** A worker that lived so long begins its waits anew, ms. */
const STEADY_MS = 60_000;
/** Starts in a row that came to nothing, after which all is given up. */
const MOST_FAILURES = 5;

/** A worker for people. */
export interface WorkerState {
  readonly name: string;
  readonly pid: number | null;
  readonly state: 'starting' | 'running' | 'waiting' | 'ended';
  readonly restarts: number;
  /** Its own status endpoint. */
  readonly url: string | null;
}

export interface SupervisorOptions {
  readonly count: number;
  /** Command line of a worker after the program's own file. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Before the names that the workers have in the cluster, where no other process may have them. */
  readonly prefix: string;
  /** A line of a worker, or about one. */
  note(line: string): void;
}

/** How all workers came to their end. */
export interface WorkersOutcome {
  readonly code: number;
  readonly outcomes: readonly WorkerOutcome[];
}

class Worker {
  readonly name: string;
  child: ChildProcess | null = null;
  state: WorkerState['state'] = 'starting';
  restarts = 0;
  url: string | null = null;
  views: readonly PipelineView[] = [];
  /** Counters of its former lives, by pipeline. */
  readonly former = new Map<string, PipelineView>();
  outcomes: readonly WorkerOutcome[] = [];
  drained = false;
  ranBefore = false;
  failures = 0;
  startedAtMs = 0;
  code: number | null = null;

  constructor(name: string) {
    this.name = name;
  }
}

/** Runs one command as several processes: starts those again that break off, and tells of them as one. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #workers: readonly Worker[];
  readonly #waits = new Set<NodeJS.Timeout>();
  #isStopping = false;
  /** What all was given up for: the code of the worker that cannot go on. */
  #cause: number | null = null;
  #finish: (outcome: WorkersOutcome) => void = () => {};
  /** Resolves when every worker has ended for good. */
  readonly done: Promise<WorkersOutcome>;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.count }, (_, i) => new Worker(`worker-${i}`));
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
    for (const worker of this.#workers) this.#start(worker);
  }

  /** The pipelines, each as all workers run it. */
  views(): readonly PipelineView[] {
    const names = new Set(this.#workers.flatMap(({ views, former }) => [...former.keys(), ...views.map(({ pipeline }) => pipeline)]));
    return [...names].flatMap((name) => {
      const live = this.#workers.flatMap((worker) => partsOf(worker.name, worker.views, name));
      const former = this.#workers.flatMap((worker) => partsOf(worker.name, [...worker.former.values()], name));
      return mergedView([...live, ...former]) ?? [];
    });
  }

  workers(): readonly WorkerState[] {
    return this.#workers.map(({ name, child, state, restarts, url }) => ({ name, pid: child?.pid ?? null, state, restarts, url }));
  }

  /** Asks every worker to drain; none is started again. */
  drain(): void {
    this.#isStopping = true;
    for (const wait of this.#waits) clearTimeout(wait);
    this.#waits.clear();
    const message: ToWorker = { kind: 'drain' };
    for (const worker of this.#workers) {
      if (worker.state === 'waiting') this.#over(worker, worker.code ?? EXIT.done);
      else if (worker.child?.connected) worker.child.send(message);
    }
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#isStopping = true;
    for (const { child } of this.#workers) child?.kill('SIGKILL');
  }

  #start(worker: Worker): void {
    const { args, env, prefix, note } = this.#options;
    worker.state = 'starting';
    worker.startedAtMs = Date.now();
    worker.drained = false;
    const child = fork(process.argv[1] ?? '', [...args], {
      env: { ...env, [WORKER_VARIABLE]: worker.name, MILLRACE_INSTANCE: `${prefix}-${worker.name}` },
      execArgv: process.execArgv,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced', // int64 stay int64
    });
    worker.child = child;
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => note(`${worker.name}: ${line}`));
    child.on('message', (message: FromWorker) => this.#heard(worker, message));
    child.on('error', (error) => note(`${worker.name}: ${error.message}`));
    child.once('exit', (code, signal) => this.#ended(worker, code, signal));
  }

  #heard(worker: Worker, message: FromWorker): void {
    if (message.kind === 'status') {
      worker.url = message.url;
      return;
    }
    worker.views = message.views;
    if (message.kind === 'outcomes') {
      worker.outcomes = message.outcomes;
      worker.drained = message.drained;
    } else if (worker.state === 'starting' && message.views.some(({ state }) => state === 'running')) {
      worker.state = 'running';
      worker.ranBefore = true;
      worker.failures = 0;
    }
  }

  #ended(worker: Worker, code: number | null, signal: NodeJS.Signals | null): void {
    worker.child = null;
    worker.url = null;
    const clean = code === EXIT.done && !(worker.drained && !this.#isStopping);
    if (clean || this.#isStopping) {
      this.#over(worker, code ?? (this.#isStopping ? EXIT.done : EXIT.internal));
      return;
    }
    this.#keepCounters(worker);
    worker.code = code;
    const isLasting = code === EXIT.diagnostics || code === EXIT.usage || code === EXIT.planMismatch;
    if (code === EXIT.parked) this.#over(worker, EXIT.parked);
    else if (isLasting || (code === EXIT.outside && !worker.ranBefore) || worker.failures + 1 >= MOST_FAILURES)
      this.#giveUp(worker, code ?? EXIT.internal);
    else this.#again(worker, signal === null ? `ended with ${code}` : `was ended by ${signal}`);
  }

  /** What it counted is kept; what it held is somebody else's. */
  #keepCounters(worker: Worker): void {
    for (const view of worker.views) {
      const before = worker.former.get(view.pipeline);
      const parts = [...(before ? [before] : []), countersOf(view)].map((part) => ({ worker: worker.name, view: part }));
      const merged = mergedView(parts);
      if (merged) worker.former.set(view.pipeline, merged);
    }
    worker.views = [];
  }

  #again(worker: Worker, what: string): void {
    if (Date.now() - worker.startedAtMs > STEADY_MS) worker.failures = 0;
    const ms = Math.min(BACKOFF_MS.most, BACKOFF_MS.least * 2 ** worker.failures);
    worker.failures++;
    worker.restarts++;
    worker.state = 'waiting';
    this.#options.note(`${worker.name} ${what}; others take its tasks over, it starts again in ${ms / 1000} s`);
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      this.#start(worker);
    }, ms);
    this.#waits.add(wait);
  }

  /** No start will mend it: all stop. */
  #giveUp(worker: Worker, code: number): void {
    this.#cause = code;
    this.#over(worker, code);
    this.drain();
  }

  #over(worker: Worker, code: number): void {
    worker.state = 'ended';
    worker.code = code;
    if (this.#workers.some(({ state }) => state !== 'ended')) return;
    const outcomes = this.#workers.flatMap((one) => one.outcomes);
    this.#finish({ code: this.#cause ?? Math.max(...this.#workers.map((one) => one.code ?? EXIT.done)), outcomes });
  }
}

const partsOf = (worker: string, views: readonly PipelineView[], name: string): WorkerView[] =>
  views.filter(({ pipeline }) => pipeline === name).map((view) => ({ worker, view }));
