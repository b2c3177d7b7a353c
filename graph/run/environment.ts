import type { Log } from '../contract/log.ts';
import type { Registry } from '../contract/registry.ts';
import type { PipelineView } from '../contract/view.ts';

/** All that a running pipeline is given from outside. */
export interface Environment {
  readonly registry: Registry;
  readonly log: Log;
  /** Folder of the pipeline file. */
  readonly folder: string;
  /** Folder for local data. */
  readonly dataDir: string;
  /** Whether to start from nothing: the state found is left behind. */
  readonly loseState: boolean;
  /** One of several processes that one command started: none of them can tell state that fits from what another has just begun. */
  readonly isWorker?: boolean;
  /** ns since 1970 UTC. */
  clock(): bigint;
  /** A line for people: set-up, retries, warnings. */
  note(line: string): void;
}

/** How a pipeline ended. */
export interface Outcome {
  readonly state: 'done' | 'parked' | 'failed';
  /** What parked or failed it; null when it is done. */
  readonly error: Error | null;
}

export interface RunningPipeline {
  /** What it shows of itself, now. */
  view(): PipelineView;
  /** Stops reading, commits and snapshots what was read, waits (bounded) for sinks, closes. Idempotent. */
  drain(): Promise<void>;
  /** Resolves when it has ended: by itself (finite sources), drained, parked or failed. Never rejects. */
  readonly done: Promise<Outcome>;
}
