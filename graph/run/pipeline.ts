import { inNode, MillraceError } from '../contract/error.ts';
import { MAX_NS } from '../contract/frame.ts';
import type { Lease, LogTrouble, LogUsage, TopicSpec } from '../contract/log.ts';
import { type Effect, REJECTED_PORT } from '../contract/operator.ts';
import type { Plan } from '../contract/plan.ts';
import type { PipelineView, SourceView } from '../contract/view.ts';
import { Faults } from '../sink/faults.ts';
import { SinkRunner } from '../sink/runner.ts';
import { Driver } from './driver.ts';
import { closeEffects, openEffects } from './effects.ts';
import type { Environment, Outcome, RunningPipeline } from './environment.ts';
import { HEADER } from './exchange.ts';
import { sourceViews } from './fetch.ts';
import { heldBy } from './held.ts';
import { Histogram } from './histogram.ts';
import { planTopic, settleIncarnation } from './incarnation.ts';
import { type OpenInput, openInputs } from './inputs.ts';
import { NodeMetrics } from './metrics.ts';
import { readNamedTexts } from './named-texts.ts';
import { patientLog } from './patient.ts';
import { recoverTask } from './recovery.ts';
import type { StateOf } from './snapshot.ts';
import { Task } from './task.ts';

/** How long a stop waits for sinks that do not keep up, ms. */
const DRAIN_MS = 15_000;

/** Starts a pipeline; it runs until its sources end, it is drained, or it cannot go on. */
export function runPipeline(plan: Plan, environment: Environment): RunningPipeline {
  const pipeline = new Pipeline(plan, environment);
  return { view: () => pipeline.view(), drain: () => pipeline.drain(), done: pipeline.done };
}

class Pipeline {
  readonly #plan: Plan;
  readonly #environment: Environment;
  readonly #metrics: ReadonlyMap<string, NodeMetrics>;
  readonly #startedAtMs = Date.now();
  readonly done: Promise<Outcome>;
  #lease: Lease | null = null;
  #state: PipelineView['state'] = 'starting';
  #reason: string | null = null;
  #inc = '';
  readonly #driver: Driver;
  readonly #trouble: () => LogTrouble | null;
  #stateOf: StateOf = (node) => node;
  #files: ReadonlyMap<string, string> = new Map();
  #effects: ReadonlyMap<string, Effect> = new Map();
  #inputs: readonly OpenInput[] = [];
  #sinks: readonly SinkRunner[] = [];
  #sources: readonly SourceView[] = [];
  #usage: LogUsage = { bytes: null, budgetBytes: null };
  #stopRequested = false;
  #refreshing: Promise<void> | null = null;
  #refreshFault = '';
  /** The loop has ended: changes of ownership no longer matter. */
  #leaving = false;
  #parked: MillraceError | null = null;
  #endedAtMs: number | null = null;

