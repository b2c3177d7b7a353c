import readline from 'node:readline';
import { showBytes } from '../graph/contract/units.ts';
import type { PipelineView, SinkView } from '../graph/contract/view.ts';
import type { Rates } from '../status/rates.ts';
import { count, paintErr, table } from './terminal.ts';

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

const seconds = (value: number | null) => (value === null ? '' : `${count(Math.max(0, value))} s`);
const rejected = (codes: Readonly<Record<string, number>>) => {
  const rows = Object.values(codes).reduce((sum, n) => sum + n, 0);
  return rows === 0 ? '' : count(rows);
};

function disk(view: PipelineView): string {
  const { description, bytes, budgetBytes } = view.log;
  if (bytes === null) return description;
  return `${description} log ${showBytes(bytes)}${budgetBytes === null ? '' : ` of ${showBytes(budgetBytes)}`}`;
}

function waiting(sink: SinkView): string {
  const error = sink.lastError === null || sink.state === 'running' || sink.state === 'done' ? '' : ` (${sink.lastError.message})`;
  return `${sink.state}${error}`;
}

/** The whole screen of one pipeline, line by line. */
export function screenOf(view: PipelineView, rates: Rates): readonly string[] {
  const nodes = view.nodes.map((node) => [
    node.name,
    node.use,
    count(rates.node(view.pipeline, node.name).rowsOut),
    count(node.rowsOut),
    rejected(node.rejected),
    `${Math.round(node.pressure * 100)} %`,
    seconds(node.watermarkLagSeconds),
  ]);
  const sinks = view.sinks.map((sink) => [
    sink.name,
    sink.target,
    count(rates.sink(view.pipeline, sink.name)),
    count(sink.rows),
    count(sink.queuedRows),
    sink.rows === 0 ? '' : `${count(sink.latencyMs.p50)} ms`,
    waiting(sink),
  ]);
  const parked = view.tasks.filter((task) => task.state === 'parked');
  const head = `${view.pipeline}: ${view.state}, ${view.seconds.toFixed(0)} s, ${count(view.epochs)} epochs, ${disk(view)}`;
  return [
    paintErr.bold(head),
    ...parked.map((task) => paintErr.red(`task ${task.task} is parked: ${task.error?.message ?? 'unknown'}`)),
    ...table(['node', 'use', 'rows/s', 'rows', 'rejected', 'busy', 'behind'], nodes, [
      'rows/s',
      'rows',
      'rejected',
      'busy',
      'behind',
    ]).split('\n'),
    ...(sinks.length === 0
      ? []
      : table(['sink', 'writes', 'rows/s', 'written', 'queued', 'latency', 'state'], sinks, [
          'rows/s',
          'written',
          'queued',
          'latency',
        ]).split('\n')),
    '',
  ];
}

/** One line on a pipeline. */
export function lineOf(view: PipelineView, rates: Rates): string {
  const nodes = view.nodes.map((node) => `${node.name} ${count(rates.node(view.pipeline, node.name).rowsOut)}`);
  const sinks = view.sinks.map((sink) => {
    const state = sink.state === 'running' || sink.state === 'done' ? '' : ` ${waiting(sink)}`;
    return `${sink.name} ${count(sink.rows)} written, ${count(sink.queuedRows)} queued${state}`;
  });
  const refused = view.nodes.reduce((sum, node) => sum + Object.values(node.rejected).reduce((a, b) => a + b, 0), 0);
  const parts = [`rows/s ${nodes.join(', ')}`, ...sinks, ...(refused === 0 ? [] : [`${count(refused)} rejected`]), disk(view)];
  return `${view.pipeline} ${view.seconds.toFixed(0)} s (${view.state}): ${parts.join(' | ')}`;
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
    const lines = last.flatMap((view) => screenOf(view, rates)).slice(0, Math.max(1, (stream.rows ?? 24) - 1));
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

/** Plain lines, one a pipeline every `everyMs`. */
export function plainScreen(stream: NodeJS.WritableStream, rates: Rates, everyMs: number, nowMs: () => number = Date.now): Screen {
  let due = nowMs() + everyMs;
  return {
    note: (line) => void stream.write(`${line}\n`),
    show(views) {
      if (nowMs() < due) return;
      due = nowMs() + everyMs;
      for (const view of views) stream.write(`${lineOf(view, rates)}\n`);
    },
    close: () => undefined,
  };
}
