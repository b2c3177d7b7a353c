import type { Plan } from '../graph/contract/plan.ts';
import { type StateChange, stateChange } from '../graph/contract/state-change.ts';
import { formerRun } from './former.ts';
import type { Place } from './settings.ts';

/** What running a plan would do to the state that an earlier run left. */
export interface StateOutlook {
  /** Hash of the plan that made it. */
  readonly plan: string;
  /** Tasks it was made with, where that is not what the file says. */
  readonly tasks: number | null;
  readonly changes: readonly StateChange[];
}

/** The outlook for a plan; null where there is no state yet. */
export function stateOf(plan: Plan, place: Place): StateOutlook | null {
  const record = formerRun(plan.pipeline, place);
  if (record === null) return null;
  const changes = record.plan === plan.hash ? [] : stateChange(record.nodes, plan);
  return { plan: record.plan, tasks: record.tasks === plan.tasks ? null : record.tasks, changes };
}

/** The outlook as a section of the plan's text. */
export function stateText(outlook: StateOutlook | null): string {
  if (outlook === null) return '\nstate\n  none yet\n';
  if (outlook.changes.length === 0 && outlook.tasks === null) return '\nstate\n  kept: the plan is the one it was made with\n';
  const width = Math.max(...outlook.changes.map(({ node }) => node.length), 0);
  const lines = outlook.changes.map(({ node, change, reason }) => `  ${node.padEnd(width)}  ${change.padEnd(5)}  ${reason}`);
  const tasks = outlook.tasks === null ? [] : [`  it was made with tasks: ${outlook.tasks}; another number starts from nothing`];
  const loses = outlook.changes.some(({ change }) => change === 'loses');
  const hint =
    loses || tasks.length > 0
      ? ['  where something is lost, `run` stops and says so, unless it is given --lose-state; a node without state loses none']
      : [];
  return `\nstate, made under plan ${outlook.plan.slice(0, 8)}\n${[...lines, ...tasks, ...hint].join('\n')}\n`;
}
