import { type DataType, Type } from 'apache-arrow';
import type { Cell } from '../../graph/contract/rows.ts';

const NS_PER_MS = 1_000_000n;
/** A column grows to its widest cell, up to this. */
const WIDEST = 40;

/** A cell as a person reads it: times in ISO 8601 with nine digits, numbers with at most 12 digits, nothing for null. */
export function textOf(cell: Cell, type: DataType): string {
  if (cell === null) return '';
  if (type.typeId === Type.Timestamp && typeof cell === 'bigint') return isoNs(cell);
  if (typeof cell === 'number') return String(Number.isInteger(cell) ? cell : Number(cell.toPrecision(12)));
  if (cell instanceof Uint8Array) return clean(Buffer.from(cell).toString('utf8'));
  return clean(String(cell));
}

/** ns since 1970 UTC as ISO 8601. */
export function isoNs(ns: bigint): string {
  const rest = ((ns % NS_PER_MS) + NS_PER_MS) % NS_PER_MS;
  const date = new Date(Number((ns - rest) / NS_PER_MS));
  if (Number.isNaN(date.getTime())) return String(ns);
  return date.toISOString().replace('Z', `${String(rest).padStart(6, '0')}Z`);
}

/** One line of printable characters: what a terminal would obey is left out. */
function clean(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

/** Lines of aligned cells under a heading, which comes again when a column has grown. */
export class TextTable {
  readonly #names: readonly string[];
  readonly #right: readonly boolean[];
  readonly #widths: number[];
  #headed = false;

  constructor(names: readonly string[], types: readonly DataType[]) {
    this.#names = names;
    this.#right = types.map((type) => type.typeId === Type.Float || type.typeId === Type.Int);
    this.#widths = names.map((name) => name.length);
  }

  /** Text of some rows, with a heading where one is due. */
  rows(rows: readonly (readonly string[])[]): string {
    let grown = !this.#headed;
    for (const cells of rows) {
      cells.forEach((text, i) => {
        const width = Math.min(WIDEST, text.length);
        if (width <= (this.#widths[i] ?? 0)) return;
        this.#widths[i] = width;
        grown = true;
      });
    }
    this.#headed = true;
    return [...(grown ? [this.#names] : []), ...rows].map((cells) => this.#line(cells)).join('');
  }

  #line(cells: readonly string[]): string {
    const shown = cells.map((text, i) => {
      const width = this.#widths[i] ?? 0;
      const cut = text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
      return this.#right[i] ? cut.padStart(width) : cut.padEnd(width);
    });
    return `${shown.join('  ').trimEnd()}\n`;
  }
}
