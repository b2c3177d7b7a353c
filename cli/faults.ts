import type { ErrorView, PipelineView } from '../graph/contract/view.ts';
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
export function faultsOf(view: PipelineView): readonly Fault[] {
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
  return [...found.values()];
}

/** A fault as its message, with since when, and its remedy. */
export function faultLines({ names, state, message, remedy, sinceMs }: Fault, nowMs: number): readonly string[] {
  const since = sinceMs === null ? '' : ` since ${clock(sinceMs)}, ${span(Math.max(0, nowMs - sinceMs) / 1000)}`;
  return [`${names.join(', ')}: ${state}${since}: ${message}`, ...(remedy === null ? [] : [`  = ${remedy}`])];
}
