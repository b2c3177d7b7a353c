import type { OldNode } from './state-change.ts';

/** What is remembered of the plan that state was made under: in the log, and as a copy in the folder for local data. */
export interface PlanRecord {
  readonly v: 1;
  /** Hash of the plan. */
  readonly plan: string;
  readonly inc: string;
  readonly tasks: number;
  readonly nodes: readonly OldNode[];
  /** Partitions of the topics that are read, by source: rows of a key stay in their task only while they are as many. */
  readonly partitions?: Readonly<Record<string, number>>;
  /** Ids of the topics that are read, by name, where the log has such: positions hold in no other topic of the same name. */
  readonly topics?: Readonly<Record<string, string>>;
  /** Texts of the files that operators name, by path as written, deflated, in base64: what the tasks run with, and are replayed with. */
  readonly files?: Readonly<Record<string, string>>;
  /** The plan that an edit made this one of, and which node keeps the state of which: snapshots of then may still be the last ones. */
  readonly before?: { readonly plan: string; readonly kept: readonly (readonly [node: string, was: string])[] };
}

/** Where the copy of a pipeline's record lies, below the folder for local data. */
export const planRecordPath = (pipeline: string): string => `plans/${pipeline}.json`;
