import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../graph/contract/error.ts';
import type { PipelineView } from '../../graph/contract/view.ts';
import { Rates } from '../../status/rates.ts';
import { runningInstance } from '../instance.ts';
import { liveScreen, screenOf } from '../screen.ts';
import { type FileOptions, placeOf } from '../settings.ts';
import { out, outJson, paintOut } from '../terminal.ts';

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

/** Shows the running instance of a data folder: once, or until interrupted. */
export async function statusCommand(options: StatusOptions): Promise<void> {
  const place = placeOf(options);
  const instance = runningInstance(place);
  if (!instance)
    throw new MillraceError(`nothing runs on ${place.dataDir}`, {
      code: 'not-running',
      domain: 'external',
      remedy: 'start it with `millrace run`, or name its folder with --data-dir',
    });
  const { url } = instance.status;
  if (!options.watch) {
    const answer = await ask(url, options.statusToken);
    if (options.json) return outJson(answer);
    const rates = new Rates();
    rates.sample(answer.pipelines, 0);
    await sleep(1000);
    const later = await ask(url, options.statusToken);
    rates.sample(later.pipelines, 1000);
    const look = { paint: paintOut, ...(process.stdout.columns === undefined ? {} : { columns: process.stdout.columns }) };
    return out(later.pipelines.flatMap((view) => screenOf(view, rates, look)).join('\n'));
  }
  const rates = new Rates();
  const screen = liveScreen(process.stdout, rates);
  for (;;) {
    const { pipelines } = await ask(url, options.statusToken);
    rates.sample(pipelines, Date.now());
    if (options.json) outJson({ pipelines });
    else screen.show(pipelines);
    await sleep(1000);
  }
}
