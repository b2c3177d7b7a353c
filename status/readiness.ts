import type { ErrorView, PipelineView } from '../graph/contract/view.ts';

/** One thing that is not as it should be. */
export interface Unready {
  readonly pipeline: string;
  readonly kind: 'pipeline' | 'task' | 'sink';
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

/** What keeps the instance from being ready: pipelines that do not run, parked tasks, sinks that cannot write. */
export function unready(views: readonly PipelineView[]): readonly Unready[] {
  return views.flatMap((view) => {
    const pipeline = view.pipeline;
    const found: Unready[] = [];
    if (view.state === 'starting' || view.state === 'restoring' || view.state === 'failed' || view.reason !== null)
      found.push({ pipeline, kind: 'pipeline', name: pipeline, state: view.state, code: null, message: view.reason, remedy: null });
    for (const task of view.tasks)
      if (task.state === 'parked' || task.state === 'restoring')
        found.push({ pipeline, kind: 'task', name: String(task.task), state: task.state, ...told(task.error) });
    for (const sink of view.sinks)
      if (sink.state !== 'running' && sink.state !== 'done')
        found.push({ pipeline, kind: 'sink', name: sink.name, state: sink.state, ...told(sink.lastError) });
    return found;
  });
}
