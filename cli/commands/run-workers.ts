import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Plan } from '../../graph/contract/plan.ts';
import { Rates } from '../../status/rates.ts';
import { openStatus } from '../../status/server.ts';
import { enginePid, localClickhouse } from '../engines.ts';
import { leave } from '../exit.ts';
import { formerIncarnations, leftoverLines } from '../former.ts';
import { planLines, takenText, usesLocalClickhouse } from '../greeting.ts';
import { announce, type Instance, runningInstance, withdraw } from '../instance.ts';
import { report } from '../report.ts';
import { type Screen, screenFor } from '../screen.ts';
import type { Place } from '../settings.ts';
import { onStop } from '../stop.ts';
import { note, plural } from '../terminal.ts';
import { exampleQuery, tryLines } from '../tour.ts';
import { VERSION } from '../version.ts';
import { Supervisor } from '../workers/supervisor.ts';
import type { RunOptions } from './run.ts';

const REFRESH_MS = 500;
/** As a shell says it of a process that SIGINT ended. */
const INTERRUPTED = 130;

/** A run in several processes. */
export interface WorkersRun {
  readonly count: number;
  /** Pipelines asked for; all when none is named. */
  readonly names: readonly string[];
  readonly options: RunOptions;
  readonly place: Place;
  readonly plans: readonly Plan[];
  /** Milliseconds after which all is drained; null: never. */
  readonly limitMs: number | null;
  readonly port: { readonly port: number; readonly orNext: boolean };
}

/** Starts the workers, shows them as one, and waits for their end; gives the exit code. */
export async function runWorkers(run: WorkersRun): Promise<number> {
  const { count, options, place, plans, limitMs, port } = run;
  const rates = new Rates();
  const screen = screenFor(options, rates);
  const former = formerIncarnations(plans, place);
  const clickhouse = localClickhouse(place.dataDir, (line) => screen.note(line));
  let supervisor: Supervisor | null = null;
  const views = () => supervisor?.views() ?? [];
  const status = await openStatus(
    { version: VERSION, views, rates, workers: () => supervisor?.workers() ?? [] },
    { host: options.statusHost, token: options.statusToken ?? null, ...port },
  );
  try {
    const engine = plans.some(usesLocalClickhouse) ? { url: await clickhouse.embedded(), pid: enginePid(place.dataDir) } : null;
    greet(run, screen, `${status.url}/status${takenText(port, status.port)}`);
    const workers = new Supervisor({
      count,
      args: argsOf(run),
      env: environmentOf(options),
      prefix: prefixOf(run),
      note: (line) => screen.note(line),
    });
    supervisor = workers;
    const stop = stopOnSignals(workers, screen, place);
    const limit = limitMs === null ? undefined : setTimeout(() => stop.drain(`${options.for} are over`), limitMs);
    const base: Instance = {
      pid: process.pid,
      startedAt: new Date().toISOString(),
      file: place.path,
      pipelines: plans.map((plan) => plan.pipeline),
      status: { url: status.url },
      clickhouse: engine,
    };
    const told = new Set<string>();
    const show = () => {
      const now = views();
      rates.sample(now, Date.now());
      announce(place, { ...base, workers: workers.workers().map(({ name, pid, url }) => ({ name, pid, url })) });
      for (const plan of plans) {
        const before = former.get(plan.pipeline);
        const inc = now.find(({ pipeline }) => pipeline === plan.pipeline)?.incarnation ?? '';
        if (before === undefined || inc === '' || inc === before || told.has(plan.pipeline)) continue;
        told.add(plan.pipeline);
        for (const line of leftoverLines(plan, before)) screen.note(line);
      }
      screen.show(now);
    };
    show();
    const timer = setInterval(show, REFRESH_MS);
    const { code, outcomes } = await workers.done;
    clearInterval(timer);
    clearTimeout(limit);
    stop.forget();
    show();
    screen.close();
    const errors = new Map(outcomes.flatMap(({ pipeline, error }) => (error === null ? [] : [[pipeline, error] as const])));
    const failed = new Set(outcomes.filter(({ state }) => state === 'failed').map(({ pipeline }) => pipeline));
    report({ json: options.json ?? false, views: views(), errors, failed, former, drained: stop.asked() });
    return code;
  } finally {
    screen.close();
    withdraw(place);
    await clickhouse.stop();
    await status.close();
  }
}

function greet({ plans, place, count }: WorkersRun, screen: Screen, status: string): void {
  for (const line of planLines(plans, place)) screen.note(line);
  screen.note(`${plural(count, 'worker')} on this machine; data in ${place.dataDir}`);
  screen.note(`status: ${status}`);
  const query = exampleQuery(plans);
  if (query !== null) for (const line of tryLines(query)) screen.note(line);
  screen.note('Ctrl-C drains and stops');
}

/** Command line of a worker. What may hold a secret goes by the environment, which others cannot see. */
function argsOf({ names, options }: WorkersRun): readonly string[] {
  const { file, dataDir, allowPath, allowCode, loseState } = options;
  return [
    'run',
    ...names,
    ...['--file', file],
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ...(allowPath ?? []).flatMap((path) => ['--allow-path', path]),
    ...(allowCode ? ['--allow-code'] : []),
    ...(loseState ? ['--lose-state'] : []),
  ];
}

function environmentOf({ broker, statusToken }: RunOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(broker === undefined ? {} : { MILLRACE_BROKER: broker }),
    ...(statusToken === undefined ? {} : { MILLRACE_STATUS_TOKEN: statusToken }),
  };
}

/** The same after a restart, and no other's: the machine and the data folder, or what the user says. */
function prefixOf({ options, place }: WorkersRun): string {
  if (options.instance !== undefined) return options.instance;
  const folder = createHash('sha256').update(place.dataDir).digest('hex').slice(0, 8);
  const other = runningInstance(place) === null ? '' : `-${process.pid}`;
  return `${hostname().replace(/[^\w.-]/g, '-')}-${folder}${other}`;
}

/** Drains at the first signal and ends all at the second. */
function stopOnSignals(workers: Supervisor, screen: Screen, place: Place) {
  let isAsked = false;
  const drain = (why: string) => {
    screen.note(`${why}: draining; what was read is finished and committed`);
    isAsked = true;
    workers.drain();
  };
  const forget = onStop({
    first: (signal) => drain(signal === 'SIGINT' ? 'Ctrl-C' : signal),
    second: () => {
      workers.kill();
      screen.close();
      note('leaving at once; the next start resumes from the last commit');
      withdraw(place);
      leave(INTERRUPTED);
    },
  });
  return { drain, forget, asked: () => isAsked };
}
