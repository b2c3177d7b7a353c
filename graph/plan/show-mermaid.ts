import type { Plan } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { isSource, originOf, writersTo } from './words.ts';

/** A plan as a Mermaid flow chart: exchanges are thick arrows, dead letters dotted ones. */
export function planMermaid(plan: Plan, registry: Registry): string {
  const lines = ['flowchart LR'];
  const ids = new Map<string, string>();
  const id = (name: string): string => {
    const known = ids.get(name) ?? `n${ids.size}`;
    ids.set(name, known);
    return known;
  };
  const node = (name: string, open: string, label: string, close: string) =>
    lines.push(`  ${id(name)}${open}"${label.replaceAll('"', '#quot;')}"${close}`);
  for (const { name, from: read, landing } of plan.inputs.filter(isSource)) {
    const from = originOf(read, landing, plan);
    node(name, '[/', `${name}<br>${from.kind === 'connector' ? from.connector : `topic ${from.topic}`}`, '/]');
  }
  for (const { name, operator } of plan.nodes) node(name, '[', name === operator ? name : `${name}<br>${operator}`, ']');
  const label = (port: string) => (port === 'out' ? '' : `|${port}|`);
  for (const { name, inputs } of plan.nodes) {
    for (const edge of inputs.flatMap(({ edges }) => edges)) {
      const exchange = plan.outputs.find((output) => output.kind === 'exchange' && output.name === edge.node);
      const from = exchange?.from[0] ?? edge;
      if (exchange)
        lines.push(`  ${id(from.node)} ==>|"${exchange.key.length === 0 ? 'to one task' : `by ${exchange.key.join(', ')}`}"| ${id(name)}`);
      else lines.push(`  ${id(from.node)} -->${label(from.port)} ${id(name)}`);
    }
  }
  for (const output of plan.outputs) {
    const { kind, topic } = output;
    if (kind !== 'topic' && kind !== 'rejected') continue;
    node(`topic ${topic}`, '[(', topic, ')]');
    for (const ref of writersTo(plan, output))
      lines.push(
        `  ${id(output.from.includes(ref) ? ref.node : `sink ${ref.node}`)} ${kind === 'rejected' ? '-.->' : '-->'}${label(ref.port)} ${id(`topic ${topic}`)}`,
      );
  }
  for (const { name, connector, params, from, topic } of plan.sinks) {
    node(`sink ${name}`, '[\\', `${connector}<br>${registry.connectors.get(connector)?.sink?.describe(params) ?? ''}`, '/]');
    const through = plan.outputs.find((output) => output.topic === topic);
    if (through && through.kind !== 'feed') lines.push(`  ${id(`topic ${topic}`)} --> ${id(`sink ${name}`)}`);
    else for (const ref of from) lines.push(`  ${id(ref.node)} -->${label(ref.port)} ${id(`sink ${name}`)}`);
  }
  return `${lines.join('\n')}\n`;
}
