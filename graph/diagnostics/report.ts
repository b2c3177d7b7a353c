import type { Diagnostic } from '../contract/diagnostic.ts';
import type { Span } from '../document/value.ts';
import { CODES, type DiagnosticCode } from './codes.ts';

/** Records a fault at a place of the file. */
export type Say = (code: DiagnosticCode, span: Span, message: string, hint?: string) => void;

/** Collects the faults of one file. */
export interface Report {
  readonly say: Say;
  /** The same for a file that this one names; its faults come after, by file and position. */
  within(file: string, text: string): Say;
  /** Texts of all files that a fault was looked for in, by name. */
  readonly texts: ReadonlyMap<string, string>;
  /** Whether an error, not only warnings, was said. */
  failed(): boolean;
  /** All, sorted by position; the same fault at the same place once. */
  diagnostics(): readonly Diagnostic[];
}

/** An empty report on a file. */
export function createReport(file: string, text: string): Report {
  const said = new Map<string, Diagnostic>();
  const texts = new Map([[file, text]]);
  const unset: Span[] = [];
  const within = (name: string, content: string): Say => {
    texts.set(name, content);
    const lines = lineStarts(content);
    return (code, span, message, hint) => {
      const diagnostic = { severity: CODES[code].severity, code, message, ...placeOf(name, content, lines, span) };
      const key = `${code} ${name} ${span.from} ${message}`;
      if (!said.has(key)) said.set(key, { ...diagnostic, ...(hint === undefined ? {} : { hint }) });
    };
  };
  const own = within(file, text);
  const order = [...texts.keys()];
  return {
    say(code, span, message, hint) {
      if (code === 'variable-missing' || code === 'variable-syntax') unset.push(span);
      else if (unset.some((other) => other.from < span.to && span.from < other.to)) return; // a follow-up of a value that is not known
      own(code, span, message, hint);
    },
    within(name, content) {
      if (!order.includes(name)) order.push(name);
      return within(name, content);
    },
    texts,
    failed: () => [...said.values()].some((diagnostic) => diagnostic.severity === 'error'),
    diagnostics: () =>
      Object.freeze(
        [...said.values()]
          .sort(
            (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1),
          )
          .map((d) => Object.freeze(d)),
      ),
  };
}

function placeOf(file: string, text: string, lines: readonly number[], span: Span) {
  const from = Math.max(0, Math.min(span.from, text.length));
  const row = lineAt(lines, from);
  const start = lines[row] ?? 0;
  const length = Math.max(1, Math.min(span.to, endOfLine(text, start)) - from);
  return { file, line: row + 1, column: from - start + 1, length };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end > from && text[end - 1] === '\r' ? end - 1 : end;
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
