/**
 * The log that the engine speaks to, at epoch level. `connectors/embedded` and `connectors/kafka` implement it; one conformance suite
 * runs on both. Nothing here says which.
 *
 * Offsets are numbers below 2^53, may have gaps (control records, aborted data), and never repeat within a topic.
 * Every reader is `read_committed`: it sees only messages of committed rounds.
 */
export interface Log {
  /** `embedded` or `kafka 4.4.0`, for people. */
  readonly description: string;
  /** Creates what is missing. A topic that is there with other settings is an error (`topic-mismatch`), never altered. Idempotent. */
  ensure(topics: readonly TopicSpec[]): Promise<ReadonlyMap<string, TopicFacts>>;
  /** What is known of a topic, or null when it does not exist. */
  describe(topic: string): Promise<TopicFacts | null>;
  /**
   * Joins `group` to own partitions of `topic`; the listener hears at every change, of the first ones maybe after the call has resolved.
   * The engine leases its journal topic in the group `millrace.<pipeline>`, a sink the topic it reads. A second process may take
   * partitions over: `commit` and `intent` are fenced by the lease.
   */
  lease(group: string, topic: string, listener: LeaseListener): Promise<Lease>;
  /** The recovery root that the last committed round left for a task; null when there never was one. Waits while a commit is undecided. */
  root(pipeline: string, task: number): Promise<Root | null>;
  /**
   * Messages at or after the given positions, in offset order per partition, at most `credit` in all, but always at least one message
   * where there is one. Resolves as soon as something is there, else empty after `waitMs`. `reader` names an independent cursor set
   * (prefetch belongs to it). Throws `position-expired` when a position lies before the low watermark.
   */
  poll(reader: string, positions: readonly Position[], credit: Credit): Promise<readonly Fetched[]>;
  /** Makes the round durable and visible, all of it or nothing. Rounds of one lease are committed one at a time, in order. */
  commit(round: Round): Promise<CommitResult>;
  /** The messages in [from, to), in order, however old; throws `position-expired` when some are gone. */
  scan(topic: string, partition: number, from: number, to: number): AsyncIterable<Message>;
  /** Stores a snapshot outside any round; durable when it resolves. It counts only once a committed root points at it. */
  putState(key: StateKey, chunks: ReadonlyMap<string, readonly Uint8Array[]>): Promise<string>;
  /** The snapshot behind a reference that `putState` gave, checked against its checksum; null when missing or damaged. */
  getState(pipeline: string, task: number, reference: string): Promise<ReadonlyMap<string, readonly Uint8Array[]> | null>;
  /** The block a sink group last announced for a partition and where its acknowledged part ends; null when it never announced one. */
  pending(group: string, topic: string, partition: number): Promise<Intent | null>;
  /**
   * Acknowledges all before `intent.from`, announces the block [from, to), and appends `outgoing`, in one durable step, fenced by the
   * lease. `outgoing` is what the acknowledged block left behind (rows that the sink refused): it is there exactly once, as the
   * acknowledgement is. A log that loses the answer looks `pending` up before it tries again, so the outcome is always known.
   */
  intent(group: string, topic: string, partition: number, intent: Intent, outgoing?: readonly Outgoing[]): Promise<'committed' | 'fenced'>;
  /** Bytes on disk and the like, for the status endpoint; empty where the log cannot know. */
  usage(): Promise<LogUsage>;
  /** What keeps the log from being reached, as far as it is known without asking; null while nothing does. Absent where it is never away. */
  trouble?(): LogTrouble | null;
  close(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  readonly kind: 'data' | 'journal' | 'exchange' | 'feed' | 'rejected';
  /** How long messages are kept, ms; null: the log's default. */
  readonly retentionMs: number | null;
  /** The last message of each key is kept for ever, whatever its age; older ones may go. */
  readonly latest?: boolean;
}

export interface TopicFacts {
  readonly topic: string;
  /** Another one for a topic that was deleted and made anew under its name; absent where the log has no such thing. */
  readonly id?: string;
  readonly partitions: number;
  /**
   * Per partition: first offset that is still there, and the offset after the last committed message. Where markers follow that message
   * `high` may lie behind them, until a poll of this process has found nothing more.
   */
  readonly ranges: readonly { readonly low: number; readonly high: number }[];
}

export interface LeaseListener {
  assigned(partitions: readonly number[]): void;
  /** The lease is let go when the promise resolves. `lost`: it is gone already, nothing of it can be committed. */
  revoked(partitions: readonly number[], lost: boolean): Promise<void>;
}

export interface Lease {
  readonly owned: ReadonlySet<number>;
  release(): Promise<void>;
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the next message to read. */
  readonly offset: number;
}

export interface Credit {
  readonly messages: number;
  readonly bytes: number;
  /** 0: only what is there. */
  readonly waitMs: number;
}

export interface Message {
  readonly offset: number;
  /** Record time, ns since 1970 UTC (ms precision on Kafka). */
  readonly timestampNs: bigint;
  /** Null where there is none; an empty one may come back as null. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly Message[];
}

/** What recovery starts from; it rides in the offset metadata of a commit, so its JSON stays under 1 KiB. */
export interface Root {
  /** Incarnation: minted when state starts from nothing. */
  readonly inc: string;
  readonly epoch: number;
  /** Hash of the plan the epoch ran under. */
  readonly plan: string;
  /** Last snapshot: its epoch, the log's reference to it, and a journal offset at or before the entry that follows it. */
  readonly snap: { readonly epoch: number; readonly reference: string; readonly journalFrom: number } | null;
  /** The task was stopped on purpose, with a snapshot at `epoch`. */
  readonly closed: boolean;
  /** All its inputs have ended: no epoch follows. */
  readonly ended?: boolean;
}

/** The epochs of all tasks that had work, committed together. */
export interface Round {
  readonly pipeline: string;
  /** Topic of the journal; entry of task t goes to its partition t. */
  readonly journal: string;
  readonly tasks: readonly RoundTask[];
  readonly messages: readonly Outgoing[];
}

export interface RoundTask {
  readonly task: number;
  readonly epoch: number;
  /** The journal record, JSON. */
  readonly entry: Uint8Array;
  readonly root: Root;
  /**
   * Offset after the last message read, of each input topic of this log that the task read up to this epoch; an input left out keeps
   * what an earlier round said. A log that deletes for want of room keeps what a recovery from the last two snapshots reads again.
   */
  readonly reads?: readonly Position[];
}

export interface Outgoing {
  readonly topic: string;
  readonly partition: number;
  readonly key: Uint8Array | null;
  /** Belongs to the log from here on: its bytes may not change after. */
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampNs: bigint;
}

/**
 * `unknown`: it may or may not have been; ask `root`, whose epoch tells. `fenced`: it was not, and the lease is gone. `moved`: it was not,
 * since ownership is changing; what is still owned once that was heard can be sent again.
 */
export type CommitResult = 'committed' | 'fenced' | 'moved' | 'unknown';

export interface StateKey {
  readonly pipeline: string;
  readonly task: number;
  readonly inc: string;
  readonly epoch: number;
}

export interface Intent {
  readonly from: number;
  readonly to: number;
  /** Deduplication token of the block. */
  readonly token: string;
  readonly rows: number;
}

/** The log has not been reached for some seconds. */
export interface LogTrouble {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  /** ms since 1970 UTC. */
  readonly sinceMs: number;
}

export interface LogUsage {
  readonly bytes: number | null;
  readonly budgetBytes: number | null;
  /** Figures of the log's client by name, the unit at its end, e.g. `rtt_ms`; absent where it keeps none. */
  readonly statistics?: Readonly<Record<string, number>>;
}
