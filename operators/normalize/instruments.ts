import { MillraceError } from '../../graph/contract/error.ts';
import type { KernelContext } from '../../graph/contract/operator.ts';
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
  readonly currency: string;
}

/** Digits of a step; with them 128 bits hold every intermediate result of the native kernel. */
const MAX_STEP = 10n ** 18n;

const REQUIRED = ['venue', 'symbol', 'tick_size', 'lot_size'] as const;
const OPTIONAL = ['contract_size', 'currency'] as const;

/** Reads `venue,symbol,tick_size,lot_size[,contract_size,currency]`; throws `instruments-invalid` with every fault and its line. */
export function readInstruments(text: string, path: string): readonly Instrument[] {
  const faults: string[] = [];
  const [first = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = first.split(',').map((name) => name.trim());
  for (const name of REQUIRED) if (!header.includes(name)) faults.push(`${path}:1: there is no column "${name}"`);
  const known: readonly string[] = [...REQUIRED, ...OPTIONAL];
  for (const name of header) if (!known.includes(name)) faults.push(`${path}:1: column "${name}" is not one of ${known.join(', ')}`);

  const instruments = new Map<string, Instrument>();
  if (faults.length === 0) {
    lines.forEach((line, i) => {
      if (line.trim() === '') return;
      const where = `${path}:${i + 2}`;
      const cells = line.split(',').map((cell) => cell.trim());
      if (cells.length !== header.length) faults.push(`${where}: ${cells.length} cells under ${header.length} columns`);
      else readLine(Object.fromEntries(header.map((name, c) => [name, cells[c] ?? ''])), where, instruments, faults);
    });
    if (instruments.size === 0 && faults.length === 0) faults.push(`${path}: there is no instrument in it`);
  }
  if (faults.length > 0) {
    throw new MillraceError(faults.join('\n'), { code: 'instruments-invalid', domain: 'user', remedy: `correct ${path}` });
  }
  return [...instruments.values()];
}

/** Name of an instrument in a map. */
export function instrumentKey(venue: string, symbol: string): string {
  return `${venue}/${symbol}`;
}

function readLine(cells: Readonly<Record<string, string>>, where: string, instruments: Map<string, Instrument>, faults: string[]): void {
  const positive = (name: string): Decimal | null => {
    const value = decimal(cells[name] ?? '');
    if (value !== null && value.digits > 0n && value.digits < MAX_STEP && value.scale <= 18) return value;
    faults.push(`${where}: ${name} "${cells[name]}" is not a positive decimal such as 0.10`);
    return null;
  };
  const word = (name: string): string => {
    if (!cells[name]) faults.push(`${where}: ${name} is empty`);
    return cells[name] ?? '';
  };
  const venue = word('venue');
  const symbol = word('symbol');
  const tickSize = positive('tick_size');
  const lotSize = positive('lot_size');
  const contract = cells.contract_size ? positive('contract_size') : { digits: 1n, scale: 0 };
  if (!venue || !symbol || !tickSize || !lotSize || !contract) return;
  const key = instrumentKey(venue, symbol);
  if (instruments.has(key)) faults.push(`${where}: ${symbol} of ${venue} is there twice`);
  instruments.set(key, {
    venue,
    symbol,
    tickSize,
    lotSize,
    tickText: cells.tick_size ?? '',
    lotText: cells.lot_size ?? '',
    contractSize: Number(cells.contract_size || 1),
    currency: cells.currency ?? '',
  });
}

/** The instrument table of a node. */
export function instrumentTable(context: KernelContext<{ readonly instruments: string }>): readonly Instrument[] {
  const { instruments: path } = context.params;
  const text = context.files.get(path);
  if (text === undefined) throw new MillraceError(`"${path}" was not loaded`, { code: 'file-absent', domain: 'internal' });
  return readInstruments(text, path);
}