  constructor(plan: Plan, environment: Environment) {
    this.#plan = plan;
    this.#environment = { ...environment, log: patientLog(environment.log, environment.note, () => this.#stopRequested) };
    this.#trouble = () => environment.log.trouble?.() ?? null;
    const sources = plan.inputs.map((input) => {
      const use = input.from.kind === 'connector' ? input.from.connector : input.from.kind;
      return [input.name, new NodeMetrics(input.name, 'source', use)] as const;
    });
    const nodes = plan.nodes.map(
      ({ name, operator, outputs }) => [name, new NodeMetrics(name, 'operator', operator, Object.keys(outputs))] as const,
    );
    this.#metrics = new Map([...sources, ...nodes]);
    this.#driver = new Driver({
      plan,
      environment: this.#environment,
      inc: () => this.#inc,
      owned: () => this.#lease?.owned ?? new Set(),
      usage: () => this.#usage,
      make: (task) => this.#make(task),
      recover: (task) => this.#recover(task),
      parked: (task, error) => {
        this.#parked ??= error;
        environment.note(`task ${task.task} is parked at epoch ${task.epoch}: ${error.message}`);
      },
    });
    this.done = this.#run();
  }

  async drain(): Promise<void> {
    this.#stopRequested = true;
    if (this.#state === 'running' || this.#state === 'restoring') this.#state = 'draining';
    this.#driver.stop();
    await this.done;
  }

  view(): PipelineView {
    const plan = this.#plan;
    const now = this.#environment.clock();
    const driver = this.#driver;
    const tasks = [...driver.tasks.values()].sort((a, b) => a.task - b.task);
    return {
      pipeline: plan.pipeline,
      incarnation: this.#inc,
      plan: plan.hash,
      state: this.#state,
      reason: this.#reason ?? driver.waitsFor,
      startedAtMs: this.#startedAtMs,
      seconds: ((this.#endedAtMs ?? Date.now()) - this.#startedAtMs) / 1000,
      epochs: driver.epochs,
      log: { description: this.#environment.log.description, ...this.#usage, trouble: this.#endedAtMs === null ? this.#trouble() : null },
      tasks: tasks.map(({ task, state, epoch, error }) => ({ task, state, epoch, error })),
      nodes: [...this.#metrics.values()].map((metrics) => ({
        ...metrics.view(now, leastWatermark(tasks, metrics.name)),
        held: heldBy(
          plan,
          metrics.name,
          tasks.flatMap((task) => task.states.get(metrics.name) ?? []),
        ),
      })),
      edges: edgesOf(plan),
      sources: this.#sources,
      sinks: this.#sinks.map((sink) => sink.view()),
      skipped: plan.skipped,
      round: driver.roundSeconds,
      commit: driver.commit,
    };
  }

  async #run(): Promise<Outcome> {
    const driver = this.#driver;
    let failure: MillraceError | null = null;
    let ended = false;
    try {
      await this.#environment.log.ensure([...this.#plan.topics.filter((spec) => !isOfIncarnation(spec)), planTopic(this.#plan)]);
      this.#lease = await this.#environment.log.lease(`millrace.${this.#plan.pipeline}`, this.#plan.journal, {
        assigned: (partitions) => {
          for (const task of partitions)
            driver
              .change(async () => {
                if (!this.#leaving) await driver.assign(task);
              })
              .catch((error) => this.#giveUp(error));
        },
        revoked: (partitions) =>
          driver.change(async () => {
            if (!this.#leaving) for (const task of partitions) driver.tasks.delete(task);
          }),
      });
      await this.#start();
      this.#state = 'restoring';
      await Promise.all(this.#sinks.map((sink) => sink.start()));
      const timer = setInterval(() => void this.#refresh(), 500);
      try {
        await driver.serveChanges();
        if (!this.#stopRequested) this.#state = 'running';
        await driver.run();
        ended = !this.#stopRequested && this.#parked === null;
        this.#state = 'draining';
        await driver.close();
      } finally {
        clearInterval(timer);
      }
    } catch (error) {
      const told = inNode(error, this.#plan.pipeline);
      if (told.code !== 'stopped' || !this.#stopRequested) failure = told; // asked to stop before it had begun: nothing failed
    }
    try {
      return await this.#finish(failure, ended);
    } catch (error) {
      return this.#outcome(failure ?? inNode(error, this.#plan.pipeline), []);
    }
  }

  /** Ends the sinks, closes what is open, and says how it went. */
  async #finish(failure: MillraceError | null, ended: boolean): Promise<Outcome> {
    this.#leaving = true;
    const stuck = this.#sinks.map((sink) => sink.view()).filter(({ state }) => state === 'retrying');
    if (stuck.length > 0 && !ended) {
      const names = stuck.map(({ name }) => name).join(', ');
      this.#environment.note(`waiting up to ${DRAIN_MS / 1000} s for ${names}; what is not written by then is kept for the next start`);
    }
    // dead letters last: the other sinks may add to them
    const letters = this.#sinks.filter(({ takesDeadLetters }) => takesDeadLetters);
    const others = this.#sinks.filter(({ takesDeadLetters }) => !takesDeadLetters);
    if (!ended) for (const sink of letters) sink.hurry(DRAIN_MS);
    const drained = await Promise.all(others.map((sink) => this.#drainSink(sink, ended)));
    const clean = [...drained, ...(await Promise.all(letters.map((sink) => this.#drainSink(sink, ended))))];
    await this.#refreshing;
    await this.#refresh();
    try {
      for (const input of this.#inputs) await input.reader?.close();
      await closeEffects(this.#effects);
    } finally {
      await releaseQuietly(this.#lease, this.#driver);
    }
    return this.#outcome(failure, clean);
  }

  #outcome(failure: MillraceError | null, clean: readonly boolean[]): Outcome {
    this.#endedAtMs = Date.now();
    const sinkError = this.#sinks.map((sink) => sink.error).find((error) => error !== null) ?? null;
    const error = failure ?? this.#parked ?? sinkError ?? (clean.every(Boolean) ? null : undrained(this.#sinks));
    this.#state = failure ? 'failed' : 'stopped';
    this.#reason = error ? error.message : null;
    if (error === null) return { state: 'done', error: null };
    return { state: failure || error.domain === 'external' ? 'failed' : 'parked', error };
  }

  /** A finite run waits for its sinks as long as it takes, unless it is asked to stop meanwhile. */
  async #drainSink(sink: SinkRunner, ended: boolean): Promise<boolean> {
    const drained = sink.drain(ended ? Number.POSITIVE_INFINITY : DRAIN_MS, ended);
    const watch = setInterval(() => {
      if (this.#stopRequested) sink.hurry(DRAIN_MS);
    }, 250);
    try {
      return await drained;
    } finally {
      clearInterval(watch);
    }
  }

  /** Settles the incarnation, then opens what belongs to it. */
  async #start(): Promise<void> {
    const plan = this.#plan;
    const environment = this.#environment;
    const { inc, stateOf, texts } = await settleIncarnation(plan, await readNamedTexts(plan), environment, {
      isWriter: () => this.#lease?.owned.has(0) ?? false,
      isAlone: () => this.#lease?.owned.size === plan.tasks,
      leaving: () => this.#stopRequested,
    });
    this.#inc = inc;
    this.#stateOf = stateOf;
    const own = plan.topics.filter(isOfIncarnation).map((spec) => ({ ...spec, topic: this.#topicName(spec.topic) }));
    await environment.log.ensure(own);
    this.#inputs = await openInputs(plan, environment, (topic) => this.#topicName(topic));
    const paths = plan.nodes.flatMap((node) => Object.entries(node.files));
    this.#files = new Map(paths.map(([path, absolute]) => [absolute, texts.get(path) ?? '']));
    this.#effects = await openEffects(plan, environment.registry, texts);
    const faults = new Faults(environment.note);
    this.#sinks = plan.sinks.map(
      (sink) =>
        new SinkRunner(sink, this.#topicName(sink.topic), {
          pipeline: plan.pipeline,
          registry: environment.registry,
          log: environment.log,
          folder: environment.folder,
          dataDir: environment.dataDir,
          headers: HEADER,
          lettersTopic: plan.outputs.find(({ kind }) => kind === 'rejected')?.topic ?? null,
          clock: environment.clock,
          note: environment.note,
          faults,
          histogram: () => new Histogram(),
        }),
    );
  }

  /** A topic as it is named in the log: exchanges, landings and feeds carry the incarnation. */
  #topicName(topic: string): string {
    const spec = this.#plan.topics.find((t) => t.topic === topic);
    return spec && isOfIncarnation(spec) ? topic.replace(/^(_millrace\.[^.]+\.(?:feed|x|land)\.)/, `$1${this.#inc}.`) : topic;
  }

  #make(number: number): Task {
    return new Task(number, {
      plan: this.#plan,
      registry: this.#environment.registry,
      inputs: this.#inputs,
      files: this.#files,
      effects: this.#effects,
      inc: this.#inc,
      topicName: (topic) => this.#topicName(topic),
      probe: (node) => this.#metrics.get(node) as NodeMetrics,
    });
  }

  /** Brings a fresh task to the state the log holds. */
  async #recover(task: Task): Promise<void> {
    const metrics = this.#metrics;
    for (const node of metrics.values()) node.counting = false;
    try {
      const { pipeline, journal, hash } = this.#plan;
      await recoverTask(task, {
        environment: this.#environment,
        pipeline,
        journal,
        inc: this.#inc,
        planHash: hash,
        leaving: () => this.#stopRequested,
        stateOf: this.#stateOf,
      });
    } finally {
      for (const node of metrics.values()) node.counting = true;
    }
    const isAlone = this.#lease?.owned.size === this.#plan.tasks; // else it may have ended just now, in another process
    for (const { input, partition, ingest } of task.inputs) if (ingest.ended && isAlone) await input.reader?.finished?.(partition);
    task.state = task.exhausted ? 'ended' : 'running';
    const tells = this.#plan.outputs.some((output) => output.kind === 'exchange');
    task.due ||= task.state === 'running' && (tells || task.inputs.length === 0);
  }

  #giveUp(error: unknown): void {
    if (this.#parked === null) this.#environment.note(inNode(error, this.#plan.pipeline).message);
    this.#parked ??= inNode(error, this.#plan.pipeline);
    this.#driver.stop();
  }

  /** Looks up what the view shows of the log; what cannot be had just now stays as it was. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#lookUp().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #lookUp(): Promise<void> {
    try {
      this.#sources = await sourceViews(this.#environment.log, this.#inputs, [...this.#driver.tasks.values()]);
      this.#usage = await this.#environment.log.usage();
    } catch (error) {
      const { message } = inNode(error, this.#plan.pipeline);
      if (message !== this.#refreshFault) this.#environment.note(`positions and lag cannot be looked up: ${message}`);
      this.#refreshFault = message;
    }
  }
}

/** Exchanges, landings and feeds belong to one incarnation: a new one must not read what an old one left. */
function isOfIncarnation(spec: TopicSpec): boolean {
  return spec.kind === 'exchange' || spec.kind === 'feed';
}

/** How far event time has come at a node: the least of the tasks that have not ended; null before the first row. */
function leastWatermark(tasks: readonly Task[], node: string): bigint | null {
  let least: bigint | null = null;
  for (const task of tasks) {
    const ns = task.watermarkOf(node);
    if (ns <= 0n || ns >= MAX_NS) continue;
    if (least === null || ns < least) least = ns;
  }
  return least;
}

function edgesOf(plan: Plan): PipelineView['edges'] {
  const inputs = plan.nodes.flatMap((node) =>
    node.inputs.flatMap((input) => input.edges.map((edge) => ({ from: `${edge.node}.${edge.port}`, to: node.name }))),
  );
  const outputs = plan.outputs.flatMap((output) => output.from.map((from) => ({ from: `${from.node}.${from.port}`, to: output.topic })));
  const sources = plan.inputs.flatMap((input) => (input.from.kind === 'connector' ? [] : [{ from: input.from.topic, to: input.name }]));
  const sinks = plan.sinks.flatMap(({ name, topic, rejected }) => [
    { from: topic, to: name },
    ...(rejected ? [{ from: `${name}.${REJECTED_PORT}`, to: rejected.topic }] : []),
  ]);
  return [...sources, ...inputs, ...outputs, ...sinks];
}

/** Lets the lease go though the driver's loop, which would serve the revocation, has ended. */
async function releaseQuietly(lease: Lease | null, driver: Driver): Promise<void> {
  if (!lease) return;
  let isReleased = false;
  const released = lease.release().finally(() => {
    isReleased = true;
  });
  while (!isReleased) {
    await driver.serveChanges();
    await Promise.race([released, new Promise((resolve) => setTimeout(resolve, 5))]);
  }
}

function undrained(sinks: readonly SinkRunner[]): MillraceError {
  const waiting = sinks
    .map((sink) => sink.view())
    .filter((view) => view.queuedRows > 0 || view.lagMessages > 0 || view.state === 'retrying');
  const names = waiting.map((view) => `"${view.name}"${view.lastError ? ` (${view.lastError.message})` : ''}`).join(', ');
  return new MillraceError(`stopped before all rows were written to ${names || 'every sink'}`, {
    code: 'sink-not-drained',
    domain: 'external',
    remedy: 'the rows are kept; the next start writes them',
  });
}
