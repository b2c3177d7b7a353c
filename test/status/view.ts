import type { NodeView, PipelineView, SinkView } from '../../graph/contract/view.ts';

const node: NodeView = {
  name: 'bars',
  kind: 'operator',
  use: 'bars',
  rowsIn: 1000,
  rowsOut: 10,
  bytesIn: 64_000,
  bytesOut: 960,
  ports: { out: 10, late: 2 },
  rejected: { 'price-off-tick': 3 },
  batches: 4,
  busySeconds: 0.25,
  pressure: 0.5,
  watermarkNs: 1_723_161_428_000_000_001n,
  watermarkLagSeconds: 1.5,
  push: { p50: 0.001, p99: 0.002 },
};

const sink: SinkView = {
  name: 'bars_table',
  use: 'clickhouse',
  target: 'table bars',
  state: 'running',
  rows: 10,
  rejected: {},
  blocks: 1,
  queuedRows: 5,
  lagMessages: 7,
  retries: 1,
  lastError: null,
  ackAgeMs: 2500,
  latencyMs: { p50: 40, p99: 90 },
};

const view: PipelineView = {
  pipeline: 'market',
  incarnation: 'i1',
  plan: 'abc',
  state: 'running',
  reason: null,
  startedAtMs: 0,
  seconds: 10,
  epochs: 20,
  log: { description: 'embedded', bytes: 1024, budgetBytes: 4096 },
  tasks: [{ task: 0, state: 'running', epoch: 20, error: null }],
  nodes: [node],
  edges: [{ from: 'bars.out', to: 'bars_table' }],
  sources: [
    { name: 'trades', use: 'file', partitions: [{ partition: 0, label: 'a.csv', position: 1000, lag: 42, idle: false, ended: false }] },
  ],
  sinks: [sink],
  skipped: [],
  round: { p50: 0.01, p99: 0.05 },
};

/** A view of a small pipeline, with parts of it replaced. */
export function viewWith(changes: Partial<PipelineView> & { node?: Partial<NodeView>; sink?: Partial<SinkView> } = {}): PipelineView {
  const { node: nodeChanges, sink: sinkChanges, ...rest } = changes;
  return { ...view, nodes: [{ ...node, ...nodeChanges }], sinks: [{ ...sink, ...sinkChanges }], ...rest };
}
