import type { Schema } from 'apache-arrow';
import type { Connection, StartAt } from './connector.ts';
import type { TopicSpec } from './log.ts';

/** `node.port`. */
export interface PortRef {
  readonly node: string;
  readonly port: string;
}

/**
 * A pipeline, compiled: frozen data, all that the runtime needs. Names refer to the registry it was compiled with.
 * Every task runs all nodes; where rows must move between tasks, an edge goes through an exchange topic (an output and an input).
 */
export interface Plan {
  readonly pipeline: string;
  /** Hash of topology, parameters and each operator's `semantics`: decides whether state fits. */
  readonly hash: string;
  readonly tasks: number;
  /** Longest time that rows may wait to be committed together, ms. */
  readonly latencyMs: number;
  readonly delivery: 'exactly_once' | 'at_least_once';
  /** Sources and exchanges, in order. */
  readonly inputs: readonly PlanInput[];
  /** Operators in topological order. */
  readonly nodes: readonly PlanNode[];
  /** What leaves the tasks: user topics, exchanges, feeds of sinks, dead letters. */
  readonly outputs: readonly PlanOutput[];
  readonly sinks: readonly PlanSink[];
  /** Every topic to ensure: written, internal, journal. A topic that is only read is not in it. */
  readonly topics: readonly TopicSpec[];
  /** Topic of the journal and lease, T partitions. */
  readonly journal: string;
  /** Sinks left out, as their connection has no address or no run writes them. */
  readonly skipped: readonly { readonly sink: string; readonly reason: string }[];
}

export interface PlanInput {
  /** Node name of the source, or the edge's name for an exchange (`clean.out->bars`). */
  readonly name: string;
  readonly from:
    | { readonly kind: 'topic'; readonly topic: string }
    | {
        readonly kind: 'exchange';
        readonly topic: string;
        /** Partition p is written by task p alone. */
        readonly aligned?: boolean;
      }
    | { readonly kind: 'connector'; readonly connector: string; readonly params: unknown; readonly connection: Connection | null };
  /** How payloads become rows; null for connectors that give batches. */
  readonly format: { readonly name: string; readonly params: unknown } | null;
  /** Columns of its port `out`. Its port `rejected` has `REJECTED_SCHEMA`. */
  readonly schema: Schema;
  /** Null: rows carry no event time; the input never holds a watermark back (`watermark: none`). */
  readonly time: { readonly column: string; readonly latenessNs: bigint; readonly idleNs: bigint | null } | null;
  /** Columns that equal values of keep rows in one partition; `[]` when unknown. */
  readonly key: readonly string[];
  readonly start: StartAt;
  /** Every task reads all of it. */
  readonly broadcast: boolean;
  /** Partitions known at compile time; the runtime checks. Partition p belongs to task p % T. Null: known when opened. */
  readonly partitions: number | null;
  /**
   * `into`: a connector whose payloads go to that topic as they are, and to no node. `from`: the topic holds what the input of that name
   * landed there. Absent: neither.
   */
  readonly landing?: { readonly into: string } | { readonly from: string };
}

export interface PlanNode {
  readonly name: string;
  readonly operator: string;
  readonly params: unknown;
  /** Input ports in declared order; several edges on one port are a union of equal schemas. */
  readonly inputs: readonly { readonly port: string; readonly edges: readonly PortRef[]; readonly schema: Schema }[];
  readonly outputs: Readonly<Record<string, Schema>>;
  /** How rows of several edges or ports are merged. */
  readonly order: 'event_time' | 'arrival';
  /** Time column of each input port, for the merge by event time; null where it has none. */
  readonly time: Readonly<Record<string, string | null>>;
  /** Columns it groups by; null: any. */
  readonly groups: readonly string[] | null;
  /** Hash of operator, semantics, parameters and input schemas: state survives an edit of the file while it stays the same. */
  readonly signature: string;
  /** Name it had before (`was:`), under which its state is found. */
  readonly was?: string;
  /** Text files its operator asked for, by path as written; values are absolute paths. */
  readonly files: Readonly<Record<string, string>>;
  /** The same for files that are no text. */
  readonly binaries?: Readonly<Record<string, string>>;
  /** Paths of `files` whose text as it is now counts, also for state that was made under another. */
  readonly currentFiles?: readonly string[];
}

export interface PlanOutput {
  /** Name of the sink in the file, or of the exchange, feed or dead letters. */
  readonly name: string;
  readonly kind: 'topic' | 'exchange' | 'feed' | 'rejected';
  /** Of an exchange: each task writes to the partition of its number, and to no other. */
  readonly aligned?: boolean;
  /** The ports that write to it; several for a sink that unites them and for the dead letters. */
  readonly from: readonly PortRef[];
  readonly topic: string;
  readonly partitions: number;
  readonly format: { readonly name: string; readonly params: unknown };
  readonly schema: Schema;
  /** Rows go to partition murmur2(key) % partitions; `[]`: to partition task % partitions. */
  readonly key: readonly string[];
  /** Time column, whose watermark an exchange carries. */
  readonly time: string | null;
}

export interface PlanSink {
  readonly name: string;
  readonly connector: string;
  readonly params: unknown;
  readonly connection: Connection | null;
  /** The ports whose rows it writes. */
  readonly from: readonly PortRef[];
  /** The topic it consumes: a feed, the user's own topic for that port, or the dead letters. */
  readonly topic: string;
  readonly partitions: number;
  readonly format: { readonly name: string; readonly params: unknown };
  readonly schema: Schema;
  /** Consumer group that holds its acknowledged positions. */
  readonly group: string;
  /** Output for the rows that its system refuses; absent where it refuses none alone, or where the sink reads the dead letters itself. */
  readonly rejected?: PlanOutput;
}
