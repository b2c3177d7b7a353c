import Table from 'cli-table3';
import pc from 'picocolors';
import { MillraceError } from '../graph/contract/error.ts';
import { toJson } from '../status/json.ts';

/** Whether a stream takes colours: a terminal, unless `NO_COLOR` is set. */
function colours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

/** Colours for standard output and for standard error, plain when piped. */
export const paintOut = pc.createColors(colours(process.stdout));
export const paintErr = pc.createColors(colours(process.stderr));

/** Colours of one stream. */
export type Paint = Pick<typeof pc, 'bold' | 'red' | 'yellow' | 'cyan'>;

/** Writes text to standard output. */
export function out(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes one JSON document, on one line, to standard output. */
export function outJson(value: unknown): void {
  process.stdout.write(`${toJson(value)}\n`);
}

/** Writes a line for people to standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** An error of the world as code, message and remedy; anything else with its stack. */
export function printError(error: unknown): void {
  if (!(error instanceof MillraceError)) {
    note(`${paintErr.red('error[internal]')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return;
  }
  const where = error.node === undefined ? '' : `${error.node}: `;
  note(`${paintErr.red(`error[${error.code}]`)}: ${where}${error.message}`);
  if (error.remedy !== undefined) note(`  ${paintErr.cyan('=')} ${error.remedy}`);
  if (error.domain === 'internal' && error.cause instanceof Error) note(error.cause.stack ?? error.cause.message);
}

const BORDERLESS = {
  ...Object.fromEntries(
    [
      'top',
      'top-mid',
      'top-left',
      'top-right',
      'bottom',
      'bottom-mid',
      'bottom-left',
      'bottom-right',
      'left',
      'left-mid',
      'mid',
      'mid-mid',
      'right',
      'right-mid',
    ].map((part) => [part, '']),
  ),
  middle: '  ',
};

/** A table without borders; columns named in `right` are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], right: readonly string[] = []): string {
  const made = new Table({
    head: [...head],
    chars: BORDERLESS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });

/** A count with thousands separated; below 100 with one decimal. */
export function count(value: number): string {
  return (Math.abs(value) < 100 ? fine : grouped).format(value);
}

/** `1 input`, `2 inputs`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

const UNITS = [
  [86_400, 'days'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** A length of time for people, in its largest unit that fits twice: `24 s`, `4 min`. */
export function span(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds >= 2 * size) ?? [1, 's'];
  return `${grouped.format(seconds / size)} ${unit}`;
}

/** The time of day here, of ms since 1970 UTC. */
export function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

/** Text in lines of at most `columns` where its words allow it; all but the first are indented two further than the text. */
export function wrapped(text: string, columns: number): readonly string[] {
  const indent = `${/^ */.exec(text)?.[0]}  `;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) +/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
