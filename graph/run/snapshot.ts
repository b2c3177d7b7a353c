import { RecordBatchReader, RecordBatchStreamWriter } from 'apache-arrow';
import { MillraceError } from '../contract/error.ts';
import { type BatchFrame, MIN_NS, type RowOrigin } from '../contract/frame.ts';
import { SNAPSHOT_CHUNK_BYTES } from '../contract/kernel.ts';
import type { Plan } from '../contract/plan.ts';
import type { HeldFrame } from '../wire/merge.ts';
import type { PartitionTimeState } from './partition-time.ts';
import type { Task } from './task.ts';

/** The name under which a node's state lies in a snapshot taken under a plan (its hash); null where the node starts from nothing. */
export type StateOf = (node: string, plan: string) => string | null;

/** Key of the task's own part of a snapshot; node names cannot start with it. */
const TASK = '$task';

/** A frame that waits in a merge: its edge, its floor, and where each row came from (source, partition, offset, row). */
type HeldState = readonly [number, string, readonly (readonly [string, number, number, number] | null)[]];

/** Raised when the layout of `TaskState` changes. */
const LAYOUT = 1;

interface TaskState {
  readonly v: number;
  /** Hash of the plan it was taken under. */
  readonly plan: string;
  readonly epoch: number;
  readonly clockNs: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly partition: number;
    readonly position: number;
    readonly ingest: PartitionTimeState;
    readonly exchange: readonly (readonly [string, boolean])[] | null;
  }[];
  readonly watermarks: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly out: string;
        readonly edges: readonly string[];
        /** What the edges come from, as `edgeNames` says. */
        readonly from: readonly string[];
        readonly held: readonly HeldState[];
      }
    >
  >;
}

/** Everything a task would need to go on: kernels, held rows, positions, event time. */
export function snapshotTask(
  plan: Plan,
  task: Task,
  watermarks: readonly bigint[],
  outputs: readonly bigint[],
): ReadonlyMap<string, readonly Uint8Array[]> {
  const chunks = new Map<string, readonly Uint8Array[]>();
  const nodes: Record<string, { out: string; edges: string[]; from: string[]; held: HeldState[] }> = {};
  for (const [name, state] of task.states) {
    chunks.set(name, state.kernel.snapshot());
    const marks = state.watermarks();
    const held = state.held();
    nodes[name] = {
      out: String(marks.out),
      edges: marks.edges.map(String),
      from: edgeNames(plan, name, (node) => node),
      held: held.map((h) => [h.edge, String(h.frame.floorNs), originsOf(h.frame)] as const),
    };
    held.forEach((h, i) => {
      chunks.set(`${name}$held${i}`, cut(RecordBatchStreamWriter.writeAll([h.frame.batch]).toUint8Array(true)));
    });
  }
  const state: TaskState = {
    v: LAYOUT,
    plan: plan.hash,
    epoch: task.epoch,
    clockNs: String(task.clockNs),
    inputs: task.inputs.map((i) => ({
      name: i.input.plan.name,
      partition: i.partition,
      position: i.position,
      ingest: i.ingest.snapshot(),
      exchange: i.exchange?.snapshot() ?? null,
    })),
    watermarks: Object.fromEntries(plan.inputs.map((input, i) => [input.name, String(watermarks[i])])),
    outputs: Object.fromEntries(plan.outputs.map((output, i) => [output.name, String(outputs[i])])),
    nodes,
  };
  chunks.set(TASK, cut(Buffer.from(JSON.stringify(state), 'utf8')));
  return chunks;
}

