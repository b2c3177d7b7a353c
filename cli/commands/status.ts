import { setTimeout as sleep } from 'node:timers/promises';
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

async function ask(url: string, token: string | undefined): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(`${url}/status`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  } catch (cause) {
    throw new MillraceError(`nothing answers at ${url}`, {
      code: 'status-unreachable',
      domain: 'external',
      remedy: 'see whether it still starts or just ended',
      cause,
    });
  }
  if (response.status === 401)
    throw new MillraceError('the status endpoint asks for a token', {
      code: 'status-token',
      domain: 'user',
      remedy: 'give it with --status-token or MILLRACE_STATUS_TOKEN',
    });
  if (!response.ok)
    throw new MillraceError(`${url}/status answered ${response.status}`, { code: 'status-unreachable', domain: 'external' });
  return (await response.json()) as Answer;
}

/** What all instances of a folder answer: those that run the same pipelines on a broker as one. */
async function askAll(instances: readonly Instance[], token: string | undefined): Promise<Answer> {
  const [first, ...others] = instances;
  if (first === undefined) throw new MillraceError('no instance to ask', { code: 'not-running', domain: 'internal' });
  if (others.length === 0) return ask(first.status.url, token);
  const answers = await Promise.all(instances.map(async ({ pid, status }) => ({ pid, ...(await ask(status.url, token)) })));
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
