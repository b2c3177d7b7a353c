import type { Plan } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { durationNs, showBytes } from '../../graph/contract/units.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import type { Outcome, RunningPipeline } from '../../graph/run/environment.ts';
import { runPipeline } from '../../graph/run/pipeline.ts';
import { Rates } from '../../status/rates.ts';
import { openStatus, type StatusEndpoint } from '../../status/server.ts';
import { type Compiled, compileFile } from '../compile.ts';
import { type Engines, openEngines } from '../engines.ts';
import { EXIT, exitOf, usage } from '../exit.ts';
import { announce, withdraw } from '../instance.ts';
import { liveScreen, plainScreen, type Screen } from '../screen.ts';
import { chosen, type FileOptions, type Place, placeOf } from '../settings.ts';
import { onStop } from '../stop.ts';
import { type Summary, summaryDocument, summaryOf, summaryText } from '../summary.ts';
import { note, out, outJson, paintErr, printError } from '../terminal.ts';
import { exampleQuery } from '../tour.ts';
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

/** Runs the pipelines of a file in this process until they end, are drained or fail; gives the exit code. */
export async function runCommand(registry: Registry, names: readonly string[], options: RunOptions): Promise<number> {
  const limitMs = limitOf(options);
  const port = portOf(options);
  const place = placeOf(options);
  const compiled = await compileFile(registry, place, options);
  if (compiled.failed) {
    if (options.json) outJson({ diagnostics: compiled.diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const plans = chosen(compiled.plans, names);
  const rates = new Rates();
  const screen = process.stderr.isTTY && !options.json ? liveScreen(process.stderr, rates) : plainScreen(process.stderr, rates, LINE_MS);
  const engines = await openEngines(plans, place, (line) => screen.note(line));
  try {
    return await runOn(engines, { registry, place, compiled, plans, options, port, limitMs, screen, rates });
  } finally {
    screen.close();
    await engines.close();
  }
}

interface Run {
  readonly registry: Registry;
  readonly place: Place;
  readonly compiled: Compiled;
  readonly plans: readonly Plan[];
  readonly options: RunOptions;
  readonly port: { readonly port: number; readonly orNext: boolean };
  readonly limitMs: number | null;
  readonly screen: Screen;
  readonly rates: Rates;
}

async function runOn(engines: Engines, run: Run): Promise<number> {
  const { registry, place, plans, options, rates } = run;
  const running: RunningPipeline[] = [];
  const views = () => running.map((pipeline) => pipeline.view());
  const status = await openStatus(
    { version: VERSION, views, rates },
    { host: options.statusHost, token: options.statusToken ?? null, ...run.port },
  );
  try {
    announce(place, {
      pid: process.pid,
      startedAt: new Date().toISOString(),
      file: place.path,
      pipelines: plans.map((plan) => plan.pipeline),
      status: { url: status.url },
      clickhouse: engines.clickhouse,
    });
    greet(run, status, engines);
    for (const plan of plans) running.push(runPipeline(plan, engines.environment(registry, options.loseState ?? false)));
    return await untilDone(running, run, views);
  } finally {
    withdraw(place);
    await status.close();
  }
}

function greet({ plans, place, port, screen }: Run, status: StatusEndpoint, engines: Engines): void {
  for (const plan of plans) {
    const parts = [`${plan.inputs.length} inputs`, `${plan.nodes.length} operators`, `${plan.sinks.length} sinks`, `${plan.tasks} tasks`];
    screen.note(`${paintErr.bold(plan.pipeline)} of ${place.name}: ${parts.join(', ')}; ${plan.delivery.replaceAll('_', ' ')}`);
    for (const { sink, reason } of plan.skipped) screen.note(`  ${paintErr.yellow('skipped')} ${sink}: ${reason}`);
  }
  screen.note(
    `log: ${engines.description}, data in ${place.dataDir}${engines.budgetBytes === null ? '' : `, kept under ${showBytes(engines.budgetBytes)}`}`,
  );
  const taken = port.orNext && status.port !== DEFAULT_PORT ? ` (port ${DEFAULT_PORT} is taken)` : '';
  screen.note(`status: ${status.url}/status${taken}`);
  const query = exampleQuery(plans);
  if (query !== null) screen.note(`try: npx millrace sql ${JSON.stringify(query)}`);
  screen.note('Ctrl-C drains and stops');
}

async function untilDone(running: readonly RunningPipeline[], run: Run, views: () => readonly PipelineView[]): Promise<number> {
  const { options, screen, rates, limitMs } = run;
  const show = () => {
    const now = views();
    rates.sample(now, Date.now());
    screen.show(now);
  };
  const timer = setInterval(show, REFRESH_MS);
  const drain = (why: string) => {
    screen.note(`${why}: draining; what was read is finished and committed`);
    for (const pipeline of running) void pipeline.drain();
  };
  const limit = limitMs === null ? undefined : setTimeout(() => drain(`${options.for} are over`), limitMs);
  const stop = onStop({
    first: (signal) => drain(signal === 'SIGINT' ? 'Ctrl-C' : signal),
    second: () => {
      screen.close();
      note('leaving at once; the next start resumes from the last commit');
      withdraw(run.place);
      process.exit(130);
    },
  });
  show();
  const outcomes = await Promise.all(running.map((pipeline) => pipeline.done));
  stop();
  clearInterval(timer);
  clearTimeout(limit);
  screen.close();
  const final = views();
  for (const outcome of outcomes) if (outcome.error !== null) printError(outcome.error);
  const summaries = final.map((view, i) => summaryOf(view, summaryError(outcomes[i] as Outcome)));
  if (options.json) outJson(summaryDocument(summaries));
  else out(summaries.map(summaryText).join('\n\n'));
  return Math.max(...outcomes.map(exitOfOutcome));
}
