import type { Reference, ResolvedOperator } from './resolved.ts';

/** Operators in topological order, in the order of the file where that is free, and one circle of each group that feeds itself. */
export function topological(operators: readonly ResolvedOperator[]): {
  readonly ordered: readonly ResolvedOperator[];
  readonly circles: readonly (readonly Reference[])[];
} {
  const byName = new Map(operators.map((operator) => [operator.name, operator]));
  const waits = new Map<string, number>();
  const feeds = new Map<string, string[]>();
  for (const operator of operators) {
    const upstream = upstreamOf(operator, byName);
    waits.set(operator.name, upstream.length);
    for (const { node } of upstream) {
      const fed = feeds.get(node);
      if (fed) fed.push(operator.name);
      else feeds.set(node, [operator.name]);
    }
  }
  const ordered: ResolvedOperator[] = [];
  const ready = operators.filter((operator) => waits.get(operator.name) === 0);
  for (let next = ready.shift(); next; next = ready.shift()) {
    ordered.push(next);
    for (const name of feeds.get(next.name) ?? []) {
      const left = (waits.get(name) ?? 0) - 1;
      waits.set(name, left);
      const operator = byName.get(name);
      if (left === 0 && operator) ready.push(operator);
    }
  }
  const done = new Set(ordered.map((operator) => operator.name));
  return { ordered, circles: circlesOf(operators.filter((operator) => !done.has(operator.name))) };
}

function upstreamOf(operator: ResolvedOperator, among: ReadonlyMap<string, ResolvedOperator>): readonly Reference[] {
  return operator.inputs.flatMap((input) => input.edges.filter((edge) => among.has(edge.node)));
}

/** Circles found by walking upstream until a node comes again; a node is in one circle at most. */
function circlesOf(stuck: readonly ResolvedOperator[]): readonly (readonly Reference[])[] {
  const left = new Map(stuck.map((operator) => [operator.name, operator]));
  const circles: Reference[][] = [];
  for (const start of stuck) {
    const way: Reference[] = [];
    const seen = new Map<string, number>();
    let at = left.get(start.name);
    while (at && !seen.has(at.name)) {
      seen.set(at.name, way.length);
      const edge: Reference | undefined = upstreamOf(at, left)[0];
      if (edge) way.push(edge);
      at = edge && left.get(edge.node);
    }
    if (at) circles.push(way.slice(seen.get(at.name)));
    for (const name of seen.keys()) left.delete(name);
  }
  return circles;
}
