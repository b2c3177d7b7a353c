import type { PipelineView } from '../../graph/contract/view.ts';
import type { Summary } from '../summary.ts';

/** Environment variable that names a worker to itself. */
export const WORKER_VARIABLE = 'MILLRACE_WORKER';

/** How one pipeline ended in one worker. */
export interface WorkerOutcome {
  readonly pipeline: string;
  readonly state: 'done' | 'parked' | 'failed';
  readonly error: NonNullable<Summary['error']> | null;
}

/** What a worker tells the process that started it. */
export type FromWorker =
  | { readonly kind: 'status'; readonly url: string }
  | { readonly kind: 'views'; readonly views: readonly PipelineView[] }
  | {
      readonly kind: 'outcomes';
      readonly outcomes: readonly WorkerOutcome[];
      readonly views: readonly PipelineView[];
      /** It was asked to stop by a signal of its own. */
      readonly drained: boolean;
    };

/** What a worker is told. */
export interface ToWorker {
  readonly kind: 'drain';
}

/** A worker's line to the process that started it. */
export interface Link {
  readonly worker: string;
  /** Resolves when the message is on its way. */
  tell(message: FromWorker): Promise<void>;
  /** Calls when the worker is to drain: told so, or left alone because that process is gone. */
  onDrain(drain: (why: string) => void): void;
}

/** The line of this process, where it is a worker; null where a person or another program started it. */
export function supervisorLink(): Link | null {
  const worker = process.env[WORKER_VARIABLE];
  if (worker === undefined || process.send === undefined) return null;
  return {
    worker,
    tell: (message) =>
      new Promise((resolve) => {
        if (process.send === undefined || !process.connected) resolve();
        else process.send(message, () => resolve());
      }),
    onDrain(drain) {
      process.on('message', (message: ToWorker) => {
        if (message.kind === 'drain') drain('asked to stop');
      });
      process.on('disconnect', () => drain('the process that started this worker is gone'));
    },
  };
}
