import type { PlanInput, PlanNode, PlanOutput, PortRef } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import type { Resolved, ResolvedSink } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';
import type { Stream } from './stream.ts';

/** A pipeline's plan while it is made. */
export interface Draft {
  readonly resolved: Resolved;
  readonly tasks: number;
  readonly scope: Scope;
  readonly writers: Writers;
  readonly inputs: PlanInput[];
  readonly nodes: PlanNode[];
  readonly exchanges: PlanOutput[];
  /** By `node.port`. */
  readonly streams: Map<string, Stream>;
  /** Nodes with a fault, or that depend on one. */
  readonly broken: Set<string>;
}

/** Who writes the topics of the file, by topic; `broken`: a sink with a fault. */
export type Writers = ReadonlyMap<string, Writer | 'broken'>;

export interface Writer {
  readonly draft: () => Draft | undefined;
  readonly pipeline: string;
  /** Null: the topic is the pipeline's dead letters. */
  readonly sink: ResolvedSink | null;
}

export const portKey = ({ node, port }: PortRef): string => `${node}.${port}`;

/** The stream behind a port; undefined while it is not known. */
export function streamOf(draft: Draft, ref: PortRef): Stream | undefined {
  return draft.streams.get(portKey(ref));
}

/** A format of the registry with its defaults, for topics of our own. */
export function defaultFormat(registry: Registry, name: string): { readonly name: string; readonly params: unknown } {
  const parsed = registry.formats.get(name)?.params.safeParse({});
  return { name, params: parsed?.success ? parsed.data : {} };
}
