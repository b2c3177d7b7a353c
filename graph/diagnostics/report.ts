import type { Diagnostic } from '../contract/diagnostic.ts';
import type { Span } from '../document/value.ts';
import { CODES, type DiagnosticCode } from './codes.ts';

/** Records a fault at a place of the file. */
export type Say = (code: DiagnosticCode, span: Span, message: string, hint?: string) => void;

/** Collects the faults of one file. */
export interface Report {
  readonly say: Say;
  /** Whether an error, not only warnings, was said. */
  failed(): boolean;
  /** All, sorted by position; the same fault at the same place once. */
  diagnostics(): readonly Diagnostic[];
}

/** An empty report on a file. */
export function createReport(file: string, text: string): Report {
  const lines = lineStarts(text);
  const said = new Map<string, Diagnostic>();
  const unset: Span[] = [];
  return {
    say(code, span, message, hint) {
      if (code === 'variable-missing' || code === 'variable-syntax') unset.push(span);
      else if (unset.some((other) => other.from < span.to && span.from < other.to)) return; // a follow-up of a value that is not known
      const from = Math.max(0, Math.min(span.from, text.length));
      const row = lineAt(lines, from);
      const start = lines[row] ?? 0;
      const lineEnd = endOfLine(text, start);
      const length = Math.max(1, Math.min(span.to, lineEnd) - from);
      const place = { file, line: row + 1, column: from - start + 1, length };
      const key = `${code} ${from} ${message}`;
      if (!said.has(key))
        said.set(key, { severity: CODES[code].severity, code, message, ...place, ...(hint === undefined ? {} : { hint }) });
    },
    failed: () => [...said.values()].some((diagnostic) => diagnostic.severity === 'error'),
    diagnostics: () =>
      Object.freeze(
        [...said.values()]
          .sort((a, b) => a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1))
          .map((d) => Object.freeze(d)),
      ),
  };
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
