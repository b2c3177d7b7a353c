import type { FileFault } from '../../graph/contract/operator.ts';

/** A fault of a file that is not told its path; `from` and `to` are character offsets. */
export type TextFault = Omit<FileFault, 'path'>;

/** A cell as text, with where it stands. */
export interface CsvCell {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A line under the header: its cells by column. */
export interface CsvLine {
  /** From 1, as editors count. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
  cell(column: string): CsvCell;
}

export interface CsvColumns {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/**
 * A comma-separated table whose cells hold no commas and no quotes; a byte order mark, blanks around cells and empty lines do not count.
 * Lines with another number of cells than the header are left out and recorded, as are columns that lack or are not known, with `code`.
 */
export function readCsv(text: string, columns: CsvColumns, code: string): { lines: readonly CsvLine[]; faults: TextFault[] } {
  const faults: TextFault[] = [];
  const [head, ...rest] = linesOf(text);
  const header = head ? cellsOf(head) : [];
  const names = header.map((cell) => cell.text);
  const place = { from: head?.from ?? 0, to: head?.to ?? 0 };
  for (const name of columns.required) if (!names.includes(name)) faults.push({ ...place, code, message: `there is no column "${name}"` });
  const known = [...columns.required, ...columns.optional];
  header.forEach((cell, i) => {
    const where = { from: cell.from, to: cell.to, code };
    if (!known.includes(cell.text)) faults.push({ ...where, message: `column "${cell.text}" is not one of ${known.join(', ')}` });
    else if (names.indexOf(cell.text) < i) faults.push({ ...where, message: `column "${cell.text}" is there twice` });
  });
  if (faults.length > 0) return { lines: [], faults };
  const lines = rest.flatMap((line): CsvLine[] => {
    if (line.text.trim() === '') return [];
    const cells = cellsOf(line);
    if (cells.length !== header.length) {
      const message = `${cells.length} cells under ${header.length} columns`;
      faults.push({ from: line.from, to: line.to, code, message });
      return [];
    }
    const byName = new Map(names.map((name, i) => [name, cells[i] as CsvCell]));
    const absent: CsvCell = { text: '', from: line.from, to: line.to };
    return [{ ...line, cell: (column) => byName.get(column) ?? absent }];
  });
  return { lines, faults };
}

/** Faults as text, a line each: `path:line: message`. */
export function faultLines(text: string, path: string, faults: readonly TextFault[]): string {
  return faults.map(({ from, message }) => `${path}:${text.slice(0, from).split('\n').length}: ${message}`).join('\n');
}

interface Line {
  readonly text: string;
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

function linesOf(text: string): Line[] {
  let from = 0;
  return text.split('\n').map((whole, i) => {
    const skipped = i === 0 && whole.startsWith('\uFEFF') ? 1 : 0;
    const line = whole.slice(skipped).replace(/\r$/, '');
    const start = from + skipped;
    from += whole.length + 1;
    return { text: line, number: i + 1, from: start, to: start + line.length };
  });
}

function cellsOf(line: Line): CsvCell[] {
  let at = line.from;
  return line.text.split(',').map((raw) => {
    const from = at + (raw.length - raw.trimStart().length);
    at += raw.length + 1;
    const text = raw.trim();
    return { text, from, to: from + text.length };
  });
}
