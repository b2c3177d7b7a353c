import readline from 'node:readline';
import { showBytes } from '../graph/contract/units.ts';
import type { NodeView, PipelineView } from '../graph/contract/view.ts';
import type { Rates } from '../status/rates.ts';
import { faultLines, faultsOf } from './faults.ts';
import { progressOf } from './progress.ts';
import { lateRows, refusals, rejectedRows, rejection, slowCommits, warnings } from './remarks.ts';
import { clock, count, type Paint, paintErr, span, table, wrapped } from './terminal.ts';

/** Shows running pipelines on standard error: one screen redrawn in place on a terminal, else a line now and then. */
export interface Screen {
  /** A line that stays, above the screen. */
  note(line: string): void;
  /** Shows the views as they are now. */
  show(views: readonly PipelineView[]): void;
  close(): void;
}

const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';

const some = (rows: number) => (rows === 0 ? '' : count(rows));

/** Lag of event time from which rows are old data, not late ones, seconds. */
const OLD_SECONDS = 86_400;
const UP_TO_DATE = 'up to date';

/** How far a node is behind: a source by what it has not read, where that is known, all others by event time. */
function behindOf(view: PipelineView, node: NodeView): string {
  const source = view.sources.find(({ name }) => name === node.name);
  const unread = source ? unreadOf(source) : null;
  if (unread !== null) return unread === 0 ? UP_TO_DATE : `${count(unread)} unread`;
  const lag = node.watermarkLagSeconds;
  if (lag === null) return '';
  if (lag > OLD_SECONDS && view.sources.length > 0 && view.sources.every((each) => unreadOf(each) === 0)) return UP_TO_DATE;
  return lag < 120 ? `${count(Math.max(0, lag))} s` : span(lag);
}

/** Rows or messages of a source that are there and not read; null when unknown. */
function unreadOf({ partitions }: PipelineView['sources'][number]): number | null {
  const lags = partitions.map(({ lag, ended }) => (ended ? 0 : lag));
  return lags.length === 0 ? null : lags.reduce((sum, lag) => (sum === null || lag === null ? null : sum + lag), 0);
}

function disk(view: PipelineView): string {
  const { description, bytes, budgetBytes } = view.log;
  if (bytes === null) return description;
  return `${description} log ${showBytes(bytes)}${budgetBytes === null ? '' : ` of ${showBytes(budgetBytes)}`}`;
}

/** What the screen of a pipeline is drawn with. */
export interface Look {
  /** Where lines are wrapped. */
  readonly columns: number;
  /** Lines there are; the tables are cut where they and what follows them do not fit. */
  readonly rows: number;
  readonly nowMs: number;
  readonly paint: Paint;
}

const EVERYTHING = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY, paint: paintErr } as const;

/** The whole screen of one pipeline, line by line: tables, and under them what holds it up and what is to be known. */
export function screenOf(view: PipelineView, rates: Rates, look: Partial<Look> = {}): readonly string[] {
  const { columns, rows, paint, nowMs } = { ...EVERYTHING, nowMs: Date.now(), ...look };
  const head = `${view.pipeline}: ${view.state}, ${view.seconds.toFixed(0)} s, ${count(view.epochs)} epochs, ${disk(view)}`;
  const told = [
    ...faultsOf(view, nowMs).flatMap((fault) => faultLines(fault, nowMs).map((line) => ({ line, colour: paint.red }))),
    ...warnings(view).map((line) => ({ line: `warning: ${line}`, colour: paint.yellow })),
    ...progressOf(view, rates).map((line) => ({ line, colour: paint.cyan })),
  ].flatMap(({ line, colour }) => wrapped(line, columns).map(colour));
  const tables = [...workerLines(view), ...nodeTable(view, rates), ...sinkTable(view, rates)];
  const room = Math.max(1, rows - told.length - 2);
  const cut =
    tables.length <= room ? tables : [...tables.slice(0, room - 1), `... ${tables.length - room + 1} lines more in \`millrace status\``];
  return [paint.bold(head), ...cut, ...told, ''];
}

/** Which process runs which tasks, where several do. */
function workerLines({ tasks }: PipelineView): readonly string[] {
  const workers = [...new Set(tasks.flatMap(({ worker }) => worker ?? []))].sort();
  return workers.map((name) => {
    const own = tasks.filter(({ worker }) => worker === name);
    const states = [...new Set(own.map(({ state }) => state))];
    const of = (state: string) => own.filter((task) => task.state === state).map(({ task }) => task);
    return `${name}: ${states.map((state) => `${of(state).length === 1 ? 'task' : 'tasks'} ${of(state).join(', ')} ${state}`).join('; ')}`;
  });
}

