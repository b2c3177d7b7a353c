import { columnIndex } from '../graph/contract/batch.ts';
import { INPUT_PORT } from '../graph/contract/operator.ts';
import type { Plan, PlanNode, PlanSink, PortRef } from '../graph/contract/plan.ts';
import { keysOf } from '../operators/label/layout.ts';
import type { LabelParams } from '../operators/label/operator.ts';

/** The columns by which the `label` behind a sink tells keys apart: those that the sink's rows have, and those that they lack. */
export function keyColumns(plan: Plan, { from, schema }: PlanSink): { readonly by: readonly string[]; readonly lost: readonly string[] } {
  const label = labelBehind(plan, from);
  const input = label?.inputs.find(({ port }) => port === INPUT_PORT)?.schema;
  const keys = label && input ? keysOf(label.params as LabelParams, input) : keysOf({} as LabelParams, schema);
  const has = (name: string): boolean => columnIndex(schema, name) >= 0;
  return { by: keys.filter(has), lost: keys.filter((name) => !has(name)) };
}

/** The nearest node `label` that rows of these ports come from; null where there is none. */
function labelBehind(plan: Plan, ports: readonly PortRef[]): PlanNode | null {
  const seen = new Set<string>();
  const waiting = ports.map(({ node }) => node);
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const node = plan.nodes.find((one) => one.name === name);
    if (node?.operator === 'label') return node;
    const record = plan.outputs.find((output) => output.name === name);
    for (const edge of [...(node?.inputs.flatMap(({ edges }) => edges) ?? []), ...(record?.from ?? [])]) waiting.push(edge.node);
  }
  return null;
}
