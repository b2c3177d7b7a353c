import type { PipelineView } from '../graph/contract/view.ts';
import { lateRows, rejectedRows, rejections, warnings } from './remarks.ts';
import { count, type Paint, table } from './terminal.ts';

/** Rows of a node since the start. */
export interface NodeSummary {
  readonly rows_in: number;
  readonly rows_out: number;
  readonly rejected: number;
  /** Came behind the watermark. */
  readonly late: number;
}

/** What `run --json` prints of one pipeline. */
interface SinkSummary {
  readonly rows: number;
  /** Rows that the system refused; absent where there were none. */
  readonly rejected?: number;
  readonly latency_ms: { readonly p50: number; readonly p99: number };
}

export interface Summary {
  readonly pipeline: string;
  readonly seconds: number;
  readonly epochs: number;
  readonly nodes: Readonly<Record<string, NodeSummary>>;
  readonly sinks: Readonly<Record<string, SinkSummary>>;
  readonly error?: { readonly code: string; readonly message: string; readonly node: string | null };
}

const ms = (value: number) => Math.round(value * 1000) / 1000;

/** The counters of a pipeline that has ended. */
export function summaryOf(view: PipelineView, error: Summary['error']): Summary {
  return {
    pipeline: view.pipeline,
    seconds: ms(view.seconds),
    epochs: view.epochs,
    nodes: Object.fromEntries(
      view.nodes.map((node) => [
        node.name,
        { rows_in: node.rowsIn, rows_out: node.rowsOut, rejected: rejectedRows(node), late: lateRows(node) },
      ]),
    ),
    sinks: Object.fromEntries(
      view.sinks.map((sink) => {
        const rejected = rejectedRows(sink);
        const latency_ms = { p50: ms(sink.latencyMs.p50), p99: ms(sink.latencyMs.p99) };
        return [sink.name, { rows: sink.rows, ...(rejected > 0 ? { rejected } : {}), latency_ms }];
      }),
    ),
    ...(error === undefined ? {} : { error }),
  };
}

/** The document of `run --json`: the summary of the one pipeline, or all of them under `pipelines`. */
export function summaryDocument(summaries: readonly Summary[]): unknown {
  return summaries.length === 1 ? summaries[0] : { pipelines: summaries };
}

/** The summary for people. */
export function summaryText(summary: Summary): string {
  const { pipeline, seconds, epochs } = summary;
  const perSecond = (rows: number) => (seconds === 0 ? '' : count(rows / seconds));
  const late = Object.values(summary.nodes).some((node) => node.late > 0);
  const nodes = Object.entries(summary.nodes).map(([name, node]) => [
    name,
    count(node.rows_in),
    count(node.rows_out),
    count(node.rejected),
    ...(late ? [count(node.late)] : []),
    perSecond(node.rows_out),
  ]);
  const sinks = Object.entries(summary.sinks).map(([name, { rows, latency_ms }]) => [
    name,
    count(rows),
    perSecond(rows),
    rows === 0 ? '' : count(latency_ms.p50),
    rows === 0 ? '' : count(latency_ms.p99),
  ]);
  const parts = [`${pipeline}: ${count(epochs)} epochs in ${seconds.toFixed(1)} s`];
  const numbers = ['rows in', 'rows out', 'rejected', ...(late ? ['late'] : []), 'rows/s'];
  if (nodes.length > 0) parts.push(table(['node', ...numbers], nodes, numbers));
  if (sinks.length > 0) parts.push(table(['sink', 'rows', 'rows/s', 'p50 ms', 'p99 ms'], sinks, ['rows', 'rows/s', 'p50 ms', 'p99 ms']));
  return parts.join('\n\n');
}

/** Whether a pipeline has read and written anything since it was started. */
export function isEmpty(summary: Summary): boolean {
  return Object.values(summary.nodes).every((node) => node.rows_in === 0) && Object.values(summary.sinks).every((sink) => sink.rows === 0);
}

/** What is to be said of a run that has ended, besides its counters: refused rows with reason and place, and warnings. */
export function remarks(view: PipelineView, paint: Paint): readonly string[] {
  return [...rejections(view), ...warnings(view).map((line) => paint.yellow(`warning: ${line}`))];
}
