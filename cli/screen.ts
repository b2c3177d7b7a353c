import readline from 'node:readline';
import type { PipelineView } from '../graph/contract/view.ts';
import type { Rates } from '../status/rates.ts';
import { behindOf } from './behind.ts';
import { faultLines, faultsOf } from './faults.ts';
import { disk, plainScreen } from './lines.ts';
import { progressOf } from './progress.ts';
import { lateRows, rejectedRows, warnings } from './remarks.ts';
import { count, type Paint, paintErr, table, wrapped } from './terminal.ts';

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

const LINE_MS = 5000;

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
