import type { Plan } from '../../graph/contract/plan.ts';
import { durationNs, showBytes } from '../../graph/contract/units.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import type { Environment, Outcome, RunningPipeline } from '../../graph/run/environment.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { Rates } from '../../status/rates.ts';
import { openStatus } from '../../status/server.ts';
import { compileFile } from '../compile.ts';
import { enginePid, type LocalClickhouse, localClickhouse, openLog, wallClockNs } from '../engines.ts';
import { EXIT, exitOf, usage } from '../exit.ts';
import { formerRun, leftoverLines } from '../former.ts';
import { announce, type Instance, withdraw } from '../instance.ts';
import { registryWith } from '../registry.ts';
import { liveScreen, plainScreen, type Screen } from '../screen.ts';
import { chosen, type FileOptions, type Place, placeOf } from '../settings.ts';
import { onStop } from '../stop.ts';
import { isEmpty, remarks, type Summary, summaryDocument, summaryOf, summaryText } from '../summary.ts';
import { note, out, outJson, paintErr, paintOut, plural, printError } from '../terminal.ts';
import { exampleQuery, tryLines } from '../tour.ts';
import { VERSION } from '../version.ts';
import { diagnosticJson } from './check.ts';

export interface RunOptions extends FileOptions {
  readonly json?: boolean;
  readonly for?: string;
  readonly statusPort?: string;
  readonly statusHost: string;
  readonly statusToken?: string;
  readonly loseState?: boolean;
}

const DEFAULT_PORT = 8780;
const REFRESH_MS = 1000;
const LINE_MS = 5000;
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

function summaryError({ state, error }: Outcome): Summary['error'] {
  if (state === 'done' || error === null) return undefined;
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
}

