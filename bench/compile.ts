import { declarations } from '../cli/registry.ts';
import { compile } from '../graph/plan/compile.ts';

// time of checking a file of 2,000 operators, cold and warm; the aim is 500 ms
const OPERATORS = 2000;
const RUNS = 9;

/** A file with that many operators: chains of ten over a source, each ending in a table. */
function largeFile(operators: number): string {
  const head = ['version: 1', 'pipelines:', '  large:', '    sources:', '      trades: { simulate: { partitions: 4 } }', '    operators:'];
  const nodes = Array.from({ length: operators }, (_, i) => {
    const from = i % 10 === 0 ? 'trades' : `node_${i - 1}`;
    return `      node_${i}: { use: filter, from: ${from}, with: { where: "price > ${i}" } }`;
  });
  const ends = nodes.flatMap((_, i) => (i % 10 === 9 ? [`      sink_${i}: { from: node_${i}, clickhouse: { table: table_${i} } }`] : []));
  return `${[...head, ...nodes, '    sinks:', ...ends].join('\n')}\n`;
}

const text = largeFile(OPERATORS);

function milliseconds(): number {
  const start = performance.now();
  const files = { exists: () => true, read: () => '' };
  const { plans } = compile({ text, file: 'large.yaml', registry: declarations, env: {}, files, allowPaths: [], allowCode: false });
  const elapsed = performance.now() - start;
  if (plans[0]?.nodes.length !== OPERATORS) throw new Error('the file of the benchmark does not compile');
  return elapsed;
}

const first = milliseconds();
const warm = Array.from({ length: RUNS }, milliseconds).sort((a, b) => a - b)[RUNS >> 1] ?? 0;
process.stdout.write(
  `check of ${OPERATORS} operators (${(text.length / 1024).toFixed(0)} KiB): ${first.toFixed(0)} ms cold, ${warm.toFixed(0)} ms warm\n`,
);
