import type { FileFault } from '../../graph/contract/operator.ts';

/** A fault of a text; `from` and `to` are characters of it. */
export type TextFault = Omit<FileFault, 'path'>;

/** A cell: what it says, without quotes and blanks around it, and where it stands, quotes included. */
export interface Cell {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** Where its first character is: behind a quote. */
  readonly at: number;
}

/**
 * The lines of a comma-separated table as RFC 4180 has them: a cell in quotes may hold commas, line ends and doubled quotes. Empty lines and
 * a byte order mark do not count. What is wrong is recorded: a quote that does not end, and text behind one that does.
 */
export function csvLines(text: string, faults: TextFault[]): readonly (readonly Cell[])[] {
  const lines: Cell[][] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    const cells: Cell[] = [];
    for (;;) {
      const cell = cellAt(text, at, faults);
      cells.push(cell);
      at = cell.next;
      if (text[at] !== ',') break;
      at += 1;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    if (cells.length > 1 || cells[0]?.text !== '') lines.push(cells);
  }
  return lines;
}

function cellAt(text: string, start: number, faults: TextFault[]): Cell & { readonly next: number } {
  let from = start;
  while (text[from] === ' ' || text[from] === '\t') from += 1;
  if (text[from] !== '"') {
    const next = endOf(text, start);
    const raw = text.slice(start, next);
    const begin = start + raw.length - raw.trimStart().length;
    return { text: raw.trim(), from: Math.min(begin, next), to: begin + raw.trim().length, at: begin, next };
  }
  let close = text.indexOf('"', from + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close < 0) {
    const line = text.indexOf('\n', from);
    faults.push({ from, to: line < 0 ? text.length : line, message: 'a quote is opened and not closed' });
    return { text: text.slice(from + 1).trim(), from, to: text.length, at: from + 1, next: text.length };
  }
  const next = endOf(text, close + 1);
  const behind = text.slice(close + 1, next).trim();
  if (behind !== '') faults.push({ from: close + 1, to: next, message: `"${behind}" stands behind a cell in quotes` });
  return {
    text: text
      .slice(from + 1, close)
      .replaceAll('""', '"')
      .trim(),
    from,
    to: close + 1,
    at: from + 1,
    next,
  };
}

const END = /[,\n]|\r\n|\r$/g;

/** Where a cell without quotes ends. */
function endOf(text: string, start: number): number {
  END.lastIndex = start;
  return END.exec(text)?.index ?? text.length;
}
