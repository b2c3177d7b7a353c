import type { Diagnostic } from '../contract/diagnostic.ts';
import type { Plan } from '../contract/plan.ts';
import type { Pipeline } from '../document/pipeline.ts';
import type { Span, Value } from '../document/value.ts';

/** What the faults of a file are told by. */
export interface AskedOf {
  readonly file: string;
  readonly text: string;
  readonly pipelines: readonly Pipeline[];
  readonly connections: Value | null;
  readonly plans: readonly Plan[];
  /** The pipelines that are to be run. */
  readonly asked: readonly string[];
  /** Files with the pipelines that name them. */
  readonly named: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The faults of a file some of whose pipelines are to be run: those that lie in others, in files that only others name, and in connections
 * that none of these uses, are warnings.
 */
export function faultsFor(of: AskedOf, diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const others = of.pipelines.filter(({ name }) => !of.asked.includes(name));
  const used = new Set(['broker', 'registry', ...of.plans.flatMap(connectionsOf)]);
  const unused = of.connections?.kind === 'map' ? [...of.connections.entries.values()].filter(({ key }) => !used.has(key)) : [];
  const spans = [
    ...others.map(({ nameSpan, value }) => ({ from: nameSpan.from, to: value.span.to })),
    ...unused.map(({ keySpan, value }) => ({ from: keySpan.from, to: value.span.to })),
  ];
  const starts = [0, ...[...of.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const isOthers = ({ file, line, column }: Diagnostic): boolean => {
    if (file !== of.file) return of.named.has(file) && of.asked.every((name) => !of.named.get(file)?.has(name));
    return spans.some((span) => within((starts[line - 1] ?? 0) + column - 1, span));
  };
  return diagnostics.map((one) =>
    one.severity === 'error' && isOthers(one) ? Object.freeze({ ...one, severity: 'warning' as const }) : one,
  );
}

const within = (at: number, { from, to }: Span): boolean => from <= at && at < Math.max(to, from + 1);

function connectionsOf({ inputs, sinks }: Plan): readonly string[] {
  const read = inputs.flatMap(({ from }) => (from.kind === 'connector' && from.connection ? [from.connection.name] : []));
  return [...read, ...sinks.flatMap(({ connection }) => (connection ? [connection.name] : []))];
}
