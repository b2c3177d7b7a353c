import type { FileFault } from '../../graph/contract/operator.ts';

/** A fault of a text; `from` and `to` are characters of it. */
export type TextFault = Omit<FileFault, 'path'>;

/** A cell as text, with where it stands. */
export interface CsvCell {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A line under the header: its cells by column. */
export interface CsvLine {
  readonly from: number;
  readonly to: number;
  cell(column: string): CsvCell;
}

/**
 * A comma-separated table of given columns in any order, whose cells hold no commas and no quotes; a byte order mark, blanks around
 * cells and empty lines do not count. Lines with another number of cells than the header are left out and recorded, as are columns that
 * lack, are not known, or come twice.
 */
export function readCsv(text: string, columns: readonly string[]): { readonly lines: readonly CsvLine[]; readonly faults: TextFault[] } {
  const faults: TextFault[] = [];
  const [header = [], ...rest] = linesOf(text);
  const names = header.map((cell) => cell.text);
  const hint = `Its first line names its columns: ${columns.join(',')}.`;
  for (const name of columns) {
    if (!names.includes(name))
      faults.push({ from: 0, to: Math.max(header.at(-1)?.to ?? 1, 1), message: `there is no column "${name}"`, hint });
  }
  header.forEach(({ text: name, from, to }, i) => {
    const place = { from, to: Math.max(to, from + 1) };
    if (!columns.includes(name)) faults.push({ ...place, message: `column "${name}" is not one of ${columns.join(', ')}` });
    else if (names.indexOf(name) < i) faults.push({ ...place, message: `column "${name}" is there twice` });
  });
  if (faults.length > 0) return { lines: [], faults };
  const lines = rest.flatMap((cells): CsvLine[] => {
    const [first, last] = [cells[0] as CsvCell, cells.at(-1) as CsvCell];
    if (cells.length === 1 && first.text === '') return [];
    const place = { from: first.from, to: Math.max(last.to, first.from + 1) };
    if (cells.length !== header.length) {
      faults.push({ ...place, message: `${cells.length} cells under ${header.length} columns` });
      return [];
    }
    const byName = new Map(names.map((name, i) => [name, cells[i] as CsvCell]));
    return [{ ...place, cell: (column) => byName.get(column) ?? { text: '', ...place } }];
  });
  return { lines, faults };
}

function linesOf(text: string): CsvCell[][] {
  let from = text.startsWith('\uFEFF') ? 1 : 0;
  return text
    .slice(from)
    .split('\n')
    .map((line) =>
      line.split(',').map((cell) => {
        const start = from + cell.length - cell.trimStart().length;
        from += cell.length + 1;
        return { text: cell.trim(), from: start, to: start + cell.trim().length };
      }),
    );
}