function nodeTable(view: PipelineView, rates: Rates): readonly string[] {
  const late = view.nodes.some((node) => lateRows(node) > 0);
  const rows = view.nodes.map((node) => [
    node.name,
    node.use,
    count(rates.node(view.pipeline, node.name).rowsOut),
    count(node.rowsOut),
    some(rejectedRows(node)),
    ...(late ? [some(lateRows(node))] : []),
    `${Math.round(node.pressure * 100)} %`,
    behindOf(view, node),
  ]);
  const numbers = ['rows/s', 'rows', 'rejected', ...(late ? ['late'] : []), 'busy', 'behind'];
  return table(['node', 'use', ...numbers], rows, numbers).split('\n');
}

function sinkTable(view: PipelineView, rates: Rates): readonly string[] {
  if (view.sinks.length === 0) return [];
  const rows = view.sinks.map((sink) => [
    sink.name,
    sink.target,
    count(rates.sink(view.pipeline, sink.name)),
    count(sink.rows),
    count(sink.queuedRows),
    count(sink.lagMessages),
    sink.rows === 0 ? '' : `${count(sink.latencyMs.p50)} ms`,
    sink.state,
  ]);
  const numbers = ['rows/s', 'written', 'queued', 'unread', 'latency'];
  return table(['sink', 'writes', ...numbers, 'state'], rows, numbers).split('\n');
}

/** One line on a pipeline. What holds it up is named, not told: the notes say it once when it begins and once when it ends. */
export function lineOf(view: PipelineView, rates: Rates, nowMs = Date.now()): string {
  const nodes = view.nodes.flatMap((node) => {
    const { rowsOut } = rates.node(view.pipeline, node.name);
    return rowsOut === 0 ? [] : [`${node.name} ${count(rowsOut)}`];
  });
  const sinks = view.sinks.map((sink) => {
    const state = sink.state === 'running' || sink.state === 'done' ? '' : `, ${sink.state}`;
    const unread = sink.lagMessages === 0 ? '' : `, ${count(sink.lagMessages)} messages unread`;
    return `${sink.name} ${count(sink.rows)} written, ${count(sink.queuedRows)} queued${unread}${state}`;
  });
  const refused = [...view.nodes, ...view.sinks].flatMap((node) => rejection(node) ?? []);
  const late = view.nodes.filter((node) => lateRows(node) > 0).map((node) => `${node.name}: ${count(lateRows(node))} late`);
  const slow = [slowCommits(view)].filter((line) => line !== null);
  const flow = nodes.length === 0 ? 'no rows' : `rows/s ${nodes.join(', ')}`;
  const parts = [flow, ...sinks, ...refused, ...late, ...slow, ...progressOf(view, rates), disk(view)];
  const { description, trouble } = view.log;
  const away = trouble ? `, no answer from ${description} for ${span((nowMs - trouble.sinceMs) / 1000)}` : '';
  return `${view.pipeline} ${view.seconds.toFixed(0)} s (${view.state}${away}): ${parts.join(' | ')}`;
}

const LINE_MS = 5000;
/** How often a line is repeated that says nothing new, ms. */
const QUIET_MS = 60_000;

/** The screen of a run: in place on a terminal, else lines. */
export function screenFor({ json }: { readonly json?: boolean }, rates: Rates): Screen {
  return process.stderr.isTTY && !json ? liveScreen(process.stderr, rates) : plainScreen(process.stderr, rates, LINE_MS);
}

/** A screen on a terminal. */
export function liveScreen(stream: NodeJS.WriteStream, rates: Rates): Screen {
  let shown = 0;
  let last: readonly PipelineView[] = [];
  const erase = () => {
    if (shown === 0) return;
    readline.moveCursor(stream, 0, -shown);
    readline.cursorTo(stream, 0);
    readline.clearScreenDown(stream);
    shown = 0;
  };
  const draw = () => {
    const space = Math.max(1, (stream.rows ?? 24) - 1);
    const look = { columns: stream.columns ?? 80, rows: Math.floor(space / Math.max(1, last.length)) };
    const lines = last.flatMap((view) => screenOf(view, rates, look)).slice(0, space);
    stream.write(`${NO_WRAP}${lines.map((line) => `${line}\n`).join('')}${WRAP}`);
    shown = lines.length;
  };
  return {
    note(line) {
      erase();
      stream.write(`${line}\n`);
      draw();
    },
    show(views) {
      erase();
      last = views;
      draw();
    },
    close() {
      erase();
      last = [];
    },
  };
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

/** Plain lines, one a pipeline every `everyMs`, less often where nothing goes on, and none once it has ended; and a warning once when most of what comes is refused. */
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
