import type { CommitView, ErrorView, PipelineView } from '../graph/contract/view.ts';

/** How long a round may wait for the log, ms. */
const COMMIT_MS = 20_000;

/** One thing that is not as it should be. */
export interface Unready {
  readonly pipeline: string;
  readonly kind: 'pipeline' | 'log' | 'task' | 'sink';
  readonly name: string;
  readonly state: string;
  readonly code: string | null;
  readonly message: string | null;
  readonly remedy: string | null;
}

const told = (error: ErrorView | null) => ({
  code: error?.code ?? null,
  message: error === null ? null : error.node === null ? error.message : `${error.node}: ${error.message}`,
  remedy: error?.remedy ?? null,
});

/** Since when a round has waited for the log longer than it should, ms since 1970 UTC; null while none has. */
export function heldUpSinceMs(commit: CommitView | undefined, nowMs: number): number | null {
  const sinceMs = commit?.waitingSinceMs ?? null;
  return sinceMs !== null && nowMs - sinceMs > COMMIT_MS ? sinceMs : null;
}

/** What keeps the instance from being ready: a log that is not reached, pipelines that do not run, parked tasks, sinks that cannot write. */
export function unready(views: readonly PipelineView[], nowMs = Date.now()): readonly Unready[] {
  return views.flatMap((view) => {
    const pipeline = view.pipeline;
    const found: Unready[] = [];
    if (view.state === 'starting' || view.state === 'restoring' || view.state === 'failed' || view.reason !== null)
      found.push({ pipeline, kind: 'pipeline', name: pipeline, state: view.state, code: null, message: view.reason, remedy: null });
    const { description, trouble } = view.log;
    const waiting = { pipeline, kind: 'log', name: description, state: 'waiting' } as const;
    if (trouble) found.push({ ...waiting, code: trouble.code, message: trouble.message, remedy: trouble.remedy });
    else if (heldUpSinceMs(view.commit, nowMs) !== null)
      found.push({ ...waiting, code: 'commit-waits', message: 'a round waits for the log to make it durable', remedy: null });
    for (const task of view.tasks)
      if (task.state === 'parked' || task.state === 'restoring')
        found.push({ pipeline, kind: 'task', name: String(task.task), state: task.state, ...told(task.error) });
    for (const sink of view.sinks)
      if (sink.state !== 'running' && sink.state !== 'done')
        found.push({ pipeline, kind: 'sink', name: sink.name, state: sink.state, ...told(sink.lastError) });
    return found;
  });
}
