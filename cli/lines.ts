import { showBytes } from '../graph/contract/units.ts';
import type { PipelineView } from '../graph/contract/view.ts';
import type { Rates } from '../status/rates.ts';
import { progressOf } from './progress.ts';
import { lateRows, refusals, rejection, slowCommits } from './remarks.ts';
import type { Screen } from './screen.ts';
import { clock, count, paintErr, plural, span } from './terminal.ts';

/** How often a line is repeated that says nothing new, ms. */
const QUIET_MS = 60_000;

/** What the log is, and how full. */
export function disk(view: PipelineView): string {
  const { description, bytes, budgetBytes } = view.log;
  if (bytes === null) return description;
  return `${description} log ${showBytes(bytes)}${budgetBytes === null ? '' : ` of ${showBytes(budgetBytes)}`}`;
}

/** One line on a pipeline. What holds it up is named, not told: the notes say it once when it begins and once when it ends. */
export function lineOf(view: PipelineView, rates: Rates, nowMs = Date.now()): string {
  const nodes = view.nodes.flatMap((node) => {
    const { rowsOut } = rates.node(view.pipeline, node.name);
    return rowsOut === 0 ? [] : [`${node.name} ${count(rowsOut)}`];
  });
  const sinks = view.sinks.map((sink) => {
    const state = sink.state === 'running' || sink.state === 'done' ? '' : `, ${sink.state}`;
    const unread = sink.lagMessages === 0 ? '' : `, ${plural(sink.lagMessages, 'message')} unread`;
    return `${sink.name} ${count(sink.rows)} written, ${count(sink.queuedRows)} queued${unread}${state}`;
  });
  const refused = [...view.nodes, ...view.sinks].flatMap((node) => rejection(node) ?? []);
  const late = view.nodes.filter((node) => lateRows(node) > 0).map((node) => `${node.name}: ${count(lateRows(node))} late`);
  const slow = [slowCommits(view)].filter((line) => line !== null);
  const flow = nodes.length === 0 ? 'no rows' : `rows/s ${nodes.join(', ')}`;
  const parts = [flow, ...sinks, ...refused, ...late, ...slow, ...progressOf(view, rates), disk(view)];
  const { description, trouble } = view.log;
  const held = view.state === 'running' && view.tasks.length === 0 ? ', no task held' : '';
  const away = trouble ? `, no answer from ${description} for ${span((nowMs - trouble.sinceMs) / 1000)}` : '';
  return `${view.pipeline} ${view.seconds.toFixed(0)} s (${view.state}${away}${held}): ${parts.join(' | ')}`;
}

/** What a line tells but for times and rates: where it stays the same nothing goes on. */
function figuresOf({ state, log, nodes, sources, sinks }: PipelineView): string {
  return JSON.stringify([
    [state, !log.trouble],
    nodes.map(({ rowsOut, ports, rejected }) => [rowsOut, ports, rejected]),
    sources.map(({ partitions }) => partitions.map(({ lag }) => lag)),
    sinks.map(({ rows, rejected, queuedRows, lagMessages, state }) => [rows, rejected, queuedRows, lagMessages, state]),
  ]);
}

/**
 * Plain lines, one a pipeline every `everyMs`, less often where nothing goes on, and none once it has ended; and a warning once when most
 * of what comes is refused.
 */
export function plainScreen(stream: NodeJS.WritableStream, rates: Rates, everyMs: number, nowMs: () => number = Date.now): Screen {
  let due = nowMs() + everyMs;
  const warned = new Set<string>();
  const told = new Map<string, { readonly figures: string; readonly atMs: number }>();
  const hasNews = (view: PipelineView) => {
    if (view.state === 'stopped' || view.state === 'failed') return false;
    const figures = figuresOf(view);
    const last = told.get(view.pipeline);
    if (last?.figures === figures && nowMs() - last.atMs < QUIET_MS) return false;
    told.set(view.pipeline, { figures, atMs: nowMs() });
    return true;
  };
  const warnOnce = (view: PipelineView) => {
    const lines = warned.has(view.pipeline) ? [] : refusals(view);
    for (const line of lines) stream.write(`${paintErr.yellow(`warning: ${line}`)}\n`);
    if (lines.length > 0) warned.add(view.pipeline);
  };
  return {
    note: (line) => void stream.write(`${line}\n`),
    show(views) {
      for (const view of views) warnOnce(view);
      if (nowMs() < due) return;
      due = nowMs() + everyMs;
      for (const view of views.filter(hasNews)) stream.write(`${clock(nowMs())} ${lineOf(view, rates, nowMs())}\n`);
    },
    close: () => undefined,
  };
}
