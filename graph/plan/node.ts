import type { Schema } from 'apache-arrow';
import { REJECTED_SCHEMA } from '../contract/columns.ts';
import { REJECTED_PORT } from '../contract/operator.ts';
import type { PlanNode } from '../contract/plan.ts';
import type { ResolvedOperator } from '../resolve/resolved.ts';
import { hashOf, schemaFacts } from './canonical.ts';
import { type Draft, portKey } from './draft.ts';
import { type Edge, edgesOf, placeEdges } from './exchange.ts';
import { readsNoRecordOnly, recordedEdges } from './record.ts';
import { schemaRequest } from './request.ts';
import { REJECTED } from './source.ts';
import { hasTime, passes, type Stream, unequal, united } from './stream.ts';
import { showRef } from './words.ts';

/** Adds an operator to the plan, or marks it as broken: silently when an input is, else after saying why. */
export function planNode(node: ResolvedOperator, draft: Draft): void {
  if (!planned(node, draft)) draft.broken.add(node.name);
}

/** Says what is wrong with the parameters of a node whose input columns are not known. */
export function checkWithoutColumns(node: ResolvedOperator, { scope }: Draft): void {
  node.operator.schema(schemaRequest(node, {}, scope).request);
}

function planned(node: ResolvedOperator, draft: Draft): boolean {
  const { say } = draft.scope;
  const edges = edgesOf(node.inputs, draft);
  if (!edges || !readsNoRecordOnly(node, edges, draft) || !unionsEqual(node, edges, draft) || !timesFit(node, edges, draft)) return false;
  const inputs: Record<string, Schema> = {};
  for (const { port } of edges) inputs[port] ??= united(edges.filter((edge) => edge.port === port).map(({ stream }) => stream.schema));
  const { request, faults } = schemaRequest(node, inputs, draft.scope);
  const made = node.operator.schema(request);
  if (!made || faults() > 0) {
    if (faults() === 0) say('operator-refused', node.useSpan, `operator "${node.operator.name}" does not take these inputs`);
    return false;
  }
  const outputs: Record<string, Schema> =
    REJECTED_PORT in node.operator.outputs ? { ...made, [REJECTED_PORT]: REJECTED_SCHEMA } : { ...made };
  if (!columnsDiffer(node, outputs, draft)) return false;
  const groups = node.operator.groups(node.params, inputs);
  const placed = placeEdges(node, edges, groups, draft);
  if (!placed) return false;
  draft.nodes.push(planNodeOf(node, recordedEdges(placed.edges, draft), inputs, outputs, groups));
  for (const [port, schema] of Object.entries(outputs)) {
    const stream =
      port === REJECTED_PORT
        ? { ...REJECTED, placement: placed.placement === 'hashed' ? ('scattered' as const) : placed.placement }
        : streamOut(placed.edges, placed, schema);
    draft.streams.set(portKey({ node: node.name, port }), stream);
  }
  return true;
}

function planNodeOf(
  node: ResolvedOperator,
  edges: readonly Edge[],
  inputs: Readonly<Record<string, Schema>>,
  outputs: Readonly<Record<string, Schema>>,
  groups: readonly string[] | null,
): PlanNode {
  const { operator } = node;
  return {
    name: node.name,
    operator: operator.name,
    params: node.params,
    inputs: Object.entries(inputs).map(([port, schema]) => ({
      port,
      edges: edges.filter((edge) => edge.port === port).map(({ from }) => from),
      schema,
    })),
    outputs,
    order: node.order,
    time: Object.fromEntries(Object.keys(inputs).map((port) => [port, edges.find((edge) => edge.port === port)?.stream.time ?? null])),
    groups,
    signature: hashOf([
      operator.name,
      operator.semantics,
      node.params,
      Object.entries(inputs).map(([port, schema]) => [port, schemaFacts(schema)]),
    ]),
    files: node.files,
    ...(Object.keys(node.binaries).length === 0 ? {} : { binaries: node.binaries }),
    ...(node.currentFiles.length === 0 ? {} : { currentFiles: node.currentFiles }),
    ...(node.was === null ? {} : { was: node.was }),
  };
}

/** Rows of an output port: `ts_event` is their time where there is one, else their inputs' time column while it lives. */
function streamOut(edges: readonly Edge[], { key, placement }: Pick<Stream, 'key' | 'placement'>, schema: Schema): Stream {
  const times = new Set(edges.map((edge) => edge.stream.time));
  const [only] = times;
  const time = hasTime(schema, 'ts_event')
    ? 'ts_event'
    : times.size === 1 && only !== undefined && only !== null && hasTime(schema, only)
      ? only
      : null;
  const kept = key.every((column) => edges.every((edge) => passes(edge.stream.schema, schema, column)));
  return { schema, time, key: kept ? key : [], placement: kept || placement !== 'hashed' ? placement : 'scattered' };
}

function unionsEqual(node: ResolvedOperator, edges: readonly Edge[], draft: Draft): boolean {
  let equal = true;
  for (const { port } of node.inputs) {
    const [first, ...others] = edges.filter((edge) => edge.port === port);
    for (const other of others) {
      const reason =
        unequal(first?.stream.schema ?? other.stream.schema, other.stream.schema, portName(first), portName(other)) ??
        (first?.stream.time === other.stream.time
          ? null
          : `their time columns are ${first?.stream.time ?? 'none'} and ${other.stream.time ?? 'none'}`);
      if (reason === null) continue;
      equal = false;
      const message = `"${node.name}" unites "${portName(first)}" and "${portName(other)}", whose columns differ: ${reason}`;
      draft.scope.say('union-unequal', other.reference.span, message, 'Bring them to the same columns with "select" first.');
    }
  }
  return equal;
}

function portName(edge: Edge | undefined): string {
  return edge === undefined ? '' : showRef(edge.reference);
}

function timesFit(node: ResolvedOperator, edges: readonly Edge[], draft: Draft): boolean {
  if (edges.length < 2 || node.order === 'arrival') return true;
  const without = edges.filter((edge) => edge.stream.time === null);
  for (const edge of without) {
    const message = `"${node.name}" merges its inputs by event time, and "${portName(edge)}" has no time column`;
    draft.scope.say(
      'time-missing',
      edge.reference.span,
      message,
      'Give its source "time:", keep "ts_event" on the way, or use "order: arrival".',
    );
  }
  return without.length === 0;
}

function columnsDiffer(node: ResolvedOperator, outputs: Readonly<Record<string, Schema>>, draft: Draft): boolean {
  for (const [port, schema] of Object.entries(outputs)) {
    const names = schema.fields.map((field) => field.name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice === undefined) continue;
    draft.scope.say(
      'column-duplicate',
      node.useSpan,
      `operator "${node.operator.name}" would give port "${port}" of "${node.name}" two columns "${twice}"`,
    );
    return false;
  }
  return true;
}
