import { compile } from '../graph/plan/compile.ts';
import { registry } from '../test/compiler/registry.ts';

/** A file with that many operators: chains of ten over a source, each ending in a table. */
export function largeFile(operators: number): string {
  const lines = [
    'version: 1',
    'pipelines:',
    '  large:',
    '    tasks: 4',
    '    sources:',
    '      trades: { simulate: { partitions: 4 } }',
    '    operators:',
  ];
  const sinks = ['    sinks:'];
  for (let i = 0; i < operators; i++) {
    const from = i % 10 === 0 ? 'trades' : `node_${i - 1}`;
    lines.push(`      node_${i}: { use: filter, from: ${from}, with: { where: "price > ${i}" } }`);
    if (i % 10 === 9 || i === operators - 1) sinks.push(`      sink_${i}: { from: node_${i}, clickhouse: { table: table_${i} } }`);
  }
  return `${[...lines, ...sinks].join('\n')}\n`;
}

/** Times of checking a file of 2,000 nodes, ms: the first, cold, and the median of the next nine. */
export function measureCompile(operators = 2000): {
  readonly operators: number;
  readonly bytes: number;
  readonly firstMs: number;
  readonly medianMs: number;
} {
  const text = largeFile(operators);
  const times = Array.from({ length: 10 }, () => {
    const start = performance.now();
    const { plans, diagnostics } = compile({
      text,
      file: 'large.yaml',
      registry,
      env: {},
      files: { exists: () => true, read: () => '' },
      allowPaths: [],
      allowCode: false,
    });
    const ms = performance.now() - start;
    if (plans[0]?.nodes.length !== operators)
      throw new Error(`compiled ${plans[0]?.nodes.length ?? 0} nodes: ${diagnostics[0]?.message ?? ''}`);
    return ms;
  });
  const [firstMs = 0, ...rest] = times;
  const medianMs = rest.sort((a, b) => a - b)[Math.floor(rest.length / 2)] ?? 0;
  return { operators, bytes: text.length, firstMs, medianMs };
}
