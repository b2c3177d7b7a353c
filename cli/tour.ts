import type { Plan, PlanSink } from '../graph/contract/plan.ts';

/** Table of a ClickHouse sink, or null for other sinks. */
function tableOf(sink: PlanSink): string | null {
  const params = sink.params;
  if (sink.connector !== 'clickhouse' || typeof params !== 'object' || params === null || !('table' in params)) return null;
  return typeof params.table === 'string' ? params.table : null;
}

/** A query on a table that these pipelines fill; null when they fill none. */
export function exampleQuery(plans: readonly Plan[]): string | null {
  const sinks = plans.flatMap((plan) => plan.sinks).filter((sink) => tableOf(sink) !== null && !sink.topic.endsWith('rejected'));
  const has = (sink: PlanSink, name: string) => sink.schema.fields.some((field) => field.name === name);
  const bars = sinks.find((sink) => has(sink, 'symbol') && has(sink, 'close') && has(sink, 'ts_event'));
  if (bars)
    return `SELECT symbol, count() AS bars, argMax(close, ts_event) AS close FROM ${tableOf(bars)} GROUP BY symbol ORDER BY bars DESC LIMIT 5`;
  const first = sinks[0];
  return first === undefined ? null : `SELECT count() FROM ${tableOf(first)}`;
}