/** Runs the pipelines of a file in this process until they end, are drained or fail; gives the exit code. */
export async function runCommand(names: readonly string[], options: RunOptions): Promise<number> {
  const limitMs = limitOf(options);
  const port = portOf(options);
  const place = placeOf(options);
  const compiled = compileFile(place, options);
  if (compiled.failed) {
    if (options.json) outJson({ diagnostics: compiled.diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const plans = chosen(compiled.plans, names);
  const rates = new Rates();
  const screen = process.stderr.isTTY && !options.json ? liveScreen(process.stderr, rates) : plainScreen(process.stderr, rates, LINE_MS);
  const say = (line: string) => screen.note(line);
  const former = new Map(
    plans.flatMap(({ pipeline }) => {
      const before = formerRun(pipeline, place);
      return before === null ? [] : [[pipeline, before.inc] as const];
    }),
  );
  const log = await openLog(compiled.connections.get('broker'), place.dataDir, say);
  const clickhouse = localClickhouse(place.dataDir, say);
  const environment = {
    registry: registryWith(clickhouse),
    log,
    folder: place.folder,
    dataDir: place.dataDir,
    loseState: options.loseState ?? false,
    clock: wallClockNs,
    note: say,
  };
  try {
    return await serve({ options, place, plans, screen, rates, clickhouse, environment, running: [], former }, port, limitMs);
  } finally {
    screen.close();
    withdraw(place);
    await clickhouse.stop();
    await log.close();
  }
}

/** Opens the status endpoint, starts the pipelines, and waits for their end. */
async function serve(run: Run, port: { port: number; orNext: boolean }, limitMs: number | null): Promise<number> {
  const { options, place, plans, rates, environment, running } = run;
  const views = () => running.map((pipeline) => pipeline.view());
  const stop = stopOnSignals(run);
  const status = await openStatus(
    { version: VERSION, views, rates },
    { host: options.statusHost, token: options.statusToken ?? null, ...port },
  );
  try {
    const taken = port.orNext && status.port !== port.port ? ` (port ${port.port} is taken)` : '';
    await greet(run, `${status.url}/status${taken}`);
    const instance: Instance = {
      pid: process.pid,
      startedAt: new Date().toISOString(),
      file: place.path,
      pipelines: plans.map((plan) => plan.pipeline),
      status: { url: status.url },
      clickhouse: null,
    };
    announce(place, instance);
    if (plans.some(usesLocalClickhouse)) void announceClickhouse(run, instance);
    for (const plan of plans) running.push(runPipeline(plan, environment));
    stop.started();
    const limit = limitMs === null ? undefined : setTimeout(() => stop.drain(`${options.for} are over`), limitMs);
    const outcomes = await shownUntilDone(run, views);
    clearTimeout(limit);
    return report(run, outcomes, views(), stop.asked());
  } finally {
    stop.forget();
    await status.close();
  }
}

/** Drains at the first signal, also when it comes while the pipelines are being started, and leaves at the second. */
function stopOnSignals({ screen, running, place }: Run) {
  let asked = false;
  const drainAll = () => {
    for (const pipeline of running) void pipeline.drain();
  };
  const drain = (why: string) => {
    screen.note(`${why}: draining; what was read is finished and committed`);
    asked = true;
    drainAll();
  };
  const forget = onStop({
    first: (signal) => drain(signal === 'SIGINT' ? 'Ctrl-C' : signal),
    second: () => {
      screen.close();
      note('leaving at once; the next start resumes from the last commit');
      withdraw(place);
      process.exit(INTERRUPTED);
    },
  });
  return { drain, forget, asked: () => asked, started: () => asked && drainAll() };
}

const usesLocalClickhouse = (plan: Plan) =>
  plan.sinks.some((sink) => sink.connector === 'clickhouse' && sink.connection?.url === 'embedded');

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
  for (const plan of plans) {
    const { inputs, nodes, sinks, tasks } = plan;
    const parts = [plural(inputs.length, 'input'), plural(nodes.length, 'operator'), plural(sinks.length, 'sink'), plural(tasks, 'task')];
    screen.note(`${paintErr.bold(plan.pipeline)} of ${place.name}: ${parts.join(', ')}; ${plan.delivery.replaceAll('_', ' ')}`);
    for (const { sink, reason } of plan.skipped) screen.note(`  ${paintErr.yellow('skipped')} ${sink}: ${reason}`);
  }
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
  const timer = setInterval(show, REFRESH_MS);
  show();
  const outcomes = await Promise.all(running.map((pipeline) => pipeline.done));
  clearInterval(timer);
  show();
  screen.close();
  return outcomes;
}

function leftover({ plans, former }: Run, view: PipelineView): readonly string[] {
  const before = former.get(view.pipeline);
  const plan = plans.find((plan) => plan.pipeline === view.pipeline);
  return before === undefined || before === view.incarnation || plan === undefined ? [] : leftoverLines(plan, before);
}

/** Prints errors and summaries, and gives the exit code. */
function report({ options, former }: Run, outcomes: readonly Outcome[], views: readonly PipelineView[], drained: boolean): number {
  for (const { error } of outcomes) if (error !== null) printError(error);
  const summaries = views.map((view, i) => summaryOf(view, outcomes[i] === undefined ? undefined : summaryError(outcomes[i])));
  if (options.json) {
    outJson(summaryDocument(summaries));
    for (const line of views.flatMap((view) => remarks(view, paintErr))) note(line);
    return Math.max(...outcomes.map(exitOfOutcome));
  }
  const texts = views.flatMap((view, i): readonly string[] => {
    const summary = summaries[i];
    if (summary === undefined) return [];
    if (isEmpty(summary) && outcomes[i]?.state === 'failed') return []; // it never began: the error says all
    const again = former.get(view.pipeline) === view.incarnation && outcomes[i]?.state === 'done' && !drained;
    if (isEmpty(summary) && again)
      return [`${view.pipeline}: nothing new: all sources were read to their end before; \`millrace reset\` starts over`];
    const lines = remarks(view, paintOut);
    return [summaryText(summary), ...(lines.length === 0 ? [] : [lines.join('\n')])];
  });
  if (texts.length > 0) out(texts.join('\n\n'));
  return Math.max(...outcomes.map(exitOfOutcome));
}
