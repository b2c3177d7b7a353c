import { nearest } from '../../expression/nearest.ts';
import type { Instrument } from '../../instruments/table.ts';
import { type Fault, type Path, readDocument } from './document.ts';
import type { Limits } from './table.ts';

type Values = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** What good limits say of symbols, venues and currencies that an instrument table says otherwise, each at its place in their text. */
export function unlisted(text: string, limits: Limits, instruments: readonly Instrument[]): readonly Fault[] {
  const document = readDocument(text);
  if ('faults' in document) return document.faults;
  const { read } = document;
  const symbols = new Map(instruments.map(({ symbol, currency }) => [symbol, currency]));
  const venues = new Set(instruments.map(({ venue }) => venue));
  const given = (read.value as { readonly symbols: Values }).symbols;

  const stranger = (what: string, name: string, path: Path, names: Iterable<string>): Fault => {
    const near = nearest(name, names);
    const hint = near === null ? {} : { hint: `Did you mean "${near}"?` };
    return { ...read.span(path, true), code: 'value-invalid', message: `the instrument table has no ${what} "${name}"`, ...hint };
  };
  const ofSymbol = ([name]: readonly [string, unknown]): Fault[] => {
    const listed = symbols.get(name);
    if (listed === undefined) return [stranger('symbol', name, ['symbols', name], symbols.keys())];
    const own = given[name]?.currency;
    const currency = String(own ?? limits.currency);
    if (listed === '' || listed === currency) return [];
    const path = own === undefined ? ['symbols', name] : ['symbols', name, 'currency'];
    const message = `the tick value of "${name}" is in ${currency}, and the instrument table has it in ${listed}`;
    const hint = own === undefined ? { hint: `Add "currency: ${listed}".` } : {};
    return [{ ...read.span(path, own === undefined), code: 'value-invalid', message, ...hint }];
  };
  const ofVenue = ([name]: readonly [string, unknown]): Fault[] =>
    venues.has(name) ? [] : [stranger('venue', name, ['venues', name], venues)];
  return [...limits.symbols.flatMap(ofSymbol), ...(limits.venues ?? []).flatMap(ofVenue)].sort((a, b) => a.from - b.from);
}
