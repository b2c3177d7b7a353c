import { declarations } from '../../cli/registry.ts';
import { compileText } from './compiling.ts';

/** A fault of a node: what is said, and the text that it underlines. */
export interface NodeFault {
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly underlined: string;
  readonly hint: string | undefined;
}

/** What is wrong with nodes over `bars` of simulated ticks, each on a line of its own, with the real operators; `last` is printed. */
export function faultsOfNodes(nodes: readonly string[], last: string): NodeFault[] {
  const text = `version: 1
pipelines:
  p:
    sources:
      ticks: { simulate: { symbols: 1 } }
    operators:
      bars: { use: bars, from: ticks, with: { every: 1s } }
${nodes.map((node) => `      ${node}`).join('\n')}
    sinks:
      out: { from: ${last}, print: {} }
`;
  return compileText(text, { registry: declarations })
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, message, line, column, length, hint }) => {
      const underlined = (text.split('\n')[line - 1] ?? '').slice(column - 1, column - 1 + length);
      return { code, message, line, underlined, hint };
    });
}
