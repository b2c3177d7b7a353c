import type { Diagnostic } from '../contract/diagnostic.ts';
import { masked } from './mask.ts';

/** How parts of a diagnostic are coloured; plain by default. */
export interface Paint {
  error(text: string): string;
  warning(text: string): string;
  quiet(text: string): string;
  strong(text: string): string;
}

const same = (text: string): string => text;
const PLAIN: Paint = { error: same, warning: same, quiet: same, strong: same };

/** Longest part of a source line that is shown, in characters. */
const WIDTH = 140;

/** One diagnostic with its line and caret, as a compiler prints it; ends with a newline. */
export function printDiagnostic(diagnostic: Diagnostic, text: string, paint: Paint = PLAIN): string {
  const { severity, code, message, file, line, column, hint } = diagnostic;
  const source = masked((text.split('\n', line)[line - 1] ?? '').replace(/\r$/, ''));
  const number = String(line);
  const gutter = ' '.repeat(number.length);
  const { shown, before, length } = windowOf(source, column - 1, diagnostic.length);
  const rows = [
    `${paint[severity](`${severity}[${code}]`)}: ${paint.strong(visible(message))}`,
    `${gutter}${paint.quiet('-->')} ${file}:${line}:${column}`,
    `${paint.quiet(`${number} |`)} ${shown}`.trimEnd(),
    `${gutter} ${paint.quiet('|')} ${' '.repeat(before)}${paint[severity]('^'.repeat(length))}`,
  ];
  if (hint !== undefined) rows.push(`${gutter} ${paint.quiet('=')} hint: ${visible(hint)}`);
  return `${rows.join('\n')}\n`;
}

/** All of them, of the texts by file, with a blank line between and a count at the end; empty when there is none. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>, paint: Paint = PLAIN): string {
  if (diagnostics.length === 0) return '';
  const errors = diagnostics.filter((d) => d.severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const count = (n: number, what: string) => (n === 0 ? [] : [`${n} ${what}${n === 1 ? '' : 's'}`]);
  const total = [...count(errors, 'error'), ...count(warnings, 'warning')].join(', ');
  return `${diagnostics.map((d) => printDiagnostic(d, texts.get(d.file) ?? '', paint)).join('\n')}\n${total}\n`;
}

/** The part of a line around a range, tabs and control characters made visible, with where the range stands in it. */
function windowOf(source: string, from: number, length: number): { shown: string; before: number; length: number } {
  const start = from > WIDTH - 40 ? from - 40 : 0;
  const end = Math.min(source.length, start + WIDTH);
  const head = start > 0 ? '...' : '';
  const tail = end < source.length ? '...' : '';
  const shownLength = Math.max(1, Math.min(length, Math.max(end - from, 1)));
  const before = head.length + width(visible(source.slice(start, from)));
  return {
    shown: `${head}${visible(source.slice(start, end))}${tail}`,
    before,
    length: Math.max(1, width(visible(source.slice(from, from + shownLength)))),
  };
}

/** Text that cannot move the cursor: control characters shown as their code, a tab as one space. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
  return text.replaceAll('\t', ' ').replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '\ufffd');
}

/** Columns a text takes on a terminal: two for wide characters (East Asian, emoji), none for combining marks. */
function width(text: string): number {
  let columns = 0;
  for (const char of text)
    columns += /\p{Mark}/u.test(char)
      ? 0
      : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(char)
        ? 2
        : 1;
  return columns;
}
