import type { PipelineView } from '../graph/contract/view.ts';
import type { Rates } from './rates.ts';

/** A node of the running graph with what flows through it now. */
export interface GraphNode {
  readonly pipeline: string;
  readonly name: string;
  readonly kind: 'source' | 'operator' | 'sink';
  readonly use: string;
  readonly rowsPerSecond: number;
  readonly pressure: number | null;
  readonly watermarkLagSeconds: number | null;
  readonly state: string | null;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly pipeline: string; readonly from: string; readonly to: string; readonly rowsPerSecond: number }[];
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
  const edges = views.flatMap((view) =>
    view.edges.map(({ from, to }) => ({
      pipeline: view.pipeline,
      from,
      to,
      rowsPerSecond: rounded(rates.node(view.pipeline, from.split('.')[0] ?? from).rowsOut),
    })),
  );
  return { nodes, edges };
}

const quoted = (text: string) => `"${text.replaceAll('"', '#quot;')}"`;

/** The graph as a Mermaid flow chart. */
export function graphMermaid(graph: Graph): string {
  const ids = new Map<string, string>();
  const id = (pipeline: string, name: string) => {
    const key = `${pipeline}\n${name.split('.')[0]}`;
    const known = ids.get(key) ?? `n${ids.size}`;
    ids.set(key, known);
    return known;
  };
  const shapes = { source: ['[(', ')]'], operator: ['[', ']'], sink: ['[[', ']]'] } as const;
  const lines = ['flowchart LR'];
  for (const pipeline of new Set(graph.nodes.map((node) => node.pipeline))) {
    lines.push(`  subgraph ${quoted(pipeline)}`);
    for (const node of graph.nodes.filter((node) => node.pipeline === pipeline)) {
      const [open, close] = shapes[node.kind];
      lines.push(`    ${id(pipeline, node.name)}${open}${quoted(`${node.name}: ${node.use}`)}${close}`);
    }
    for (const edge of graph.edges.filter((edge) => edge.pipeline === pipeline)) {
      const port = edge.from.split('.')[1];
      const label = `${port === undefined || port === 'out' ? '' : `${port} `}${edge.rowsPerSecond} rows/s`;
      lines.push(`    ${id(pipeline, edge.from)} -->|${quoted(label)}| ${id(pipeline, edge.to)}`);
    }
    lines.push('  end');
  }
  return `${lines.join('\n')}\n`;
}
