import type { PipelineView } from '../graph/contract/view.ts';
import type { Rates } from './rates.ts';

/** A node of the running graph with what flows through it now. */
export interface GraphNode {
  readonly pipeline: string;
  readonly name: string;
  readonly kind: 'source' | 'operator' | 'sink' | 'topic';
  readonly use: string;
  /** Rows that leave it, or that a sink acknowledges; null for topics. */
  readonly rowsPerSecond: number | null;
  readonly pressure: number | null;
  readonly watermarkLagSeconds: number | null;
  readonly state: string | null;
}

export interface GraphEdge {
  readonly pipeline: string;
  /** Name of a node. */
  readonly from: string;
  /** Its port; null for topics. */
  readonly port: string | null;
  readonly to: string;
  readonly rowsPerSecond: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

const rounded = (value: number) => Math.round(value * 10) / 10;

/** The nodes and edges of all pipelines with rows per second. */
export function graphOf(views: readonly PipelineView[], rates: Rates): Graph {
  const nodes = views.flatMap((view): GraphNode[] => [
    ...view.nodes.map((node) => ({
      pipeline: view.pipeline,
      name: node.name,
      kind: node.kind,
      use: node.use,
      rowsPerSecond: rounded(rates.node(view.pipeline, node.name).rowsOut),
      pressure: node.pressure,
      watermarkLagSeconds: node.watermarkLagSeconds,
      state: null,
    })),
    ...view.sinks.map((sink) => ({
      pipeline: view.pipeline,
      name: sink.name,
      kind: 'sink' as const,
      use: sink.use,
      rowsPerSecond: rounded(rates.sink(view.pipeline, sink.name)),
      pressure: null,
      watermarkLagSeconds: null,
      state: sink.state,
    })),
  ]);
  const edges = views.flatMap((view) => edgesOf(view, rates));
  return { nodes: [...nodes, ...topicsOf(nodes, edges)], edges };
}

/** The edges of a pipeline; topics of our own that only carry rows to a sink or between tasks are left out. */
function edgesOf(view: PipelineView, rates: Rates): readonly GraphEdge[] {
  const pipeline = view.pipeline;
  const nodes = new Set(view.nodes.map((node) => node.name));
  const sinks = new Set(view.sinks.map((sink) => sink.name));
  const edges = view.edges.map(({ from, to }): GraphEdge => {
    const [, name = from, port = null] = /^(.+)\.([^.]+)$/.exec(from) ?? [];
    if (port !== null && nodes.has(name))
      return { pipeline, from: name, port, to, rowsPerSecond: rounded(rates.port(pipeline, name, port)) };
    const rowsPerSecond = sinks.has(to) ? rates.sink(pipeline, to) : rates.node(pipeline, to).rowsIn;
    return { pipeline, from, port: null, to, rowsPerSecond: rounded(rowsPerSecond) };
  });
  const internal = (name: string) => name.startsWith('_millrace.');
  const direct = edges.filter((edge) => !internal(edge.from) && !internal(edge.to));
  const through = edges.filter((edge) => internal(edge.to));
  return [...direct, ...through.flatMap((edge) => edges.filter(({ from }) => from === edge.to).map(({ to }) => ({ ...edge, to })))];
}

/** The topics that edges name, as nodes. */
function topicsOf(nodes: readonly GraphNode[], edges: readonly GraphEdge[]): readonly GraphNode[] {
  const known = new Set(nodes.map((node) => `${node.pipeline}\n${node.name}`));
  const topics = edges.flatMap(({ pipeline, from, to }) => [from, to].map((name) => ({ pipeline, name })));
  return topics.flatMap(({ pipeline, name }) => {
    if (known.has(`${pipeline}\n${name}`)) return [];
    known.add(`${pipeline}\n${name}`);
    return [
      { pipeline, name, kind: 'topic' as const, use: 'topic', rowsPerSecond: null, pressure: null, watermarkLagSeconds: null, state: null },
    ];
  });
}

const quoted = (text: string) => `"${text.replaceAll('"', '#quot;')}"`;

/** The graph as a Mermaid flow chart. */
export function graphMermaid(graph: Graph): string {
  const ids = new Map<string, string>();
  const id = (pipeline: string, name: string) => {
    const key = `${pipeline}\n${name}`;
    const known = ids.get(key) ?? `n${ids.size}`;
    ids.set(key, known);
    return known;
  };
  const shapes = { source: ['[(', ')]'], operator: ['[', ']'], sink: ['[[', ']]'], topic: ['([', '])'] } as const;
  const lines = ['flowchart LR'];
  for (const pipeline of new Set(graph.nodes.map((node) => node.pipeline))) {
    lines.push(`  subgraph ${quoted(pipeline)}`);
    for (const node of graph.nodes.filter((node) => node.pipeline === pipeline)) {
      const [open, close] = shapes[node.kind];
      lines.push(`    ${id(pipeline, node.name)}${open}${quoted(`${node.name}: ${node.use}`)}${close}`);
    }
    for (const edge of graph.edges.filter((edge) => edge.pipeline === pipeline)) {
      const label = `${edge.port === null || edge.port === 'out' ? '' : `${edge.port} `}${edge.rowsPerSecond} rows/s`;
      lines.push(`    ${id(pipeline, edge.from)} -->|${quoted(label)}| ${id(pipeline, edge.to)}`);
    }
    lines.push('  end');
  }
  return `${lines.join('\n')}\n`;
}
