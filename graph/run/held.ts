import { MIN_NS } from '../contract/frame.ts';
import type { Plan } from '../contract/plan.ts';
import type { HeldView } from '../contract/view.ts';
import type { NodeState } from '../wire/lift.ts';

/** Rows that a node with several inputs holds until all of them have come as far; null where it holds none. `states`: those of its tasks. */
export function heldBy(plan: Plan, node: string, states: readonly NodeState[]): HeldView | null {
  const edges = plan.nodes.find(({ name }) => name === node)?.inputs.flatMap((input) => input.edges) ?? [];
  let rows = 0;
  let last: { readonly edge: number; readonly ns: bigint; readonly ahead: bigint } | null = null;
  for (const state of states) {
    const held = state.held();
    if (held.length === 0) continue;
    for (const { frame } of held) rows += frame.batch.numRows;
    const marks = state.watermarks().edges;
    const edge = marks.reduce((least, ns, i) => (ns < (marks[least] as bigint) ? i : least), 0);
    const ahead = held.reduce((most, one) => ((marks[one.edge] ?? MIN_NS) > most ? (marks[one.edge] ?? MIN_NS) : most), MIN_NS);
    const ns = marks[edge] ?? MIN_NS;
    if (last === null || ns < last.ns) last = { edge, ns, ahead };
  }
  if (last === null) return null;
  const behindSeconds = last.ns === MIN_NS ? null : Number(last.ahead - last.ns) / 1e9;
  return { rows, waitsFor: edges[last.edge]?.node ?? '', behindSeconds };
}
