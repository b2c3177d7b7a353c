import { dirname, isAbsolute, join } from 'node:path';
import type { Connection } from '../contract/connector.ts';
import type { Diagnostic } from '../contract/diagnostic.ts';
import type { Plan } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { createReport } from '../diagnostics/report.ts';
import { parseDocument } from '../document/parse.ts';
import { pipelinesOf } from '../document/pipeline.ts';
import { connectionsOf } from '../resolve/connections.ts';
import { type Files, pathsOf } from '../resolve/paths.ts';
import { resolve } from '../resolve/resolve.ts';
import type { Resolved } from '../resolve/resolved.ts';
import { type Facts, NO_FACTS, type Scope } from '../resolve/scope.ts';
import { faultsFor } from './asked.ts';
import { assemble } from './assemble.ts';
import type { Draft } from './draft.ts';
import { checkWithoutColumns, planNode } from './node.ts';
import { outputsOf } from './output.ts';
import { planSource, waitsFor } from './source.ts';
import { checkTables, checkTargets } from './targets.ts';
import { checkFeedback, writersOf } from './writers.ts';

/** All that a compilation depends on. */
export interface CompileOptions {
  readonly text: string;
  /** Name of the file, as messages show it; relative paths in it start at its folder. */
  readonly file: string;
  readonly registry: Registry;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: Files;
  /** Addresses that count before those of the file, by connection. */
  readonly connections?: Readonly<Record<string, string | undefined>>;
  /** Folders that may be touched besides the file's own and MILLRACE_DATA. */
  readonly allowPaths: readonly string[];
  /** Folders that may be read, not written, besides those. */
  readonly readPaths?: readonly string[];
  /** Whether operators may be files of code. */
  readonly allowCode: boolean;
  /** Folder for local data, which may be touched too. */
  readonly dataDir?: string;
  /** History is read, without a log: sources are read where they are, whatever the broker, and sinks count that are made of history. */
  readonly isHistory?: true;
  /** Pipelines that are to be run: faults of others are warnings. Absent: all. */
  readonly asked?: readonly string[];
  /** Number of tasks, whatever the file says: 1 for a pipeline that is run inside a program. */
  readonly tasks?: number;
  /** What was looked up outside; without it partitions are those that the file says or implies. */
  readonly facts?: Facts;
}

/** What a file compiles to. */
export interface Compiled {
  /** Sorted by position. */
  readonly diagnostics: readonly Diagnostic[];
  /** One a pipeline, in the order of the file, or one for each that was asked for; none when there is an error. */
  readonly plans: readonly Plan[];
  /** Names of the pipelines, also when there are errors. */
  readonly pipelines: readonly string[];
  /** The connections that have an address, by name. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** Texts of the file and of those it names that diagnostics may lie in, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

/** A file's text as plans, or every fault in it. Pure and synchronous; never throws on any text. */
export function compile(options: CompileOptions): Compiled {
  const { text, file, registry, env, allowPaths, dataDir } = options;
  const report = createReport(file, text);
  const document = parseDocument(text, file, env, report.say);
  if (!document) return { diagnostics: report.diagnostics(), plans: [], pipelines: [], connections: new Map(), texts: report.texts };
  const { pipelines, connections: given } = pipelinesOf(document, report.say);
  const roots = [env.MILLRACE_DATA, dataDir, ...allowPaths].filter((root) => root !== undefined && root !== '');
  const paths = pathsOf(file, roots as readonly string[], options.readPaths ?? [], options.files);
  const connections = connectionsOf(given, options.connections ?? {}, { say: report.say, registry, paths });
  const broker = connections.get('broker')?.url ?? 'embedded';
  const nameOf = (path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));
  const scope: Scope = {
    say: report.say,
    within: (path, content) => report.within(nameOf(path), content),
    registry,
    connections,
    paths,
    allowCode: options.allowCode,
    isShared: !options.isHistory && broker !== 'embedded',
    isHistory: options.isHistory ?? false,
    facts: options.facts ?? NO_FACTS,
  };
  const named = new Map<string, Set<string>>();
  const scopeOf = (pipeline: string): Scope => ({
    ...scope,
    within: (path, content) => {
      const name = nameOf(path);
      named.set(name, (named.get(name) ?? new Set()).add(pipeline));
      return report.within(name, content);
    },
  });
  const resolved = pipelines
    .map((pipeline) =>
      resolve(
        pipeline,
        pipelines.filter((other) => other !== pipeline),
        scopeOf(pipeline.name),
      ),
    )
    .map((one) => (options.tasks === undefined ? one : { ...one, settings: { ...one.settings, tasks: options.tasks } }));
  const { plans, whole } = plansOf(resolved, scope, scopeOf);
  const asked = options.asked?.every((name) => whole.has(name)) ? options.asked : undefined;
  const diagnostics = asked
    ? faultsFor(
        { file, text, pipelines, connections: given, asked, named, plans: plans.filter(({ pipeline }) => asked.includes(pipeline)) },
        report.diagnostics(),
      )
    : report.diagnostics();
  const failed = diagnostics.some(({ severity }) => severity === 'error');
  return {
    diagnostics,
    plans: failed ? [] : plans.filter(({ pipeline }) => asked?.includes(pipeline) ?? true),
    pipelines: pipelines.map(({ name }) => name),
    connections,
    texts: report.texts,
  };
}

