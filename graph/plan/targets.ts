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
  const firsts = new Map<string, PlanSink>();
  for (const [i, plan] of plans.entries()) {
    const resolved = new Map(pipelines[i]?.sinks.map((sink) => [sink.name, sink]));
    for (const sink of plan.sinks) {
      const { connection, sink: declaration } = registry.connectors.get(sink.connector) ?? {};
      const place = resolved.get(sink.name);
      if (!connection || !declaration || !place) continue;
      const target = declaration.describe(sink.params);
      const key = `${sink.connector} ${target}`;
      const first = firsts.get(key);
      if (first) compare(first, sink, target, place, say);
      else firsts.set(key, sink);
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

function compare(first: PlanSink, second: PlanSink, target: string, place: ResolvedSink, say: Say): void {
  const reason = unequal(first.schema, second.schema, first.name, second.name);
  if (reason !== null) {
    const message = `sink "${second.name}" and sink "${first.name}" write rows of different columns to ${target}: ${reason}`;
    say('target-unequal', place.span, message, 'Write two tables, or bring the rows to the same columns with "select" first.');
  } else if (first.topic === second.topic && portKey(first.from) === portKey(second.from)) {
    say('target-shared', place.span, `sink "${second.name}" writes the rows that sink "${first.name}" writes to ${target} already`);
  }
}
