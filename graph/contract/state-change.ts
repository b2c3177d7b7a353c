import type { Plan } from './plan.ts';

/** A node that state was kept for, as the plan of that time had it. */
export interface OldNode {
  readonly name: string;
  readonly signature: string;
}

/** What an edit does to the state of one node. */
export interface StateChange {
  readonly node: string;
  readonly change: 'keeps' | 'new' | 'loses';
  /** Name it had before, where that was another. */
  readonly was: string | null;
  /** In words, for people. */
  readonly reason: string;
}

/** What running a plan does to the state that is there, in the order of the plan; nodes that are gone come last. */
export function stateChange(oldNodes: readonly OldNode[], plan: Plan): readonly StateChange[] {
  const old = new Map(oldNodes.map((node) => [node.name, node]));
  const claimed = new Set<string>();
  const changes = plan.nodes.map(({ name, signature, was }): StateChange => {
    const from = old.has(name) ? name : was;
    const before = from === undefined ? undefined : old.get(from);
    if (from === undefined || !before) return { node: name, change: 'new', was: null, reason: 'it had no state' };
    claimed.add(from);
    const renamed = from === name ? null : from;
    if (before.signature === signature)
      return { node: name, change: 'keeps', was: renamed, reason: renamed ? `it was called "${renamed}"` : 'it is the same' };
    return { node: name, change: 'loses', was: renamed, reason: 'its operator, parameters or input columns are others' };
  });
  const gone = oldNodes.filter(({ name }) => !claimed.has(name));
  return [
    ...changes,
    ...gone.map(({ name }): StateChange => ({ node: name, change: 'loses', was: null, reason: 'it is not in the file any more' })),
  ];
}
