import type { Connection, Connector, StartAt } from '../contract/connector.ts';
import type { Format } from '../contract/format.ts';
import type { Operator } from '../contract/operator.ts';
import type { PortRef } from '../contract/plan.ts';
import type { Settings } from '../document/pipeline.ts';
import type { Span, Value } from '../document/value.ts';

/** A port of a node, and where the file names it. */
export interface Reference extends PortRef {
  readonly span: Span;
}

/** A format with its options. */
export interface FormatUse {
  readonly format: Format;
  readonly params: unknown;
  readonly span: Span;
}

/** A name and where it stands. */
export interface Word {
  readonly text: string;
  readonly span: Span;
}

/** A connector with its parameters. */
export interface ConnectorUse {
  readonly connector: Connector;
  readonly params: unknown;
  readonly value: Value;
  readonly connection: Connection | null;
}

export interface ResolvedSource {
  readonly kind: 'source';
  readonly name: string;
  readonly span: Span;
  readonly from: { readonly topic: Word } | ConnectorUse;
  readonly format: FormatUse | null;
  readonly schema: Value | null;
  readonly time: { readonly column: string; readonly latenessNs: bigint; readonly idleNs: bigint | null; readonly span: Span } | null;
  readonly key: readonly Word[] | null;
  readonly start: StartAt;
  readonly broadcast: boolean;
  /** False: `watermark: none`. */
  readonly watermark: boolean;
}

export interface ResolvedInput {
  readonly port: string;
  readonly edges: readonly Reference[];
}

export interface ResolvedOperator {
  readonly kind: 'operator';
  readonly name: string;
  readonly span: Span;
  readonly operator: Operator;
  readonly useSpan: Span;
  readonly params: unknown;
  /** `with:`, for the places of faults; null where it is not given. */
  readonly given: Value | null;
  readonly inputs: readonly ResolvedInput[];
  readonly order: 'event_time' | 'arrival';
  readonly was: string | null;
  /** Files its parameters name: path as written, absolute path. */
  readonly files: Readonly<Record<string, string>>;
  /** The same for files that are no text. */
  readonly binaries: Readonly<Record<string, string>>;
  /** Paths of `files` whose text as it is now counts, whatever it was. */
  readonly currentFiles: readonly string[];
}

export interface ResolvedSink {
  readonly kind: 'sink';
  readonly name: string;
  readonly span: Span;
  /** One, or several of equal columns. */
  readonly from: readonly Reference[];
  readonly to: { readonly topic: Word } | ConnectorUse;
  /** Null for connectors. */
  readonly format: FormatUse | null;
  readonly key: readonly Word[] | null;
  readonly partitions: number | null;
}

/** A pipeline whose names are looked up: nodes in topological order, every edge leads to a port that exists. */
export interface Resolved {
  readonly name: string;
  readonly settings: Settings;
  readonly deadLetters: Word | null;
  readonly sources: readonly ResolvedSource[];
  readonly operators: readonly ResolvedOperator[];
  readonly sinks: readonly ResolvedSink[];
  readonly skipped: readonly { readonly sink: string; readonly reason: string }[];
  /** Names of nodes with a fault; what depends on them is not looked at. */
  readonly broken: ReadonlySet<string>;
  /** Topics of sinks with a fault. */
  readonly unwritten: readonly string[];
  /** Operators and how they were called before. */
  readonly was: Readonly<Record<string, string>>;
}
