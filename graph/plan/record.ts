import { REJECTED_PORT } from '../contract/operator.ts';
import type { PortRef } from '../contract/plan.ts';
import type { ResolvedOperator } from '../resolve/resolved.ts';
import { type Draft, portKey } from './draft.ts';
import type { Edge } from './exchange.ts';
import { throughOwnTopic } from './own-topic.ts';
import { showRef } from './words.ts';

/** The operator that a node of this pipeline uses; undefined for sources and exchanges. */
function operatorOf({ node }: PortRef, draft: Draft) {
  return draft.resolved.operators.find(({ name }) => name === node)?.operator;
}

/**
 * Edges that come from an effect, led through a topic that holds its answers: each task writes to a partition of its own and reads that one,
 * so rows stay where they are. A re-run of an epoch asks nothing, and what follows sees what was answered then.
 */
export function recordedEdges(edges: readonly Edge[], draft: Draft): readonly Edge[] {
  return edges.map((edge) => {
    const isAnswer = operatorOf(edge.from, draft)?.determinism === 'effect' && edge.from.port !== REJECTED_PORT;
    return isAnswer ? { ...edge, from: recordOf(edge, draft) } : edge;
  });
}

function recordOf({ from, stream }: Edge, draft: Draft): PortRef {
  const name = `${portKey(from)}->_record`;
  const record = { node: name, port: 'out' };
  if (draft.exchanges.some((output) => output.name === name)) return record;
  return throughOwnTopic({ name, aligned: true, from: [from], key: [], partitions: draft.tasks, read: stream }, draft);
}

/** Says which inputs are rows that are kept for the record alone; true when there are none. */
export function readsNoRecordOnly(node: ResolvedOperator, edges: readonly Edge[], draft: Draft): boolean {
  const wrong = edges.filter((edge) => operatorOf(edge.reference, draft)?.recordOnly?.includes(edge.reference.port));
  for (const { reference } of wrong) {
    const message = `rows of "${showRef(reference)}" are kept for the record, and "${node.name}" would use them`;
    draft.scope.say('port-record-only', reference.span, message, 'Give that port a sink; to use them, make them the live ones.');
  }
  return wrong.length === 0;
}
