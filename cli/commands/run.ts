import { MillraceError } from '../../graph/contract/error.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { durationNs, showBytes } from '../../graph/contract/units.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import type { Environment, Outcome, RunningPipeline } from '../../graph/run/environment.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { Rates } from '../../status/rates.ts';
import { openStatus } from '../../status/server.ts';
import { compileWithFacts } from '../compile.ts';
import { enginePid, type LocalClickhouse, localClickhouse, openLog, wallClockNs } from '../engines.ts';
import { EXIT, exitOf, leave, usage } from '../exit.ts';
import { isShared } from '../facts.ts';
import { formerIncarnations, leftoverLines } from '../former.ts';
import { planLines, takenText, usesLocalClickhouse } from '../greeting.ts';
import { announce, type Instance, withdraw } from '../instance.ts';
import { registryWith } from '../registry.ts';
import { report } from '../report.ts';
import { type Screen, screenFor } from '../screen.ts';
import { chosen, type FileOptions, type Place, placeOf } from '../settings.ts';
import { onStop } from '../stop.ts';
import type { Summary } from '../summary.ts';
import { note, outJson, printError } from '../terminal.ts';
import { exampleQuery, tryLines } from '../tour.ts';
import { VERSION } from '../version.ts';
import { type Link, supervisorLink } from '../workers/link.ts';
import { workerScreen } from '../workers/screen.ts';
import { diagnosticJson } from './check.ts';
import { runWorkers } from './run-workers.ts';

export interface RunOptions extends FileOptions {
  readonly json?: boolean;
  readonly for?: string;
  readonly statusPort?: string;
  readonly statusHost: string;
  readonly statusToken?: string;
  readonly loseState?: boolean;
  readonly workers?: string;
  readonly instance?: string;
}

const DEFAULT_PORT = 8780;
const REFRESH_MS = 1000;
/** How often a worker tells how it stands. */
const WORKER_REFRESH_MS = 250;
const MOST_WORKERS = 256;
/** As a shell says it of a process that SIGINT ended. */
const INTERRUPTED = 130;

/** What a `--for` means in ms; throws a usage error when it is no duration. */
function limitOf(options: RunOptions): number | null {
  if (options.for === undefined) return null;
  const ns = durationNs(options.for);
  if (ns === null || ns === 0n) throw usage(`"${options.for}" is not a duration`, 'write it as 30s, 5m or 1h');
  return Number(ns / 1_000_000n);
}

function portOf(options: RunOptions): { port: number; orNext: boolean } {
  if (options.statusPort === undefined) return { port: DEFAULT_PORT, orNext: true };
  const port = Number(options.statusPort);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw usage(`"${options.statusPort}" is not a port`, 'give a number from 0 (any free port) to 65535');
  return { port, orNext: false };
}

function exitOfOutcome({ state, error }: Outcome): number {
  if (state === 'done') return EXIT.done;
  return state === 'parked' ? EXIT.parked : exitOf(error);
}

function errorOf(outcome: Outcome | undefined): NonNullable<Summary['error']> | null {
  if (outcome === undefined || outcome.state === 'done' || outcome.error === null) return null;
  const { error } = outcome;
  const { code, node } = error as { code?: string; node?: string };
  return { code: code ?? 'internal', message: error.message, node: node ?? null };
}

/** All that one `run` consists of. */
interface Run {
  readonly options: RunOptions;
  readonly place: Place;
  readonly plans: readonly Plan[];
  readonly screen: Screen;
  readonly rates: Rates;
  readonly clickhouse: LocalClickhouse;
  readonly environment: Environment;
  readonly running: RunningPipeline[];
  /** Incarnations of the runs before this one, by pipeline. */
  readonly former: ReadonlyMap<string, string>;
  /** The process that started this one as a worker, or null. */
  readonly link: Link | null;
}

