import { setTimeout as sleep } from 'node:timers/promises';
import { errors, request } from 'undici';
import { MillraceError } from '../../graph/contract/error.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import { Rates } from '../../status/rates.ts';
import { type Instance, runningInstances } from '../instance.ts';
import { liveScreen, screenOf } from '../screen.ts';
import { type FileOptions, placeOf } from '../settings.ts';
import { out, outJson, paintOut } from '../terminal.ts';
import { mergedView } from '../workers/merge.ts';

export interface StatusOptions extends FileOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly statusToken?: string;
}

interface Answer {
  readonly pipelines: readonly PipelineView[];
}

/** How long a process may take to answer, ms: one that is frozen takes the connection and never does. */
const PATIENCE_MS = 5_000;

async function ask({ pid, status: { url } }: Instance, token: string | undefined): Promise<Answer> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { statusCode, body } = await request(`${url}/status`, { headers, headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });
    const text = await body.text();
    if (statusCode === 200) return JSON.parse(text) as Answer;
    if (statusCode !== 401)
      throw new MillraceError(`${url}/status answered ${statusCode}`, { code: 'status-unreachable', domain: 'external' });
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    const isSilent = cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError;
    const message = isSilent ? `process ${pid} gives no answer at ${url} in ${PATIENCE_MS / 1000} s` : `nothing answers at ${url}`;
    const remedy = isSilent
      ? `see whether it is stopped or waits for its disk: ps -o stat,wchan -p ${pid}; what it holds is safe, kill -9 and start it again`
      : 'see whether it still starts or just ended';
    throw new MillraceError(message, { code: isSilent ? 'status-silent' : 'status-unreachable', domain: 'external', remedy, cause });
  }
  throw new MillraceError('the status endpoint asks for a token', {
    code: 'status-token',
    domain: 'user',
    remedy: 'give it with --status-token or MILLRACE_STATUS_TOKEN',
  });
}

/** What all instances of a folder answer: those that run the same pipelines on a broker as one. */
async function askAll(instances: readonly Instance[], token: string | undefined): Promise<Answer> {
  const [first, ...others] = instances;
  if (first === undefined) throw new MillraceError('no instance to ask', { code: 'not-running', domain: 'internal' });
  if (others.length === 0) return ask(first, token);
  const answers = await Promise.all(instances.map(async (instance) => ({ pid: instance.pid, ...(await ask(instance, token)) })));
  const parts = answers.flatMap(({ pid, pipelines }) => pipelines.map((view) => ({ worker: `process ${pid}`, view })));
  const names = new Set(parts.map(({ view }) => view.pipeline));
  const pipelines = [...names].flatMap((name) => mergedView(parts.filter(({ view }) => view.pipeline === name)) ?? []);
  return { ...answers[0], pipelines };
}

/** Shows what runs on a data folder: once, or until interrupted. */
export async function statusCommand(options: StatusOptions): Promise<void> {
  const place = placeOf(options);
  const instances = runningInstances(place);
  if (instances.length === 0)
    throw new MillraceError(`nothing runs on ${place.dataDir}`, {
      code: 'not-running',
      domain: 'external',
      remedy: 'start it with `millrace run`, or name its folder with --data-dir',
    });
  if (!options.watch) {
    const answer = await askAll(instances, options.statusToken);
    if (options.json) return outJson(answer);
    const rates = new Rates();
    rates.sample(answer.pipelines, 0);
    await sleep(1000);
    const later = await askAll(instances, options.statusToken);
    rates.sample(later.pipelines, 1000);
    const look = { paint: paintOut, ...(process.stdout.columns === undefined ? {} : { columns: process.stdout.columns }) };
    return out(later.pipelines.flatMap((view) => screenOf(view, rates, look)).join('\n'));
  }
  const rates = new Rates();
  const screen = liveScreen(process.stdout, rates);
  for (;;) {
    const { pipelines } = await askAll(instances, options.statusToken);
    rates.sample(pipelines, Date.now());
    if (options.json) outJson({ pipelines });
    else screen.show(pipelines);
    await sleep(1000);
  }
}
