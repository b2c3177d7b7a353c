import type { RecordBatch, Schema } from 'apache-arrow';
import type { z } from 'zod';
import type { Payloads } from './format.ts';
import type { SourceHealth } from './view.ts';

/** What a connector gets to know of the run; addresses are resolved, secrets are in them. */
export interface ConnectorContext {
  readonly pipeline: string;
  readonly node: string;
  /** Folder of the pipeline file: relative paths start here. */
  readonly folder: string;
  /** Folder for local data (`.millrace`). */
  readonly dataDir: string;
  /** The connection this connector uses, or null. */
  readonly connection: Connection | null;
  /** Of a sink: partitions of the topic it reads, each of which may be writing at a time. */
  readonly partitions?: number;
  /** A line for people, on standard error and in `/status`. */
  note(message: string): void;
}

export interface Connection {
  readonly name: string;
  /** A URL, or `embedded`. May hold a password: never print it, print `shown`. */
  readonly url: string;
  readonly shown: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Part of a source's partition: rows already in columns, or payloads for the node's format. */
export interface SourceChunk {
  readonly partition: number;
  /** Positions [from, to). Position p is row p - from of `batch`, or payload p - from of `payloads`. */
  readonly from: number;
  readonly to: number;
  readonly batch?: RecordBatch;
  readonly payloads?: Payloads;
}

/**
 * An open source: the same positions always give the same rows. One that cannot be read again (`replay: never`) gives them again as long as
 * it has not been told that they are `committed`.
 */
export interface SourceReader {
  /** One label a partition (e.g. its file), fixed while open. */
  readonly partitions: readonly string[];
  /** The position that `start:` means now; resolved once and recorded as epoch 0. */
  start(partition: number, start: StartAt): Promise<number>;
  /**
   * Rows from `from` on, at most `maxRows` and about `maxBytes` of payload; null when none is there now. Replay asks for exact ranges
   * [from, from + maxRows) and may have to call again. Never waits longer than it takes to read: pacing returns null.
   */
  read(partition: number, from: number, maxRows: number, maxBytes: number): Promise<SourceChunk | null>;
  /**
   * All before `position` is in the log and is not asked for again by the run. What was read after it may be: a task that fails goes back
   * to where the log stands.
   */
  committed?(partition: number, position: number): void;
  /** Whether `from` is the end of a partition that will not grow. */
  ended(partition: number, from: number): boolean;
  /** How reading a partition goes, for the status endpoint; of a source that asks again by itself where it gets no answer. */
  health?(partition: number): SourceHealth;
  /** Told once after a restart, in place of reads, of a partition that an earlier run has read to its end. */
  finished?(partition: number): Promise<void>;
  close(): Promise<void>;
}

export type StartAt = 'earliest' | 'latest' | { readonly instantNs: bigint };

/** What can be told of a source's data before a run. */
export interface SourcePreview {
  /** The first payload, null where it is not known. */
  readonly opening: Uint8Array | null;
  /** Why it cannot be read in its format, null where nothing is known against it. */
  readonly fault: { readonly message: string; readonly hint: string } | null;
}

export interface SourceDeclaration<P = unknown> {
  readonly params: z.ZodType<P>;
  /** Formats that decode its payloads, the default first; `[]`: it gives batches (`schema` tells which columns). */
  readonly formats: readonly string[];
  /** Columns of a source that gives batches itself, whatever its parameters. */
  schema?(): Schema;
  /** Default of `time:` where the connector knows its time column. */
  readonly time?: string;
  /** Default of `key:`. */
  readonly key?: readonly string[];
  /** Format that the parameters tell where `format:` is not given, e.g. by the ending of a path; null: it has to be given. */
  defaultFormat?(params: P): string | null;
  /** The beginning of what it would read in a format; `start` gives the first bytes (64 KiB at most) of a file, null where there is none. */
  preview?(params: P, format: string, start: (path: string) => Uint8Array | null): SourcePreview;
  /** Files the parameters name; a missing one is a diagnostic. Glob patterns count as one entry. */
  files?(params: P): readonly string[];
  /** What is wrong with texts in its parameters, as far as one parameter does not tell; `text` is where it stands. */
  faults?(params: P): readonly { readonly text: string; readonly message: string; readonly hint: string }[];
  /** Number of partitions where the parameters tell it, so that a source of one needs no exchange; else null. */
  partitions?(params: P): number | null;
  /** Whether it will end by itself, so that the pipeline does. */
  finite(params: P): boolean;
  /**
   * Where its rows can be read again: by any process, as those of a formula; only where it is (the default), as a file's; or never, as
   * what a clock or a person changes. One that cannot be read again is landed in a topic first, and on a log that several processes
   * share, so is one that can be only where it is.
   */
  readonly replay?: 'anywhere' | 'here' | 'never';
  open(params: P, context: ConnectorContext): Promise<SourceReader>;
}

/** Rows of one feed partition, in order, with the identity columns of `LINEAGE_FIELDS` at the end. */
export interface Block {
  readonly src: string;
  /** First and last `_seq` of the range the block stands for (rows in between may be missing). */
  readonly fromSeq: bigint;
  readonly toSeq: bigint;
  readonly batches: readonly RecordBatch[];
  readonly rows: number;
  readonly bytes: number;
}

export type BlockRange = Pick<Block, 'src' | 'fromSeq' | 'toSeq' | 'rows'>;

/** A row that the system refuses for what is in it, while it takes the others of the block. */
export interface RefusedRow {
  /** Position in the block, from 0, over all its batches. */
  readonly row: number;
  /** Machine-readable reason. */
  readonly code: string;
  /** Reason in the system's words. */
  readonly reason: string;
}

/** An open sink. Every method throws `MillraceError`s whose `retry` tells the runner what to do. */
export interface SinkWriter {
  /** Creates or checks its table or file; called until it succeeds, before the first write and after a break. */
  ensure(): Promise<void>;
  /**
   * Resolves when the block is durable, but for the rows that were told to `refuse`: those go to the dead letters, with the
   * acknowledgement. The same block and token may come again; its refused rows are then told again. Without `refuse` they have nowhere
   * to go, and are an error.
   */
  write(block: Block, token: string, refuse?: (row: RefusedRow) => void): Promise<void>;
  /** How much of a block is there; asked before a block is written again after a restart. `keyed`: writing again is harmless. */
  has(range: BlockRange): Promise<'none' | 'all' | 'partial' | 'keyed'>;
  /** Makes way, after `partial`, for the block to be written again: what a broken write left of it does not count. */
  remove(range: BlockRange): Promise<void>;
  /** The input has ended and all is written: close off what must be whole (a file). */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface SinkDeclaration<P = unknown> {
  readonly params: z.ZodType<P>;
  /** A message when rows of this schema cannot be written, else null. */
  accepts(schema: Schema, params: P): string | null;
  /** What two sinks may not share, e.g. the path of a file; null: sharing is fine. */
  target(params: P): string | null;
  /** Files it writes; the compiler checks that they lie under an allowed folder. */
  files?(params: P): readonly string[];
  /**
   * The system may refuse single rows: `by_value` of what it cannot hold, for which the plan has dead letters also where no node rejects;
   * `by_constraint` where somebody gave the table one: those go to the dead letters if there are any, else they stop the sink.
   */
  readonly refusesRows?: 'by_value' | 'by_constraint';
  /** The command that makes it of history, where no stream can: a run leaves it out. */
  readonly madeBy?: string;
  /** Rows, bytes and ms that a block is gathered for, at most. */
  readonly block: { readonly rows: number; readonly bytes: number; readonly ms: number };
  /** For `plan`: what it writes to, e.g. `table bars`. */
  describe(params: P): string;
  open(params: P, schema: Schema, context: ConnectorContext): Promise<SinkWriter>;
}

/** An outside system. */
export interface Connector {
  readonly name: string;
  readonly summary: string;
  /** Name under `connections:` that holds its address, if it has one. */
  readonly connection: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a registry holds declarations of many parameter types
  readonly source?: SourceDeclaration<any>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly sink?: SinkDeclaration<any>;
}