/** Into a fresh task. A node for which `stateOf` gives no name, or that the snapshot does not know, starts from nothing. */
export function restoreTask(
  plan: Plan,
  task: Task,
  chunks: ReadonlyMap<string, readonly Uint8Array[]>,
  stateOf: StateOf,
  watermarks: bigint[],
  outputs: bigint[],
): void {
  const own = chunks.get(TASK);
  if (!own) throw new MillraceError('the snapshot lacks the task itself', { code: 'state-damaged', domain: 'external' });
  const state = JSON.parse(Buffer.concat(own).toString('utf8')) as TaskState;
  if (state.v !== LAYOUT) {
    throw new MillraceError(`the snapshot was written by another version of Millrace (layout ${state.v}, not ${LAYOUT})`, {
      code: 'state-version',
      domain: 'user',
      remedy: 'go on with that version, or start from nothing with --lose-state',
    });
  }
  task.epoch = state.epoch;
  task.clockNs = BigInt(state.clockNs);
  for (const saved of state.inputs) {
    const input = task.inputs.find((i) => i.input.plan.name === saved.name && i.partition === saved.partition);
    if (!input) continue;
    input.position = saved.position;
    input.known = true;
    input.ingest.restore(saved.ingest);
    if (saved.exchange) input.exchange?.restore(saved.exchange);
  }
  plan.inputs.forEach((input, i) => {
    watermarks[i] = BigInt(state.watermarks[input.name] ?? watermarks[i] ?? 0n);
  });
  plan.outputs.forEach((output, i) => {
    outputs[i] = BigInt(state.outputs[output.name] ?? outputs[i] ?? 0n);
  });
  for (const [name, node] of task.states) {
    const before = stateOf(name, state.plan);
    const saved = before === null ? undefined : state.nodes[before];
    if (!saved) continue;
    node.kernel.restore(chunks.get(before ?? name) ?? []);
    const names = edgeNames(plan, name, (upstream) => stateOf(upstream, state.plan) ?? upstream);
    const edgeNow = saved.from.map((edge) => placeOf(edge, names));
    node.setWatermarks(
      BigInt(saved.out),
      names.map((edge) => BigInt(saved.edges[saved.from.indexOf(edge)] ?? MIN_NS)),
    );
    const held = saved.held.map((each, i) => heldFrame(each, chunks.get(`${before}$held${i}`) ?? []));
    node.hold(held.map(({ edge, frame }) => ({ edge: edgeNow[edge] ?? 0, frame })));
  }
}

/** The edges into a node, in order, as `port<node.port`; `called` gives the name an upstream node goes by. */
function edgeNames(plan: Plan, name: string, called: (node: string) => string): string[] {
  const inputs = plan.nodes.find((node) => node.name === name)?.inputs ?? [];
  return inputs.flatMap(({ port, edges }) => edges.map((edge) => `${port}<${called(edge.node)}.${edge.port}`));
}

/** Where rows that wait on an edge go on: on that edge, or where it is gone on another into the same port. */
function placeOf(edge: string, names: readonly string[]): number {
  const same = names.indexOf(edge);
  const port = edge.slice(0, edge.indexOf('<') + 1);
  return Math.max(0, same < 0 ? names.findIndex((other) => other.startsWith(port)) : same);
}

function originsOf({ batch, origin }: BatchFrame): HeldState[2] {
  if (!origin) return [];
  return Array.from({ length: batch.numRows }, (_, i) => {
    const from = origin(i);
    return from && ([from.source, from.partition, from.offset, from.row] as const);
  });
}

function heldFrame([edge, floor, origins]: HeldState, parts: readonly Uint8Array[]): HeldFrame {
  const batch = RecordBatchReader.from(new Uint8Array(Buffer.concat(parts))).next().value;
  if (!batch) throw new MillraceError('held rows of the snapshot cannot be read', { code: 'state-damaged', domain: 'external' });
  const origin = (i: number): RowOrigin | null => {
    const [source, partition, offset, row] = origins[i] ?? [];
    return source === undefined ? null : { source, partition: partition ?? 0, offset: offset ?? 0, row: row ?? 0 };
  };
  return { edge, frame: { kind: 'batch', batch, floorNs: BigInt(floor), origin: origins.length > 0 ? origin : null } };
}

function cut(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += SNAPSHOT_CHUNK_BYTES) parts.push(bytes.subarray(at, at + SNAPSHOT_CHUNK_BYTES));
  return parts;
}
