import type { PortRef } from '../contract/plan.ts';
import type { Reference, ResolvedInput, ResolvedOperator } from '../resolve/resolved.ts';
import { type Draft, portKey, streamOf } from './draft.ts';
import { throughOwnTopic } from './own-topic.ts';
import { has, meets, type Placement, type Stream } from './stream.ts';

/** More tasks than this make an exchange's T x T streams of watermarks too many. */
const MAX_EXCHANGE_TASKS = 64;

/** An edge of a node, after the exchange where there is one. */
export interface Edge {
  readonly port: string;
  readonly reference: Reference;
  readonly from: PortRef;
  readonly stream: Stream;
}

/** A node's edges such that rows of one group meet in one task, and how its output lies in tasks; null after saying why that cannot be. */
export interface Placed {
  readonly edges: readonly Edge[];
  readonly key: readonly string[];
  readonly placement: Placement;
}

/** Puts exchanges where rows that a node groups would not meet; with one task there are none. */
export function placeEdges(node: ResolvedOperator, edges: readonly Edge[], groups: readonly string[] | null, draft: Draft): Placed | null {
  const live = edges.filter((edge) => edge.stream.placement !== 'everywhere');
  const [first] = live;
  if (!first) return { edges, key: [], placement: edges[0]?.stream.placement ?? 'single' };
  if (!unionsFit(node, edges, draft)) return null;
  const { key, placement } = first.stream;
  const alike = live.every(({ stream }) => stream.placement === placement && sameKey(stream.key, key));
  if (groups === null && !portsMeet(node, edges, draft)) return null;
  if (live.every(({ stream }) => stream.placement === 'single')) return { edges, key: alike ? key : [], placement: 'single' };
  if (groups === null)
    return alike && (placement !== 'scattered' || live.length === 1)
      ? { edges, key, placement }
      : { edges, key: [], placement: 'scattered' };
  const together = alike && (placement !== 'scattered' || sameSource(live));
  if (together && live.every(({ stream }) => meets(stream, groups))) return { edges, key, placement };
  const common = groups.filter((column) => live.every(({ stream }) => has(stream.schema, column)));
  if (groups.length > 0 && common.length === 0) {
    sayNotKeyed(node, live, groups, draft);
    return null;
  }
  if (draft.tasks > MAX_EXCHANGE_TASKS) {
    draft.scope.say(
      'exchange-tasks',
      node.span,
      `rows of "${node.name}" must be brought together by ${groups.join(', ') || 'one task'}, and ${draft.tasks} tasks are more than ${MAX_EXCHANGE_TASKS}`,
    );
    return null;
  }
  const target =
    live.find(
      ({ stream }) => stream.placement === 'hashed' && stream.key.length > 0 && stream.key.every((column) => common.includes(column)),
    )?.stream.key ?? common;
  const gathered: Placement = target.length === 0 ? 'single' : 'hashed';
  const moved = edges.map((edge) => {
    const { stream } = edge;
    if (stream.placement === 'everywhere' || (stream.placement === gathered && sameKey(stream.key, target))) return edge;
    return { ...edge, ...exchange(node, edge, target, draft) };
  });
  return { edges: moved, key: target, placement: gathered };
}

function sameKey(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column, i) => column === b[i]);
}

/** Rows that lie by a source's own rule meet only others of that source. */
function sameSource(edges: readonly Edge[]): boolean {
  return edges.every((edge) => edge.from.node === edges[0]?.from.node);
}

/** A union must not mix rows that every task has with rows that one has. */
function unionsFit(node: ResolvedOperator, edges: readonly Edge[], draft: Draft): boolean {
  const mixed = edges.find(
    (edge) =>
      edge.stream.placement === 'everywhere' && edges.some((other) => other.port === edge.port && other.stream.placement !== 'everywhere'),
  );
  if (mixed)
    draft.scope.say(
      'broadcast-once',
      mixed.reference.span,
      `rows of "${mixed.reference.node}" are in every task, and "${node.name}" would unite them once per task`,
    );
  return mixed === undefined;
}

/** A node that groups by nothing takes rows where they lie: rows of its other ports are for all of them, so every task has to have them. */
function portsMeet(node: ResolvedOperator, edges: readonly Edge[], draft: Draft): boolean {
  const [main] = Object.keys(node.operator.inputs);
  if (edges.every(({ stream }) => stream.placement === 'single')) return true;
  const apart = edges.filter(({ port, stream }) => port !== main && stream.placement !== 'everywhere');
  for (const { port, reference } of apart)
    draft.scope.say(
      'port-not-broadcast',
      reference.span,
      `"${node.name}" needs the rows of its port "${port}" in every task, and "${reference.node}" gives each to one of them`,
      `Give "${reference.node}" "broadcast: true", or set "tasks: 1".`,
    );
  return apart.length === 0;
}

function sayNotKeyed(node: ResolvedOperator, live: readonly Edge[], groups: readonly string[], draft: Draft): void {
  const lacking = live.find(({ stream }) => !groups.some((column) => has(stream.schema, column))) ?? live[0];
  if (!lacking) return;
  const message = `"${node.name}" groups by ${groups.join(', ')}, and "${lacking.reference.node}" on its port "${lacking.port}" has no such column`;
  draft.scope.say('port-not-keyed', lacking.reference.span, message, 'Give the source of that port "broadcast: true", or add the column.');
}

/** The exchange that brings an edge's rows to the task of their key; shared by all that need the same rows by the same key. */
function exchange(
  node: ResolvedOperator,
  { reference, port, stream }: Edge,
  key: readonly string[],
  draft: Draft,
): { from: PortRef; stream: Stream } {
  const made = draft.exchanges.find(
    (output) => !output.aligned && output.from.some((from) => portKey(from) === portKey(reference)) && sameKey(output.key, key),
  );
  const single = Object.keys(node.operator.inputs).length === 1;
  const name = made?.name ?? `${portKey(reference)}->${node.name}${single ? '' : `.${port}`}`;
  const from = { node: name, port: 'out' };
  const moved: Stream = { ...stream, key, placement: key.length === 0 ? 'single' : 'hashed' };
  if (made) return { from, stream: moved };
  const partitions = key.length === 0 ? 1 : draft.tasks;
  throughOwnTopic({ name, from: [{ node: reference.node, port: reference.port }], key, partitions, read: moved }, draft);
  return { from, stream: moved };
}

/** The edges of a node's inputs with their streams; null when one of them is not known. */
export function edgesOf(inputs: readonly ResolvedInput[], draft: Draft): readonly Edge[] | null {
  const edges = inputs.flatMap(({ port, edges: references }) =>
    references.map((reference) => {
      const stream = streamOf(draft, reference);
      return stream && { port, reference, from: { node: reference.node, port: reference.port }, stream };
    }),
  );
  return edges.every((edge) => edge !== undefined) ? edges : null;
}
