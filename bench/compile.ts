import { declarations } from '../cli/registry.ts';
import { compile } from '../graph/plan/compile.ts';
import { atMost, type Bench, figure } from './figure.ts';
import { type Cost, costOf } from './measure.ts';

const OPERATORS = 2000;
const RUNS = 9;

/** Checking a file of 2,000 operators, as the command does it: cold. */
export const check: Bench = {
  name: 'check',
  summary: `check of a file of ${OPERATORS} operators`,
  async run() {
    const text = largeFile(OPERATORS);
    const cold = costOfCheck(text);
    const warm = Array.from({ length: RUNS }, () => costOfCheck(text).wall * 1000).sort((a, b) => a - b)[RUNS >> 1] ?? 0;
    return [
      figure(`check of ${OPERATORS} operators, cold`, cold.wall * 1000, 'ms', { name: 'the same, warm', figure: warm }, [atMost(500)]),
      figure('cold, CPU time of all threads', cold.cpu * 1000, 'CPU ms'),
    ];
  },
};

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

function costOfCheck(text: string): Cost {
  const files = { exists: () => true, read: () => '' };
  return costOf(() => {
    const { plans } = compile({ text, file: 'large.yaml', registry: declarations, env: {}, files, allowPaths: [], allowCode: false });
    if (plans[0]?.nodes.length !== OPERATORS) throw new Error('the file of the bench does not compile');
  });
}
