import { readFile } from 'node:fs/promises';
import { inNode, MillraceError } from '../contract/error.ts';
import type { Lease, TopicSpec } from '../contract/log.ts';
import type { Plan } from '../contract/plan.ts';
import type { PipelineView, SourceView } from '../contract/view.ts';
import { SinkRunner } from '../sink/runner.ts';
import { Driver } from './driver.ts';
import type { Environment, Outcome, RunningPipeline } from './environment.ts';
import { HEADER } from './exchange.ts';
import { sourceViews } from './fetch.ts';
import { Histogram } from './histogram.ts';
import { settleIncarnation } from './incarnation.ts';
import { type OpenInput, openInputs } from './inputs.ts';
import { NodeMetrics } from './metrics.ts';
import { recoverTask } from './recovery.ts';
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
  #state: PipelineView['state'] = 'starting';
  #reason: string | null = null;
  #inc = '';
  #driver: Driver | null = null;
  #inputs: readonly OpenInput[] = [];
  #sinks: readonly SinkRunner[] = [];
  #sources: readonly SourceView[] = [];
  #usage: { bytes: number | null; budgetBytes: number | null } = { bytes: null, budgetBytes: null };
  #stopRequested = false;
  #parked: MillraceError | null = null;
  #endedAtMs: number | null = null;

  constructor(plan: Plan, environment: Environment) {
    this.#plan = plan;
    this.#environment = environment;
    const sources = plan.inputs.map((input) => {
      const use = input.from.kind === 'connector' ? input.from.connector : input.from.kind;
      return [input.name, new NodeMetrics(input.name, 'source', use)] as const;
    });
    const nodes = plan.nodes.map((node) => [node.name, new NodeMetrics(node.name, 'operator', node.operator)] as const);
    this.#metrics = new Map([...sources, ...nodes]);
    this.done = this.#run();
  }

  async drain(): Promise<void> {
    this.#stopRequested = true;
    if (this.#state === 'running' || this.#state === 'restoring') this.#state = 'draining';
    this.#driver?.stop();
    await this.done;
  }

  view(): PipelineView {
    const plan = this.#plan;
    const now = this.#environment.clock();
    const driver = this.#driver;
    const tasks = [...(driver?.tasks.values() ?? [])].sort((a, b) => a.task - b.task);
    return {
      pipeline: plan.pipeline,
      incarnation: this.#inc,
      plan: plan.hash,
      state: this.#state,
      reason: this.#reason,
      startedAtMs: this.#startedAtMs,
      seconds: ((this.#endedAtMs ?? Date.now()) - this.#startedAtMs) / 1000,
      epochs: driver?.epochs ?? 0,
      log: { description: this.#environment.log.description, ...this.#usage },
      tasks: tasks.map(({ task, state, epoch, error }) => ({ task, state, epoch, error })),
      nodes: [...this.#metrics.values()].map((metrics) => metrics.view(now)),
      edges: edgesOf(plan),
      sources: this.#sources,
      sinks: this.#sinks.map((sink) => sink.view()),
      skipped: plan.skipped,
      round: driver?.roundSeconds ?? { p50: 0, p99: 0 },
    };
  }

  async #run(): Promise<Outcome> {
    let lease: Lease | null = null;
    let failure: MillraceError | null = null;
    let ended = false;
    try {
      const driver = await this.#start();
      this.#driver = driver;
      if (this.#stopRequested) driver.stop();
      lease = await this.#environment.log.lease(`millrace.${this.#plan.pipeline}`, this.#plan.journal, {
        assigned: (partitions) => {
          for (const task of partitions) driver.change(() => this.#assign(driver, task)).catch((error) => this.#giveUp(driver, error));
        },
        revoked: (partitions) =>
          driver.change(async () => {
            for (const task of partitions) driver.tasks.delete(task);
          }),
      });
      this.#state = 'running';
      for (const sink of this.#sinks) sink.start();
      const timer = setInterval(() => void this.#refresh(), 500);
      try {
        await driver.run();
        ended = !this.#stopRequested && this.#parked === null;
        this.#state = 'draining';
        await driver.close();
      } finally {
        clearInterval(timer);
      }
    } catch (error) {
      failure = inNode(error, this.#plan.pipeline);
    }
    return this.#finish(lease, failure, ended);
  }

  /** Ends the sinks, closes what is open, and says how it went. */
  async #finish(lease: Lease | null, failure: MillraceError | null, ended: boolean): Promise<Outcome> {
    const maxMs = ended ? Number.MAX_SAFE_INTEGER : DRAIN_MS;
    const drains = this.#sinks.map((sink) => this.#drainSink(sink, maxMs, ended));
    const clean = await Promise.all(drains);
    await this.#refresh();
    for (const input of this.#inputs) await input.reader?.close();
    if (this.#driver) await releaseQuietly(lease, this.#driver);
    this.#endedAtMs = Date.now();
    const sinkError = this.#sinks.map((sink) => sink.error).find((error) => error !== null) ?? null;
    const error = failure ?? this.#parked ?? sinkError ?? (clean.every(Boolean) ? null : undrained(this.#sinks));
    this.#state = failure ? 'failed' : 'stopped';
    this.#reason = error ? error.message : null;
    if (error === null) return { state: 'done', error: null };
    return { state: failure || error.domain === 'external' ? 'failed' : 'parked', error };
  }

  /** A finite run waits for its sinks as long as it takes, unless it is asked to stop meanwhile. */
  async #drainSink(sink: SinkRunner, maxMs: number, ended: boolean): Promise<boolean> {
    if (maxMs <= DRAIN_MS) return sink.drain(maxMs, ended);
    const drained = sink.drain(2 ** 31 - 1, ended);
    const watch = setInterval(() => {
      if (this.#stopRequested) void sink.drain(DRAIN_MS, ended);
    }, 250);
    try {
      return await drained;
    } finally {
      clearInterval(watch);
    }
  }

  async #start(): Promise<Driver> {
    const plan = this.#plan;
    const environment = this.#environment;
    await environment.log.ensure(plan.topics.filter((spec) => !isOfIncarnation(spec)));
    const { inc, keep } = await settleIncarnation(plan, environment);
    this.#inc = inc;
    const topicName = (topic: string): string => {
      const spec = plan.topics.find((t) => t.topic === topic);
      return spec && isOfIncarnation(spec) ? topic.replace(/^(_millrace\.[^.]+\.(?:feed|x)\.)/, `$1${inc}.`) : topic;
    };
    await environment.log.ensure(plan.topics.filter(isOfIncarnation).map((spec) => ({ ...spec, topic: topicName(spec.topic) })));
    this.#inputs = await openInputs(plan, environment, topicName);
    const files = new Map<string, string>();
    for (const path of new Set(plan.nodes.flatMap((node) => Object.values(node.files)))) files.set(path, await readFile(path, 'utf8'));
    this.#sinks = plan.sinks.map(
      (sink) =>
        new SinkRunner(sink, topicName(sink.topic), {
          pipeline: plan.pipeline,
          registry: environment.registry,
          log: environment.log,
          folder: environment.folder,
          dataDir: environment.dataDir,
          headers: HEADER,
          note: environment.note,
          histogram: () => new Histogram(),
        }),
    );
    this.#state = 'restoring';
    const recover = async (number: number): Promise<Task> => {
      const metrics = this.#metrics;
      const task = new Task(number, {
        plan,
        registry: environment.registry,
        inputs: this.#inputs,
        files,
        inc,
        topicName,
        probe: (node) => metrics.get(node) as NodeMetrics,
      });
      for (const node of metrics.values()) node.counting = false;
      try {
        await recoverTask(task, { environment, pipeline: plan.pipeline, journal: plan.journal, inc, planHash: plan.hash, keep });
      } finally {
        for (const node of metrics.values()) node.counting = true;
      }
      task.state = task.exhausted && task.inputs.length > 0 ? 'ended' : 'running';
      task.due ||= task.state === 'running' && plan.outputs.some((output) => output.kind === 'exchange');
      return task;
    };
    return new Driver({
      plan,
      environment,
      inc,
      recover,
      parked: (task, error) => {
        this.#parked ??= error;
        environment.note(`task ${task.task} is parked at epoch ${task.epoch}: ${error.message}`);
      },
    });
  }

  async #assign(driver: Driver, task: number): Promise<void> {
    driver.tasks.set(task, await driver.recover(task));
  }

  #giveUp(driver: Driver, error: unknown): void {
    this.#parked ??= inNode(error, this.#plan.pipeline);
    this.#environment.note(this.#parked.message);
    driver.stop();
  }

  async #refresh(): Promise<void> {
    if (!this.#driver) return;
    this.#sources = await sourceViews(this.#environment.log, this.#inputs, [...this.#driver.tasks.values()]);
    this.#usage = await this.#environment.log.usage();
  }
}

/** Exchanges and feeds belong to one incarnation: a new one must not read what an old one left. */
function isOfIncarnation(spec: TopicSpec): boolean {
  return spec.kind === 'exchange' || spec.kind === 'feed';
}

function edgesOf(plan: Plan): PipelineView['edges'] {
  const inputs = plan.nodes.flatMap((node) =>
    node.inputs.flatMap((input) => input.edges.map((edge) => ({ from: `${edge.node}.${edge.port}`, to: node.name }))),
  );
  const outputs = plan.outputs.flatMap((output) => output.from.map((from) => ({ from: `${from.node}.${from.port}`, to: output.topic })));
  const sources = plan.inputs.flatMap((input) => (input.from.kind === 'connector' ? [] : [{ from: input.from.topic, to: input.name }]));
  const sinks = plan.sinks.map((sink) => ({ from: sink.topic, to: sink.name }));
  return [...sources, ...inputs, ...outputs, ...sinks];
}

/** Lets the lease go though the driver's loop, which would serve the revocation, has ended. */
async function releaseQuietly(lease: Lease | null, driver: Driver): Promise<void> {
  if (!lease) return;
  const released = lease.release();
  await driver.serveChanges();
  await released;
}

function undrained(sinks: readonly SinkRunner[]): MillraceError {
  const waiting = sinks.map((sink) => sink.view()).filter((view) => view.queuedRows > 0 || view.lagMessages > 0 || view.state === 'retrying');
  const names = waiting.map((view) => `"${view.name}"${view.lastError ? ` (${view.lastError.message})` : ''}`).join(', ');
  return new MillraceError(`stopped before all rows were written to ${names || 'every sink'}`, {
    code: 'sink-not-drained',
    domain: 'external',
    remedy: 'the rows are kept; the next start writes them',
  });
}
