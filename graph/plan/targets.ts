import type { Plan, PlanSink } from '../contract/plan.ts';
import type { Say } from '../diagnostics/report.ts';
import type { Resolved, ResolvedSink } from '../resolve/resolved.ts';
import type { Scope } from '../resolve/scope.ts';
import { portKey } from './draft.ts';
import { insertRates, MAX_INSERTS_PER_SECOND } from './rates.ts';
import { unequal } from './stream.ts';

/** Sinks of a file that would write to one place that cannot be shared. */
export function checkTargets(pipelines: readonly Resolved[], say: Say): void {
  const owners = new Map<string, string>();
  for (const { sinks } of pipelines) {
    for (const { name, span, to } of sinks) {
      if (!('connector' in to)) continue;
      const target = to.connector.sink?.target(to.params) ?? null;
      if (target === null) continue;
      const key = `${to.connector.name} ${target}`;
      const owner = owners.get(key);
      if (owner !== undefined) say('target-shared', span, `sink "${name}" writes to "${target}", and so does sink "${owner}"`);
      else owners.set(key, name);
    }
  }
}

/** Sinks of planned pipelines that share a table: they need rows of one kind, each port only once, and not too many inserts. */
export function checkTables(plans: readonly Plan[], pipelines: readonly Resolved[], { say, registry }: Scope): void {
  const writers = new Map<string, { readonly pipeline: string; readonly sink: PlanSink }[]>();
  for (const [i, plan] of plans.entries()) {
    const resolved = new Map(pipelines[i]?.sinks.map((sink) => [sink.name, sink]));
    for (const sink of plan.sinks) {
      const { connection, sink: declaration } = registry.connectors.get(sink.connector) ?? {};
      const place = resolved.get(sink.name);
      if (!connection || !declaration || !place) continue;
      const target = declaration.describe(sink.params);
      const key = `${sink.connector} ${target}`;
      const before = writers.get(key) ?? [];
      writers.set(key, [...before, { pipeline: plan.pipeline, sink }]);
      const alike = before.filter(({ pipeline }) => pipeline === plan.pipeline).map((other) => other.sink);
      if (before[0] && isAlike(before[0].sink, sink, target, place, say)) sayTwice(alike, sink, target, place, say);
    }
    for (const { target, sinks, insertsPerSecond } of insertRates(plan.sinks, registry)) {
      const place = resolved.get(sinks[0] ?? '');
      if (!place || insertsPerSecond <= MAX_INSERTS_PER_SECOND) continue;
      const names = sinks.map((name) => `"${name}"`).join(', ');
      const message = `${target} would get up to ${insertsPerSecond} inserts a second from ${sinks.length === 1 ? 'sink' : 'sinks'} ${names}`;
      say('inserts-many', place.span, message, 'Lower "partitions:" of its sinks.');
    }
  }
}

/** Whether two sinks of one table write rows of one kind; says where not. */
function isAlike(first: PlanSink, second: PlanSink, target: string, place: ResolvedSink, say: Say): boolean {
  const reason = unequal(first.schema, second.schema, first.name, second.name);
  if (reason === null) return true;
  const message = `sink "${second.name}" and sink "${first.name}" write rows of different columns to ${target}: ${reason}`;
  say('target-unequal', place.span, message, 'Write two tables, or bring the rows to the same columns with "select" first.');
  return false;
}

/** Says which other sink of the pipeline writes rows of the same port to a table. */
function sayTwice(others: readonly PlanSink[], sink: PlanSink, target: string, place: ResolvedSink, say: Say): void {
  const ports = sink.from.map(portKey);
  const other = others.find(({ from }) => from.some((ref) => ports.includes(portKey(ref))));
  if (other) say('target-shared', place.span, `sink "${sink.name}" writes rows that sink "${other.name}" writes to ${target} already`);
}
