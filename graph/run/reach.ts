import type { Plan } from '../contract/plan.ts';

/** What reaches what in a plan, by index of its inputs and outputs. */
export interface Reach {
  /** By output: inputs whose rows a task brings there. */
  readonly feeding: readonly ReadonlySet<number>[];
  /** By input: inputs that lie behind it, through exchanges. */
  readonly behind: readonly ReadonlySet<number>[];
}

export function reachOf({ inputs, nodes, outputs }: Plan): Reach {
  const known = new Map<string, ReadonlySet<number>>(inputs.map(({ name }, i) => [name, new Set([i])]));
  const before = (name: string): ReadonlySet<number> => {
    const found = known.get(name);
    if (found) return found;
    const edges = nodes.find((node) => node.name === name)?.inputs.flatMap((input) => input.edges) ?? [];
    const union = new Set(edges.flatMap((edge) => [...before(edge.node)]));
    known.set(name, union);
    return union;
  };
  const feeding = outputs.map(({ from }) => new Set(from.flatMap(({ node }) => [...before(node)])));
  const next = inputs.map((_, i) =>
    outputs.flatMap(({ name, kind }, o) => (kind === 'exchange' && feeding[o]?.has(i) ? inputs.flatMap((input, j) => (input.name === name ? [j] : [])) : [])),
  ); // biome-ignore format: one step
  const behind = next.map((first) => {
    const seen = new Set(first);
    for (const i of seen) for (const further of next[i] ?? []) seen.add(further);
    return seen;
  });
  return { feeding, behind };
}
