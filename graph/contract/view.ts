import type { LogTrouble } from './log.ts';

/** What the runtime shows of itself: plain data, taken at an instant. The status endpoint, the live screen and `--json` read it. */
export interface PipelineView {
  readonly pipeline: string;
  readonly incarnation: string;
  readonly plan: string;
  readonly state: 'starting' | 'restoring' | 'running' | 'draining' | 'stopped' | 'failed';
  /** Why, when `state` is `failed` or something holds it back. */
  readonly reason: string | null;
  readonly startedAtMs: number;
  readonly seconds: number;
  readonly epochs: number;
  readonly log: LogView;
  readonly tasks: readonly TaskView[];
  readonly nodes: readonly NodeView[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly sources: readonly SourceView[];
  readonly sinks: readonly SinkView[];
  readonly skipped: readonly { readonly sink: string; readonly reason: string }[];
  /** Seconds a round takes (cut to committed). */
  readonly round: Quantiles;
  readonly commit?: CommitView;
}

/** How long the log takes to make rounds durable. */
export interface CommitView {
  /** Since when the round under way waits for the log, ms since 1970 UTC; null while none does. */
  readonly waitingSinceMs: number | null;
  /** Seconds a commit takes. */
  readonly seconds: Quantiles;
}

export interface LogView {
  /** `embedded`, or the broker and its version. */
  readonly description: string;
  readonly bytes: number | null;
  readonly budgetBytes: number | null;
  /** Figures of the log's client by name; absent where it keeps none. */
  readonly statistics?: Readonly<Record<string, number>>;
  /** What keeps it from being reached. */
  readonly trouble?: LogTrouble | null;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export interface TaskView {
  readonly task: number;
  readonly state: 'restoring' | 'running' | 'parked' | 'ended' | 'closed';
  readonly epoch: number;
  /** Code, message, node and remedy of what parked it. */
  readonly error: ErrorView | null;
  /** The process that runs it, where several do. */
  readonly worker?: string;
}

export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly node: string | null;
  readonly remedy: string | null;
  readonly sinceMs: number;
}

export interface NodeView {
  readonly name: string;
  readonly kind: 'source' | 'operator';
  /** Operator, connector or `topic`. */
  readonly use: string;
  readonly rowsIn: number;
  /** On the main port, `out` or else the first; the others are in `ports`. */
  readonly rowsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Rows out by port, main port included. */
  readonly ports: Readonly<Record<string, number>>;
  /** Rows rejected by reason code. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly batches: number;
  /** Time spent in the kernel. */
  readonly busySeconds: number;
  /** Share of the last seconds spent in it, 0 to 1. */
  readonly pressure: number;
  /** ns since 1970 UTC; null before the first. */
  readonly watermarkNs: bigint | null;
  /** Epoch clock minus watermark. */
  readonly watermarkLagSeconds: number | null;
  /** Seconds a push takes. */
  readonly push: Quantiles;
  /** Rows that wait for another input of it; null where none do. */
  readonly held?: HeldView | null;
}

export interface HeldView {
  readonly rows: number;
  /** The node that it waits for. */
  readonly waitsFor: string;
  /** How far that one is behind those whose rows wait, in event time; null while it has told no time. */
  readonly behindSeconds: number | null;
}

/** How reading goes where a source can be away, as what is asked over a network. */
export interface SourceHealth {
  /** Why it cannot be read, since when, and when it is asked again (ms since 1970 UTC); null while it can. */
  readonly trouble: { readonly code: string; readonly message: string; readonly sinceMs: number; readonly againMs: number } | null;
  /** ms since it was read last, also where nothing new was there; null: it never was. */
  readonly readAgeMs: number | null;
  /** Times it could not be read, by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Items that the last look left out, by code. */
  readonly left: Readonly<Record<string, number>>;
}

export interface SourceView {
  readonly name: string;
  readonly use: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly label: string;
    readonly position: number;
    /** Rows or messages that are there and not read; null when unknown. */
    readonly lag: number | null;
    readonly idle: boolean;
    readonly ended: boolean;
    /** Absent where the source tells none: what goes wrong there stops a task. */
    readonly health?: SourceHealth;
  }[];
  /** The first key whose rows were found in two partitions though the source says `key:`; null: none was. */
  readonly misplaced?: { readonly key: string; readonly partitions: readonly [number, number] } | null;
}

export interface SinkView {
  readonly name: string;
  readonly use: string;
  readonly target: string;
  readonly state: 'starting' | 'running' | 'retrying' | 'parked' | 'done';
  /** Acknowledged, but for those that the system refused. */
  readonly rows: number;
  /** Rows that the system refused, by reason code. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly blocks: number;
  /** Rows read from the topic and not acknowledged. */
  readonly queuedRows: number;
  /** Messages in the topic and not read. */
  readonly lagMessages: number;
  readonly retries: number;
  readonly lastError: ErrorView | null;
  /** ms since the last acknowledged write, while rows wait; null when none waits. */
  readonly ackAgeMs: number | null;
  /** From read at the source to acknowledged. */
  readonly latencyMs: Quantiles;
}