/** Runs the pipelines of a file until they end, are drained or fail, in this process or in several; gives the exit code. */
export async function runCommand(names: readonly string[], options: RunOptions): Promise<number> {
  const limitMs = limitOf(options);
  const port = portOf(options);
  const count = workerCount(options);
  const link = supervisorLink();
  const place = placeOf(options);
  const compiled = await compileWithFacts(place, options, names, link !== null);
  if (compiled.failed) {
    if (options.json) outJson({ diagnostics: compiled.diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const plans = chosen(compiled.plans, names);
  const broker = compiled.connections.get('broker');
  if (count !== null && link === null) {
    if (!isShared(broker)) throw embeddedAlone(count);
    return runWorkers({ count, names, options, place, plans, limitMs, port });
  }
  const rates = new Rates();
  const screen = link === null ? screenFor(options, rates) : workerScreen(link);
  const say = (line: string) => screen.note(line);
  const former = formerIncarnations(plans, place);
  const log = await openLog({ broker, place, instance: options.instance, note: say });
  const clickhouse = localClickhouse(place.dataDir, say);
  const environment = {
    registry: registryWith(clickhouse),
    log,
    folder: place.folder,
    dataDir: place.dataDir,
    loseState: options.loseState ?? false,
    isWorker: link !== null,
    clock: wallClockNs,
    note: say,
  };
  try {
    return await serve({ options, place, plans, screen, rates, clickhouse, environment, running: [], former, link }, port, limitMs);
  } finally {
    screen.close();
    withdraw(place);
    await clickhouse.stop();
    await log.close();
  }
}

/** How many processes are asked for; null: this one. Throws a usage error. */
function workerCount({ workers }: RunOptions): number | null {
  if (workers === undefined) return null;
  const count = Number(workers);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_WORKERS) return count;
  throw usage(`"${workers}" is not a number of workers`, `give a whole number from 1 to ${MOST_WORKERS}`);
}

function embeddedAlone(count: number): MillraceError {
  return new MillraceError(`the embedded log is for one process, and ${count} were asked for`, {
    code: 'workers-embedded',
    domain: 'user',
    remedy: 'leave --workers out, or name a Kafka broker: connections.broker, --broker or MILLRACE_BROKER',
  });
}

/** Opens the status endpoint, starts the pipelines, and waits for their end. */
async function serve(run: Run, port: { port: number; orNext: boolean }, limitMs: number | null): Promise<number> {
  const { options, place, plans, rates, environment, running, link } = run;
  const views = () => running.map((pipeline) => pipeline.view());
  const stop = stopOnSignals(run);
  const status = await openStatus(
    { version: VERSION, views, rates },
    link === null
      ? { host: options.statusHost, token: options.statusToken ?? null, ...port }
      : { host: '127.0.0.1', token: options.statusToken ?? null, port: 0, orNext: false },
  );
  try {
    if (link) await link.tell({ kind: 'status', url: status.url });
    else await greet(run, `${status.url}/status${takenText(port, status.port)}`);
    const instance: Instance = {
      pid: process.pid,
      startedAt: new Date().toISOString(),
      file: place.path,
      pipelines: plans.map((plan) => plan.pipeline),
      status: { url: status.url },
      clickhouse: null,
    };
    if (link === null) announce(place, instance);
    if (link === null && plans.some(usesLocalClickhouse)) void announceClickhouse(run, instance);
    for (const plan of plans) running.push(runPipeline(plan, environment));
    stop.started();
    const limit = limitMs === null ? undefined : setTimeout(() => stop.drain(`${options.for} are over`), limitMs);
    const outcomes = await shownUntilDone(run, views);
    clearTimeout(limit);
    return await told(run, outcomes, views(), stop.asked());
  } finally {
    stop.forget();
    await status.close();
  }
}

/** Drains at the first signal, also when it comes while the pipelines are being started, and leaves at the second. */
function stopOnSignals({ screen, running, place, link }: Run) {
  let asked = false;
  const drainAll = () => {
    for (const pipeline of running) void pipeline.drain();
  };
  const drain = (why: string) => {
    screen.note(`${why}: draining; what was read is finished and committed`);
    asked = true;
    drainAll();
  };
  if (link) return { drain, asked: () => asked, started: () => asked && drainAll(), forget: stopOfWorker(link, drain) };
  const forget = onStop({
    first: (signal) => drain(signal === 'SIGINT' ? 'Ctrl-C' : signal),
    second: () => {
      screen.close();
      note('leaving at once; the next start resumes from the last commit');
      withdraw(place);
      leave(INTERRUPTED);
    },
  });
  return { drain, forget, asked: () => asked, started: () => asked && drainAll() };
}

/** A Ctrl-C reaches every process of a terminal: a worker leaves it to the one that started it. */
function stopOfWorker(link: Link, drain: (why: string) => void): () => void {
  let isStopping = false;
  const once = (why: string) => {
    if (!isStopping) drain(why);
    isStopping = true;
  };
  const left = () => undefined;
  const byHand = () => once('SIGTERM');
  const listeners = [
    ['SIGINT', left],
    ['SIGHUP', left],
    ['SIGTERM', byHand],
  ] as const;
  for (const [signal, listener] of listeners) process.on(signal, listener);
  link.onDrain(once);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
  };
}

/** Starts the embedded ClickHouse beside the pipelines; a sink that needs it says itself when it is not there. */
async function announceClickhouse({ clickhouse, place, screen }: Run, instance: Instance): Promise<void> {
  try {
    const url = await clickhouse.embedded();
    announce(place, { ...instance, clickhouse: { url, pid: enginePid(place.dataDir) } });
  } catch (error) {
    screen.note(error instanceof Error ? error.message : String(error));
  }
}

async function greet({ plans, place, screen, environment }: Run, status: string): Promise<void> {
  for (const line of planLines(plans, place)) screen.note(line);
  const { budgetBytes } = await environment.log.usage();
  const budget = budgetBytes === null ? '' : `, kept under ${showBytes(budgetBytes)}`;
  screen.note(`log: ${environment.log.description}${budget}; data in ${place.dataDir}`);
  screen.note(`status: ${status}`);
  const query = exampleQuery(plans);
  if (query !== null) for (const line of tryLines(query)) screen.note(line);
  screen.note('Ctrl-C drains and stops');
}

/** Shows the pipelines until the last one has ended, and says once of each that starts from nothing which rows of before are left. */
async function shownUntilDone(run: Run, views: () => readonly PipelineView[]): Promise<readonly Outcome[]> {
  const { screen, rates, running } = run;
  const told = new Set<string>();
  const show = () => {
    const now = views();
    rates.sample(now, Date.now());
    for (const view of now.filter((view) => view.incarnation !== '' && !told.has(view.pipeline))) {
      told.add(view.pipeline);
      for (const line of leftover(run, view)) screen.note(line);
    }
    screen.show(now);
  };
  const timer = setInterval(show, run.link === null ? REFRESH_MS : WORKER_REFRESH_MS);
  show();
  const outcomes = await Promise.all(running.map((pipeline) => pipeline.done));
  clearInterval(timer);
  show();
  screen.close();
  return outcomes;
}

function leftover({ plans, former, link }: Run, view: PipelineView): readonly string[] {
  const before = former.get(view.pipeline);
  const plan = plans.find((plan) => plan.pipeline === view.pipeline);
  const isTold = link !== null; // by the process that started this one
  return isTold || before === undefined || before === view.incarnation || plan === undefined ? [] : leftoverLines(plan, before);
}

/** Prints errors and summaries, or tells them to the process that started this one, and gives the exit code. */
async function told(run: Run, outcomes: readonly Outcome[], views: readonly PipelineView[], drained: boolean): Promise<number> {
  const { options, plans, former, link } = run;
  for (const { error } of outcomes) if (error !== null) printError(error);
  const ended = plans.map(({ pipeline }, i) => ({
    pipeline,
    state: outcomes[i]?.state ?? ('failed' as const),
    error: errorOf(outcomes[i]),
  }));
  if (link) await link.tell({ kind: 'outcomes', outcomes: ended, views, drained });
  else {
    const errors = new Map(ended.flatMap(({ pipeline, error }) => (error === null ? [] : [[pipeline, error] as const])));
    const failed = new Set(ended.filter(({ state }) => state === 'failed').map(({ pipeline }) => pipeline));
    report({ json: options.json ?? false, views, errors, failed, former, drained });
  }
  return Math.max(...outcomes.map(exitOfOutcome));
}
