import type { RecordBatch } from 'apache-arrow';
import { REJECTED_SCHEMA } from '../contract/columns.ts';
import { type BatchFrame, MIN_NS, type RowOrigin } from '../contract/frame.ts';
import type { Kernel } from '../contract/kernel.ts';
import { type Operator, REJECTED_PORT } from '../contract/operator.ts';
import type { Plan, PlanNode } from '../contract/plan.ts';
import { batchOf, type Row, rowsOf } from '../contract/rows.ts';
import { slowest } from './floors.ts';

/** What is pushed into the sources in one epoch; frames and watermarks by `source.port`. */
export interface SourceEpoch {
  readonly clockNs: bigint;
  readonly frames: ReadonlyMap<string, readonly BatchFrame[]>;
  readonly watermarks: ReadonlyMap<string, bigint>;
}

/** A row on an edge, with what decides its order and whether it is late. */
interface Travelling {
  readonly row: Row;
  readonly floorNs: bigint;
  readonly origin: RowOrigin | null;
}

interface Waiting extends Travelling {
  readonly port: string;
  /** Where a merge puts it: event or record time, or the watermark that a late row missed. */
  readonly ns: bigint;
  readonly edge: number;
}

interface NodeState {
  readonly kernel: Kernel;
  /** Rows that a merge holds. */
  waiting: Waiting[];
}

/**
 * The nodes of a plan for one task as a plain loop over rows: no RxJS, no batches kept, one push a row. The oracle of the wiring,
 * which has to put the same rows on every edge.
 */
export class Topological {
  readonly #plan: Pick<Plan, 'pipeline' | 'nodes'>;
  readonly #states = new Map<string, NodeState>();
  readonly #watermarks = new Map<string, bigint>();

  // biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types
  constructor(plan: Pick<Plan, 'pipeline' | 'nodes'>, operators: ReadonlyMap<string, Operator<any>>) {
    this.#plan = plan;
    for (const node of plan.nodes) {
      const operator = operators.get(node.operator);
      if (!operator) throw new RangeError(`there is no operator "${node.operator}"`);
      const inputs = Object.fromEntries(node.inputs.map((input) => [input.port, input.schema]));
      const kernel = operator.create({ params: node.params, inputs, outputs: node.outputs, files: new Map() });
      this.#states.set(node.name, { kernel, waiting: [] });
    }
  }

  /** Runs one epoch; gives the rows of every edge, by `node.port`. */
  run(epoch: SourceEpoch): ReadonlyMap<string, readonly Row[]> {
    const edges = new Map<string, Travelling[]>();
    for (const [edge, frames] of epoch.frames) edges.set(edge, frames.flatMap(travelling));
    for (const [edge, ns] of epoch.watermarks) this.#watermarks.set(edge, ns);
    for (const node of this.#plan.nodes) this.#runNode(node, edges, epoch.clockNs);
    return new Map([...edges].map(([edge, rows]) => [edge, rows.map(({ row }) => row)]));
  }

  #runNode(node: PlanNode, edges: Map<string, Travelling[]>, clockNs: bigint): void {
    const state = this.#states.get(node.name) as NodeState;
    const sources = node.inputs.flatMap((input) => input.edges.map((edge) => ({ port: input.port, name: `${edge.node}.${edge.port}` })));
    const watermarkNs = slowest(sources.map(({ name }) => this.#watermarks.get(name) ?? MIN_NS));
    const out = Object.fromEntries(Object.keys(node.outputs).map((port): [string, Travelling[]] => [port, []]));
    const merged = sources.length > 1;
    let current: Waiting | null = null;
    const emit = (port: string, batch: RecordBatch): void => {
      for (const row of rowsOf(batch)) {
        if (port === REJECTED_PORT)
          out[port]?.push({ row: rejected(this.#plan.pipeline, node.name, clockNs, row, current), floorNs: MIN_NS, origin: null });
        else out[port]?.push({ row, floorNs: current?.floorNs ?? MIN_NS, origin: null });
      }
    };

    sources.forEach(({ port, name }, edge) => {
      let newest = MIN_NS;
      for (const row of edges.get(name) ?? []) {
        const ns = merged ? placeOf(node, port, row, newest) : MIN_NS;
        const timeless = merged && (node.time[port] ?? null) === null;
        newest = ns;
        state.waiting.push({ ...row, port, edge, ns, floorNs: timeless ? MIN_NS : row.floorNs });
      }
    });
    const ready = state.waiting.filter((row) => !merged || node.order === 'arrival' || row.ns < watermarkNs);
    state.waiting = state.waiting.filter((row) => !ready.includes(row));
    if (merged) ready.sort((a, b) => (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : a.edge - b.edge));
    for (const row of ready) {
      const schema = node.inputs.find((input) => input.port === row.port)?.schema;
      if (!schema) continue;
      current = row;
      state.kernel.push(batchOf(schema, [row.row]), row.port, emit, row.floorNs);
      current = null;
    }
    state.kernel.advance(watermarkNs, clockNs, emit);
    for (const [port, rows] of Object.entries(out)) {
      edges.set(`${node.name}.${port}`, rows);
      this.#watermarks.set(`${node.name}.${port}`, watermarkNs);
    }
  }
}

function travelling(frame: BatchFrame): Travelling[] {
  return rowsOf(frame.batch).map((row, i) => ({ row, floorNs: frame.floorNs, origin: frame.origin?.(i) ?? null }));
}

/** Event time, or the watermark a late row missed; by arrival the newest record time of the epoch on its edge so far. */
function placeOf(node: PlanNode, port: string, { row, floorNs }: Travelling, newest: bigint): bigint {
  if (node.order === 'event_time') {
    const time = node.time[port] ?? null;
    const ns = time === null ? MIN_NS : (row[time] as bigint);
    return time !== null && ns < floorNs ? floorNs : ns;
  }
  const now = Object.hasOwn(row, 'ts_recv') ? (row.ts_recv as bigint) : 0n;
  return now < newest ? newest : now;
}

function rejected(pipeline: string, node: string, clockNs: bigint, row: Row, from: Travelling | null): Row {
  const origin = from?.origin ?? null;
  const place = {
    source: origin?.source ?? null,
    partition: origin?.partition ?? null,
    offset: origin ? BigInt(origin.offset) : null,
    row: origin?.row ?? null,
  };
  const all: Row = { ts_recv: clockNs, pipeline, node, code: row.code ?? null, reason: row.reason ?? null, raw: row.raw ?? null, ...place };
  return Object.fromEntries(REJECTED_SCHEMA.fields.map((field) => [field.name, all[field.name] ?? null]));
}
