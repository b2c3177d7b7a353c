import { MillraceError } from '../../graph/contract/error.ts';
import type { KernelContext } from '../../graph/contract/operator.ts';
import { type CsvLine, faultLines, readCsv, type TextFault } from './csv.ts';
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
  readonly contractSize: Decimal;
  /** What its price is quoted in; empty where the table does not say. */
  readonly currency: string;
  /** Group of instruments that exposure and stress are told by; empty where the table does not say. */
  readonly sector: string;
  /** Where its line stands: character offsets. */
  readonly place: { readonly from: number; readonly to: number };
}

/** Digits of a step; with them 128 bits hold every intermediate result of the native kernel. */
const MAX_STEP = 10n ** 18n;

const COLUMNS = {
  required: ['venue', 'symbol', 'tick_size', 'lot_size'],
  optional: ['contract_size', 'currency', 'sector'],
} as const;

const CODE = 'instruments-invalid';

/** Reads `venue,symbol,tick_size,lot_size[,contract_size,currency,sector]` with every fault and its place. */
export function parseInstruments(text: string): { instruments: readonly Instrument[]; faults: readonly TextFault[] } {
  const { lines, faults } = readCsv(text, COLUMNS, CODE);
  const instruments = new Map<string, Instrument>();
  for (const line of lines) {
    const instrument = readLine(line, faults);
    if (!instrument) continue;
    const { venue, symbol } = instrument;
    const key = instrumentKey(venue, symbol);
    if (instruments.has(key)) faults.push({ from: line.from, to: line.to, code: CODE, message: `${symbol} of ${venue} is there twice` });
    instruments.set(key, instrument);
  }
  if (instruments.size === 0 && faults.length === 0) {
    faults.push({ from: 0, to: text.length, code: CODE, message: 'there is no instrument in it' });
  }
  return { instruments: [...instruments.values()], faults: faults.sort((a, b) => a.from - b.from) };
}

/** The same; throws `instruments-invalid` with every fault and its line. */
export function readInstruments(text: string, path: string): readonly Instrument[] {
  const { instruments, faults } = parseInstruments(text);
  if (faults.length > 0) {
    throw new MillraceError(faultLines(text, path, faults), { code: CODE, domain: 'user', remedy: `correct ${path}` });
  }
  return instruments;
}

/** Name of an instrument in a map. */
export function instrumentKey(venue: string, symbol: string): string {
  return `${venue}/${symbol}`;
}

function readLine(line: CsvLine, faults: TextFault[]): Instrument | null {
  const fault = (column: string, message: string): null => {
    const { from, to } = line.cell(column);
    faults.push({ from, to, code: CODE, message });
    return null;
  };
  const positive = (column: string): Decimal | null => {
    const { text } = line.cell(column);
    const value = decimal(text);
    if (value !== null && value.digits > 0n && value.digits < MAX_STEP && value.scale <= 18) return value;
    return fault(column, `${column} "${text}" is not a positive decimal such as 0.10`);
  };
  const word = (column: string): string => {
    const { text } = line.cell(column);
    if (text === '') fault(column, `${column} is empty`);
    return text;
  };
  const venue = word('venue');
  const symbol = word('symbol');
  const tickSize = positive('tick_size');
  const lotSize = positive('lot_size');
  const contractSize = line.cell('contract_size').text === '' ? { digits: 1n, scale: 0 } : positive('contract_size');
  if (!venue || !symbol || !tickSize || !lotSize || !contractSize) return null;
  return {
    venue,
    symbol,
    tickSize,
    lotSize,
    tickText: line.cell('tick_size').text,
    lotText: line.cell('lot_size').text,
    contractSize,
    currency: line.cell('currency').text,
    sector: line.cell('sector').text,
    place: { from: line.from, to: line.to },
  };
}

/** The instrument table of a node. */
export function instrumentTable(context: KernelContext<{ readonly instruments: string }>): readonly Instrument[] {
  const { instruments: path } = context.params;
  return readInstruments(fileText(context.files, path), path);
}

/** Contents of a file that the parameters name. */
export function fileText(files: ReadonlyMap<string, string>, path: string): string {
  const text = files.get(path);
  if (text === undefined) throw new MillraceError(`"${path}" was not loaded`, { code: 'file-absent', domain: 'internal' });
  return text;
}
