import type { ErrorView, PipelineView, SourceView } from '../graph/contract/view.ts';
import { heldUpSinceMs } from '../status/readiness.ts';
import { clock, span } from './terminal.ts';

/** One cause, and the parts of a pipeline that it holds up. */
export interface Fault {
  /** What they do about it. */
  readonly state: string;
  readonly names: readonly string[];
  readonly message: string;
  readonly remedy: string | null;
  /** ms since 1970 UTC; null when unknown. */
  readonly sinceMs: number | null;
}

/** What holds a pipeline up now; parts with one cause are told together. */
export function faultsOf(view: PipelineView, nowMs = Date.now()): readonly Fault[] {
  const found = new Map<string, Fault>();
  const add = (name: string, state: string, error: ErrorView | null) => {
    const message = error?.message ?? 'for a reason that is not known';
    const key = `${state}\n${error?.code}\n${message}`;
    const known = found.get(key);
    const since = [known?.sinceMs, error?.sinceMs].filter((ms) => typeof ms === 'number');
    found.set(key, {
      state,
      names: [...(known?.names ?? []), name],
      message,
      remedy: error?.remedy ?? known?.remedy ?? null,
      sinceMs: since.length === 0 ? null : Math.min(...since),
    });
  };
  for (const task of view.tasks)
    if (task.state === 'parked')
      add(task.error?.node ? `task ${task.task} in ${task.error.node}` : `task ${task.task}`, 'parked', task.error);
  for (const sink of view.sinks) if (sink.state === 'retrying' || sink.state === 'parked') add(sink.name, sink.state, sink.lastError);
  const log = logFaults(view, nowMs);
  return [...log, ...(log.length === 0 ? taskFaults(view) : []), ...found.values(), ...view.sources.flatMap(sourceFaults)];
}

/** Most parts that are named together. */
const MOST_NAMES = 3;

/** Partitions of a source that cannot be read just now, such as feeds that are down: those with one cause together. */
function sourceFaults({ name, partitions }: SourceView): readonly Fault[] {
  const down = partitions.flatMap(({ label, health }) => (health?.trouble ? [{ label, ...health.trouble }] : []));
  const causes = [...new Set(down.map(({ code, message }) => `${code}: ${message}`))];
  return causes.map((cause) => {
    const own = down.filter(({ code, message }) => `${code}: ${message}` === cause);
    const labels = own.slice(0, MOST_NAMES).map(({ label }) => label);
    const more = own.length > MOST_NAMES ? [`${own.length - MOST_NAMES} more`] : [];
    const again = clock(Math.min(...own.map(({ againMs }) => againMs)));
    return {
      state: 'not read',
      names: [`${name}: ${labels[0]}`, ...labels.slice(1), ...more],
      message: `${cause}; asked again at ${again}`,
      remedy: null,
      sinceMs: Math.min(...own.map(({ sinceMs }) => sinceMs)),
    };
  });
}

/** No task is held here, as after a broker was away: the group takes its time to give them out anew. */
function taskFaults({ state, tasks }: PipelineView): readonly Fault[] {
  if (state !== 'running' || tasks.length > 0) return [];
  const message = 'none is held here: others have them, or they are being given out anew';
  return [{ state: 'waiting', names: ['tasks'], message, remedy: null, sinceMs: null }];
}

/** A log that is not reached, or that does not take a round. */
function logFaults({ log, reason, state, commit }: PipelineView, nowMs: number): readonly Fault[] {
  const of = { state: 'no answer', names: [log.description] };
  if (log.trouble) return [{ ...of, ...log.trouble }];
  const sinceMs = commit?.waitingSinceMs ?? null;
  if (state === 'running' && reason !== null) return [{ state: 'waiting', names: ['commit'], message: reason, remedy: null, sinceMs }];
  if (heldUpSinceMs(commit, nowMs) === null) return [];
  return [{ state: 'waiting', names: ['commit'], message: `${log.description} has not made a round durable`, remedy: null, sinceMs }];
}

/** A fault as its message, with since when, and its remedy. */
export function faultLines({ names, state, message, remedy, sinceMs }: Fault, nowMs: number): readonly string[] {
  const since = sinceMs === null ? '' : ` since ${clock(sinceMs)}, ${span(Math.max(0, nowMs - sinceMs) / 1000)}`;
  return [`${names.join(', ')}: ${state}${since}: ${message}`, ...(remedy === null ? [] : [`  = ${remedy}`])];
}
