import { type Observable, Subject } from 'rxjs';
import { MillraceError } from '../contract/error.ts';
import type { Frame } from '../contract/frame.ts';
import type { Operator } from '../contract/operator.ts';
import type { Plan, PlanNode, PortRef } from '../contract/plan.ts';
import { type LiftEdge, lift, type NodeState } from './lift.ts';
import { NO_PROBE, type Probe } from './probe.ts';

export interface WireOptions {
  // biome-ignore lint/suspicious/noExplicitAny: a registry holds declarations of many parameter types
  readonly operators: ReadonlyMap<string, Operator<any>>;
  /** Contents of the files that operators asked for, by absolute path. */
  readonly files: ReadonlyMap<string, string>;
  probe?(node: string): Probe;
  /** Ports that are read besides those that nodes read: of outputs and sinks. Absent: any may be. */
  readonly read?: readonly PortRef[];
  /** A kernel threw: the task cannot go on. */
  failed(error: unknown): void;
}

/** The nodes of a plan, wired for one task. Nothing flows until something is pushed into a source. */
export interface Wired {
  /** Entry of a source's port (`trades`, `out`). */
  source(node: string, port: string): Subject<Frame>;
  /** Frames that leave on a port. Subscribe before anything is pushed. */
  port(node: string, port: string): Observable<Frame>;
  /** State by node name. */
  readonly states: ReadonlyMap<string, NodeState>;
}

/** Wires the operators of a plan, once: an edge is a subject, a node its lifted kernel. */
export function wire(plan: Pick<Plan, 'pipeline' | 'inputs' | 'nodes'>, options: WireOptions): Wired {
  const subjects = new Map<string, Subject<Frame>>();
  const states = new Map<string, NodeState>();
  const subject = (node: string, port: string): Subject<Frame> => {
    const key = `${node}.${port}`;
    let found = subjects.get(key);
    if (!found) {
      found = new Subject<Frame>();
      subjects.set(key, found);
    }
    return found;
  };

  for (const node of plan.nodes) {
    const operator = options.operators.get(node.operator);
    if (!operator)
      throw new MillraceError(`there is no operator "${node.operator}"`, { code: 'operator-unknown', domain: 'internal', node: node.name });
    const ports = Object.keys(node.outputs).map((port) => [port, subject(node.name, port)] as const);
    const byPort = new Map(ports);
    lift(
      {
        pipeline: plan.pipeline,
        node: node.name,
        order: node.order,
        outputs: node.outputs,
        probe: options.probe?.(node.name) ?? NO_PROBE,
        create: () =>
          operator.create({
            ...kernelContext(node, options.files),
            ...(options.read ? { read: readPorts(node.name, plan.nodes, options.read) } : {}),
          }),
        started: (state) => states.set(node.name, state),
      },
      edgesOf(node, subject),
    ).subscribe({
      next: ({ port, frame }) => {
        if (port === null) for (const [, out] of ports) out.next(frame);
        else byPort.get(port)?.next(frame);
      },
      error: (error) => options.failed(error),
    });
  }
  return { source: subject, port: subject, states };
}

function edgesOf(node: PlanNode, subject: (node: string, port: string) => Subject<Frame>): LiftEdge[] {
  return node.inputs.flatMap((input) =>
    input.edges.map((edge) => ({
      port: input.port,
      schema: input.schema,
      time: node.time[input.port] ?? null,
      frames: subject(edge.node, edge.port),
    })),
  );
}

function readPorts(node: string, nodes: readonly PlanNode[], others: readonly PortRef[]): ReadonlySet<string> {
  const edges = nodes.flatMap(({ inputs }) => inputs.flatMap((input) => input.edges));
  return new Set([...edges, ...others].filter((from) => from.node === node).map(({ port }) => port));
}

/** What a node's kernel is made from. */
export function kernelContext(node: PlanNode, files: ReadonlyMap<string, string>) {
  return {
    params: node.params,
    inputs: Object.fromEntries(node.inputs.map((input) => [input.port, input.schema])),
    outputs: node.outputs,
    files: new Map(Object.entries(node.files).map(([path, absolute]) => [path, files.get(absolute) ?? ''])),
  };
}
