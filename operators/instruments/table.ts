import { MillraceError } from '../../graph/contract/error.ts';
import type { FileFault, KernelContext } from '../../graph/contract/operator.ts';
import { type Decimal, decimal } from './decimal.ts';

/** A line of the instrument table. */
export interface Instrument {
  readonly venue: string;
  /** As the venue writes it. */
  readonly symbol: string;
  readonly tickSize: Decimal;
  readonly lotSize: Decimal;
  /** As written, for reasons. */
  readonly tickText: string;
  readonly lotText: string;
  /** Units of the underlying, or of quote currency for inverse contracts, that one unit of size stands for. */
  readonly contractSize: number;
  /** The same, exactly. */
  readonly contract: Decimal;
  readonly currency: string;
  /** Branch of business, or whatever else exposures are grouped by; empty where the table has none. */
  readonly sector: string;
  /** Where its line stands: characters [from, to) of the text. */
  readonly place: { readonly from: number; readonly to: number };
}

/** What is wrong in a table: characters [from, to) of its text. */
type Fault = Omit<FileFault, 'path'>;

/** Digits of a step; with them 128 bits hold every intermediate result of the native kernels. */
const MAX_STEP = 10n ** 18n;

const REQUIRED = ['venue', 'symbol', 'tick_size', 'lot_size'] as const;
const OPTIONAL = ['contract_size', 'currency', 'sector'] as const;
const COLUMNS: readonly string[] = [...REQUIRED, ...OPTIONAL];

/** A cell with its place. */
interface Cell {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Reads `venue,symbol,tick_size,lot_size[,contract_size,currency,sector]`, columns in any order, with every fault at its place. */
export function parseInstruments(text: string): { readonly instruments: readonly Instrument[]; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const say = ({ from, to }: Pick<Cell, 'from' | 'to'>, message: string, hint?: string): void =>
    void faults.push({ from, to: Math.max(to, from + 1), message, ...(hint === undefined ? {} : { hint }) });
  const [header = [], ...lines] = linesOf(text);
  if (text.trim() === '') {
    say({ from: 0, to: 1 }, 'the instrument table is empty', `Its first line names its columns: ${COLUMNS.join(',')}.`);
    return { instruments: [], faults };
  }
  for (const name of REQUIRED)
    if (!header.some((cell) => cell.text === name))
      say({ from: 0, to: header.at(-1)?.to ?? 1 }, `the instrument table has no column "${name}"`, `Its columns: ${COLUMNS.join(', ')}.`);
  for (const cell of header)
    if (!COLUMNS.includes(cell.text))
      say(cell, `column "${cell.text}" is not one of ${COLUMNS.join(', ')}`, 'Remove it, or correct its name.');

  const instruments = new Map<string, Instrument>();
  if (faults.length > 0) return { instruments: [], faults };
  for (const cells of lines) {
    const [first] = cells;
    if (!first || (cells.length === 1 && first.text === '')) continue;
    if (cells.length !== header.length) {
      say({ from: first.from, to: cells.at(-1)?.to ?? first.to }, `${cells.length} cells under ${header.length} columns`);
      continue;
    }
    const instrument = instrumentOf(new Map(header.map((cell, i) => [cell.text, cells[i] as Cell])), say);
    if (!instrument) continue;
    const key = instrumentKey(instrument.venue, instrument.symbol);
    if (instruments.has(key)) say(first, `${instrument.symbol} of ${instrument.venue} is there twice`);
    instruments.set(key, { ...instrument, place: { from: first.from, to: cells.at(-1)?.to ?? first.to } });
  }
  if (instruments.size === 0 && faults.length === 0) say({ from: 0, to: 1 }, 'the instrument table has no instrument');
  return { instruments: [...instruments.values()], faults };
}

function instrumentOf(
  cells: ReadonlyMap<string, Cell>,
  say: (cell: Cell, message: string, hint?: string) => void,
): Omit<Instrument, 'place'> | null {
  const at = (name: string): Cell => cells.get(name) ?? { text: '', from: 0, to: 0 };
  const positive = (name: string): Decimal | null => {
    const value = decimal(at(name).text);
    if (value !== null && value.digits > 0n && value.digits < MAX_STEP && value.scale <= 18) return value;
    say(at(name), `${name} "${at(name).text}" is not a positive decimal such as 0.10`);
    return null;
  };
  const word = (name: string): string => {
    if (!at(name).text) say(at(name), `${name} is empty`);
    return at(name).text;
  };
  const venue = word('venue');
  const symbol = word('symbol');
  const tickSize = positive('tick_size');
  const lotSize = positive('lot_size');
  const contract = at('contract_size').text ? positive('contract_size') : { digits: 1n, scale: 0 };
  if (!venue || !symbol || !tickSize || !lotSize || !contract) return null;
  return {
    venue,
    symbol,
    tickSize,
    lotSize,
    tickText: at('tick_size').text,
    lotText: at('lot_size').text,
    contractSize: Number(at('contract_size').text || 1),
    contract,
    currency: at('currency').text,
    sector: at('sector').text,
  };
}

function linesOf(text: string): Cell[][] {
  let from = text.startsWith('\uFEFF') ? 1 : 0;
  return text
    .slice(from)
    .split('\n')
    .map((line) => {
      const cells = line
        .replace(/\r$/, '')
        .split(',')
        .map((cell) => {
          const start = from + cell.length - cell.trimStart().length;
          from += cell.length + 1;
          return { text: cell.trim(), from: start, to: start + cell.trim().length };
        });
      if (line.endsWith('\r')) from += 1;
      return cells;
    });
}

/** Name of an instrument in a map. */
export function instrumentKey(venue: string, symbol: string): string {
  return `${venue}/${symbol}`;
}

/** Every fault of the table that a node names: for `inspect` of its operator. */
export function inspectInstruments(path: string, files: ReadonlyMap<string, string>): readonly FileFault[] {
  return parseInstruments(files.get(path) ?? '').faults.map((fault) => ({ path, ...fault }));
}

/** The instrument table of a node; throws `instruments-invalid` with every fault and its line. */
export function instrumentTable({
  params,
  files,
}: Pick<KernelContext<{ readonly instruments: string }>, 'params' | 'files'>): readonly Instrument[] {
  const path = params.instruments;
  const text = files.get(path);
  if (text === undefined) throw new MillraceError(`"${path}" was not loaded`, { code: 'file-absent', domain: 'internal' });
  const { instruments, faults } = parseInstruments(text);
  if (faults.length === 0) return instruments;
  const shown = faults.map(({ from, message }) => `${path}:${text.slice(0, from).split('\n').length}: ${message}`);
  throw new MillraceError(shown.join('\n'), { code: 'instruments-invalid', domain: 'user', remedy: `correct ${path}` });
}
