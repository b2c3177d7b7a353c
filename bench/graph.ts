import { type RecordBatch, Schema } from 'apache-arrow';
import { map, Subject } from 'rxjs';
import { z } from 'zod';
import { makeBatch } from '../graph/contract/batch.ts';
import { COLUMNS } from '../graph/contract/columns.ts';
import { type Frame, MIN_NS } from '../graph/contract/frame.ts';
import type { Kernel } from '../graph/contract/kernel.ts';
import { defineOperator } from '../graph/contract/operator.ts';
import type { PlanNode } from '../graph/contract/plan.ts';
import { NodeMetrics } from '../graph/run/metrics.ts';
import { wire } from '../graph/wire/wire.ts';
import { type Bench, type Figure, figure } from './figure.ts';
import { quickest } from './measure.ts';

const NODES = 4;
const CALLS = 20_000;
const ROUNDS = 15;
const FLOATS = ['price', 'size'] as const;
const SCHEMA = new Schema([COLUMNS.ts_event, ...FLOATS.map((name) => COLUMNS[name])]);

const passThrough = (): Kernel => ({
  push: (batch, _port, emit) => emit('out', batch),
  advance: () => undefined,
  nextTimer: () => null,
  snapshot: () => [],
  restore: () => undefined,
});

const operator = defineOperator({
  name: 'pass',
  summary: 'Every row as it came.',
  source: 'none',
  semantics: 1,
  determinism: 'exact',
  params: z.strictObject({}),
  inputs: { in: { description: 'rows' } },
  outputs: { out: { description: 'rows' } },
  groups: () => null,
  schema: ({ inputs }) => ({ out: inputs.in as Schema }),
  create: passThrough,
});

/** What the wiring costs: pass-through kernels in a chain of four, with the counters of the engine, beside bare RxJS and a plain loop. */
export const graph: Bench = {
  name: 'graph',
  summary: `the wiring alone: a chain of ${NODES} pass-through kernels, beside bare RxJS and a plain loop`,
  async run() {
    const wired = chain();
    const rounds = nsOf(() => closeRound(wired));
    const figures: Figure[] = [figure(`a round without rows, ${NODES} nodes`, rounds, 'ns')];
    for (const rows of [1, 100, 10_000]) {
      const batch = batchOf(rows);
      const frame: Frame = { kind: 'batch', batch, floorNs: MIN_NS, origin: null };
      const wiring = nsOf(() => wired.next(frame));
      const subject = bareRxjs();
      const bare = nsOf(() => subject.next(batch));
      const kernels = Array.from({ length: NODES }, passThrough);
      const loop = nsOf(() => plainLoop(kernels, batch));
      closeRound(wired);
      figures.push(
        figure(`a batch of ${rows} rows, ${NODES} nodes`, wiring, 'ns', { name: `Subject and map, ${NODES} times`, figure: bare }),
      );
      figures.push(figure(`the same`, wiring, 'ns', { name: 'kernels in a plain loop', figure: loop }));
      if (rows === 10_000) figures.push(figure(`the same, a row and node`, wiring / rows / NODES, 'ns'));
    }
    if (received === 0) throw new Error('nothing came through');
    return figures;
  },
};

let epoch = 0;
function closeRound(source: Subject<Frame>): void {
  epoch++;
  source.next({ kind: 'watermark', ns: BigInt(epoch) });
  source.next({ kind: 'barrier', epoch, clockNs: BigInt(epoch) });
}

/** ns of one call, the quickest of several runs. */
function nsOf(call: () => void): number {
  const many = (): void => {
    for (let i = 0; i < CALLS; i++) call();
  };
  return (quickest(many, ROUNDS) / CALLS) * 1e9;
}

let received = 0;

/** The source of the wired chain. */
function chain(): Subject<Frame> {
  const nodes = Array.from({ length: NODES }, (_, i): PlanNode => {
    const from = { node: i === 0 ? 'source' : `node_${i - 1}`, port: 'out' };
    return {
      name: `node_${i}`,
      operator: operator.name,
      params: {},
      inputs: [{ port: 'in', edges: [from], schema: SCHEMA }],
      outputs: { out: SCHEMA },
      order: 'event_time',
      time: { in: 'ts_event' },
      groups: null,
      signature: String(i),
      files: {},
    };
  });
  const metrics = new Map(nodes.map(({ name }) => [name, new NodeMetrics(name, 'operator', operator.name)]));
  const wired = wire(
    { pipeline: 'bench', inputs: [], nodes },
    {
      operators: new Map([[operator.name, operator]]),
      files: new Map(),
      probe: (node) => metrics.get(node) as NodeMetrics,
      failed: (error) => {
        throw error;
      },
    },
  );
  wired.port(`node_${NODES - 1}`, 'out').subscribe((frame) => {
    if (frame.kind === 'batch') received += frame.batch.numRows;
  });
  return wired.source('source', 'out');
}

function bareRxjs(): Subject<RecordBatch> {
  const source = new Subject<RecordBatch>();
  let at = source;
  for (let i = 0; i < NODES; i++) {
    const next = new Subject<RecordBatch>();
    at.pipe(map((batch) => batch)).subscribe(next);
    at = next;
  }
  at.subscribe((batch) => {
    received += batch.numRows;
  });
  return source;
}

function plainLoop(kernels: readonly Kernel[], batch: RecordBatch): void {
  let at = batch;
  for (const kernel of kernels) {
    kernel.push(
      at,
      'in',
      (_port, out) => {
        at = out;
      },
      MIN_NS,
    );
  }
  received += at.numRows;
}

function batchOf(rows: number): RecordBatch {
  const floats = FLOATS.map(() => ({ values: new Float64Array(rows).fill(1) }));
  return makeBatch(SCHEMA, rows, [{ values: new BigInt64Array(rows).fill(1n) }, ...floats]);
}
