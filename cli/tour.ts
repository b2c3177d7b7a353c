import type { Plan, PlanSink } from '../graph/contract/plan.ts';

/** Table of a ClickHouse sink, or null for other sinks. */
export function tableOf(sink: PlanSink): string | null {
  const params = sink.params;
  if (sink.connector !== 'clickhouse' || typeof params !== 'object' || params === null || !('table' in params)) return null;
  return typeof params.table === 'string' ? params.table : null;
}

/** A short query on a table that these pipelines fill, the richest first; null when they fill none. */
export function exampleQuery(plans: readonly Plan[]): string | null {
  const sinks = plans.flatMap((plan) => plan.sinks).filter((sink) => tableOf(sink) !== null && !sink.topic.endsWith('rejected'));
  const has = (name: string) => (sink: PlanSink) => sink.schema.fields.some((field) => field.name === name);
  const symbols = sinks.filter(has('symbol'));
  const bars = symbols.find(has('close'));
  if (bars) return `SELECT symbol, max(close) FROM ${tableOf(bars)} GROUP BY symbol`;
  const first = symbols[0] ?? sinks[0];
  if (first === undefined) return null;
  if (has('symbol')(first)) return `SELECT symbol, count() FROM ${tableOf(first)} GROUP BY symbol`;
  return `SELECT * FROM ${tableOf(first)}${has('ts_event')(first) ? ' ORDER BY ts_event DESC' : ''} LIMIT 5`;
}

/** A query as a line to copy; below its `try:` where both are wider than 80 columns. */
export function tryLines(query: string): readonly string[] {
  const command = `npx millrace sql ${JSON.stringify(query)}`;
  return command.length + 5 <= 80 ? [`try: ${command}`] : ['try:', command];
}
