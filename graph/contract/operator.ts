import type { DataType, RecordBatch, Schema } from 'apache-arrow';
import type { z } from 'zod';
import type { Kernel } from './kernel.ts';

/** Name of the port that `from: node` means. */
export const MAIN_PORT = 'out';
/** Name of the port of refused rows; unconnected, it ends in the dead letters. */
export const REJECTED_PORT = 'rejected';
/** Name of the only input port of a single-input operator. */
export const INPUT_PORT = 'in';

export interface InputPort {
  readonly description: string;
  readonly optional?: boolean;
}

export interface OutputPort {
  readonly description: string;
}

/** Where in a node's declaration a fault lies: a path into `with`, and for expressions the character range inside that string. */
export interface ParamPlace {
  readonly path: readonly (string | number)[];
  readonly from?: number;
  readonly to?: number;
}

/** A file that parameters name. */
export interface ParamFile {
  /** As the parameters write it. */
  readonly path: string;
  readonly place: ParamPlace;
  /** No text: it reaches `schema` and `effect`, and no kernel. */
  readonly binary?: boolean;
  /** What it says now counts, also for state that was made under another text: it belongs to a binary file, of which no former one is kept. */
  readonly current?: boolean;
  /** What to do where it is missing, in place of the general hint. */
  readonly hint?: string;
}

/** What is wrong inside a file that parameters name. */
export interface FileFault {
  /** The file, as the parameters write it. */
  readonly path: string;
  /** Characters [from, to) of its text. */
  readonly from: number;
  readonly to: number;
  /** Lower case, no final stop, quotes the user's words. */
  readonly message: string;
  readonly hint?: string;
}

/** What a schema function asks of its inputs. Every fault is recorded with a position; none is thrown. */
export interface SchemaRequest<P> {
  readonly params: P;
  /** Schemas by input port; an optional port that is not connected is absent. */
  readonly inputs: Readonly<Record<string, Schema>>;
  /**
   * The type of a column that the operator needs, or null after recording `column-unknown` or `column-type`.
   * `type` accepts a column; `wanted` names what is accepted, in the user's words (`Float64`, `a number`).
   */
  column(name: string, accepts: ColumnTest, place?: ParamPlace, port?: string): DataType | null;
  /** Bytes of a file that `files` named; null where none is at hand (that one is missing has been said). */
  file(path: string): Uint8Array | null;
  /** Records any other fault of the parameters, e.g. `expression-syntax`. */
  fault(code: string, message: string, place?: ParamPlace, hint?: string): void;
}

export interface ColumnTest {
  readonly wanted: string;
  accepts(type: DataType): boolean;
}

/**
 * The declaration of an operator: everything the compiler, the docs, the editor and the runtime know of it.
 * `P` is the parameters as the kernel sees them, after defaults.
 */
export interface Operator<P = unknown> {
  readonly name: string;
  /** One sentence, for `millrace operators` and hover texts. */
  readonly summary: string;
  /** Paper, book or exchange manual that defines what it computes. */
  readonly source?: string;
  /** Raised whenever equal input gives other output than before: part of the plan's hash. */
  readonly semantics: number;
  /** `exact`: bit-equal wherever it runs. `effect`: not, so it is stateless and its output is recorded. */
  readonly determinism: 'exact' | 'effect';
  /** A strict zod object; every field described, units named, defaults given. */
  readonly params: z.ZodType<P>;
  readonly inputs: Readonly<Record<string, InputPort>>;
  /** Main port `out` first. `rejected` and `late` are ports like any other. */
  readonly outputs: Readonly<Record<string, OutputPort>>;
  /** Columns whose equal values must meet in one kernel, of those the input has; null when any row can go anywhere. */
  groups(params: P, inputs: Readonly<Record<string, Schema>>): readonly string[] | null;
  /** Schemas of output ports that are the same whatever comes in: such a port's rows can be fed back through a topic as they are. */
  readonly fixed?: Readonly<Record<string, Schema>>;
  /** Schemas of the output ports; null when a recorded fault makes them unknown. */
  schema(request: SchemaRequest<P>): Readonly<Record<string, Schema>> | null;
  /** Files that the parameters name (relative to the pipeline file), for the compiler to check and the runtime to load. */
  files?(params: P): readonly ParamFile[];
  /** Every fault in the texts of those files, by path as written; without it they are read when the kernel is made. */
  inspect?(params: P, files: ReadonlyMap<string, string>): readonly FileFault[];
  create(context: KernelContext<P>): Kernel;
  /** Of an effect operator: opens what answers. Its kernel passes rows on with nulls where the answers go. */
  effect?(context: EffectContext<P>): Promise<Effect>;
  /** Output ports whose rows are for the record alone: only sinks may read them. */
  readonly recordOnly?: readonly string[];
  /** Output ports whose rows are known later than their event time: it is the look back that is told there. */
  readonly hindsight?: readonly string[];
  /** The small, obviously right kernel that the laws hold `create` against, where that one is native. */
  reference?(context: KernelContext<P>): Kernel;
}

export interface KernelContext<P> {
  readonly params: P;
  readonly inputs: Readonly<Record<string, Schema>>;
  readonly outputs: Readonly<Record<string, Schema>>;
  /** Contents of the files that `files` named, by the path in the parameters. */
  readonly files: ReadonlyMap<string, string>;
  /** Output ports that anything reads; absent: all. What is emitted on others goes nowhere, so that it need not be made. */
  readonly read?: ReadonlySet<string>;
}

/**
 * What an effect operator asks outside of its kernel: a model, a network. It sees the rows of a port as the kernel passed them and gives
 * them back in the same order and schema with the answers filled in. It keeps nothing from one call to the next. What it gave is recorded
 * in a topic, and all that follows reads the record, so that nothing is ever asked twice.
 */
export interface Effect {
  /** Rejects with a `MillraceError`: the task then starts again from its last commit, or parks. */
  apply(port: string, batch: RecordBatch): Promise<RecordBatch>;
  close(): Promise<void>;
}

export interface EffectContext<P> {
  readonly params: P;
  readonly inputs: Readonly<Record<string, Schema>>;
  readonly outputs: Readonly<Record<string, Schema>>;
  /** Bytes of the files that `files` named as binary, by the path in the parameters. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Texts of the others, as the kernel has them. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Keeps the type of the parameters and widens to `Operator`, so that a registry can hold them all. */
export function defineOperator<P>(operator: Operator<P>): Operator<P> {
  return operator;
}
