import type { OldNode } from './state-change.ts';

/** What is remembered of the plan that state was made under: in the log, and as a copy in the folder for local data. */
export interface PlanRecord {
  readonly v: 1;
  /** Hash of the plan. */
  readonly plan: string;
  readonly inc: string;
  readonly tasks: number;
  readonly nodes: readonly OldNode[];
}

/** Where the copy of a pipeline's record lies, below the folder for local data. */
export const planRecordPath = (pipeline: string): string => `plans/${pipeline}.json`;