/** The plans of all pipelines; `whole`: those that no fault has left anything out of. */
function plansOf(
  pipelines: readonly Resolved[],
  scope: Scope,
  scopeOf: (pipeline: string) => Scope,
): { readonly plans: readonly Plan[]; readonly whole: ReadonlySet<string> } {
  const drafts = new Map<string, Draft>();
  const writers = writersOf(pipelines, drafts, scope.say);
  checkTargets(pipelines, scope.say);
  for (const resolved of pipelines) {
    checkFeedback(resolved, writers, scope.say);
    const { tasks } = resolved.settings;
    drafts.set(resolved.name, {
      resolved,
      tasks,
      scope: scopeOf(resolved.name),
      writers,
      inputs: [],
      nodes: [],
      exchanges: [],
      streams: new Map(),
      broken: new Set(resolved.broken),
    });
  }
  planNodes([...drafts.values()]);
  const plans = [...drafts.values()].map((draft) => assemble(draft, outputsOf(draft)));
  checkTables(plans, pipelines, scope);
  const whole = [...drafts.values()].filter(({ broken }) => broken.size === 0).map(({ resolved }) => resolved.name);
  return { plans, whole: new Set(whole) };
}

/**
 * Plans the nodes of all pipelines, each after those it depends on, which may be in another pipeline, through a topic. A source that is
 * left waiting depends on itself: it is planned by its own `schema:`, or says that it needs one.
 */
function planNodes(drafts: readonly Draft[]): void {
  let waiting = drafts.flatMap((draft) => draft.resolved.sources.map((source) => ({ draft, source })));
  let operators = drafts.flatMap((draft) => draft.resolved.operators.map((operator) => ({ draft, operator })));
  for (;;) {
    const before = waiting.length + operators.length;
    waiting = waiting.filter(({ draft, source }) => {
      const on = waitsFor(source, draft);
      if (on === 'broken') draft.broken.add(source.name);
      else if (on === 'nothing') planSource(source, draft, false);
      return on === 'writer';
    });
    operators = operators.filter(({ draft, operator }) => {
      const upstream = operator.inputs.flatMap(({ edges }) => edges);
      if (upstream.some(({ node }) => draft.broken.has(node))) {
        draft.broken.add(operator.name);
        checkWithoutColumns(operator, draft);
      } else if (upstream.every(({ node, port }) => draft.streams.has(`${node}.${port}`))) planNode(operator, draft);
      else return true;
      return false;
    });
    if (waiting.length + operators.length < before) continue;
    if (waiting.length === 0) return;
    for (const { draft, source } of waiting) planSource(source, draft, true);
    waiting = [];
  }
}
