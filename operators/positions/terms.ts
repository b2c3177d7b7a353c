import { MillraceError } from '../../graph/contract/error.ts';
import type { FileFault, KernelContext } from '../../graph/contract/operator.ts';
import { type Instrument, parseInstruments } from '../instruments/table.ts';
import { rateOf, unitsOf } from '../money/money.ts';
import type { PositionsParams } from './operator.ts';

/** An instrument as the kernels count it. */
export interface Listed {
  readonly symbol: string;
  readonly currency: string;
  /** Money per lot and thousandth of a tick, 10^-18 of the currency. */
  readonly point: bigint;
  readonly tick: number;
  readonly lot: number;
  readonly contract: number;
  /** A thousandth of a tick is `tickDigits * 10^-priceScale`. */
  readonly tickDigits: bigint;
  readonly priceScale: number;
  /** A lot is `lotDigits * 10^-lotScale`. */
  readonly lotDigits: bigint;
  readonly lotScale: number;
}

/** A symbol whose price is a rate: base currency per unit of the currency, or its inverse. */
export interface Cross {
  readonly currency: string;
  readonly symbol: string;
  readonly inverse: boolean;
}

/** Parameters and instrument table as exact numbers. */
export interface Terms {
  /** The base currency first. */
  readonly currencies: readonly string[];
  readonly instruments: ReadonlyMap<string, Listed>;
  /** Fixed rates to the base currency, 10^-15. */
  readonly rates: ReadonlyMap<string, bigint>;
  readonly crosses: readonly Cross[];
  /** What every account begins with, 10^-18 of the currency. */
  readonly cash: ReadonlyMap<string, bigint>;
  /** Parts of the notional, 10^-10. */
  readonly maker: bigint;
  readonly taker: bigint;
}

/** Decimals that tick, lot and contract size may have together: a thousandth of a tick of a lot is then a whole 10^-18. */
const MOST_DECIMALS = 15;
const MOST_POINT = 10n ** 30n;

/** The terms of a node. Throws `instruments-invalid` with every fault of the table. */
export function termsOf({ params, files }: KernelContext<PositionsParams>): Terms {
  const path = params.instruments;
  const text = files.get(path);
  if (text === undefined) throw new MillraceError(`"${path}" was not loaded`, { code: 'file-absent', domain: 'internal' });
  const { terms, faults } = readTerms(params, text);
  if (faults.length === 0) return terms;
  const shown = faults.map(({ from, message }) => `${path}:${text.slice(0, from).split('\n').length}: ${message}`);
  throw new MillraceError(shown.join('\n'), { code: 'instruments-invalid', domain: 'user', remedy: `correct ${path}` });
}

/** Every fault of the instrument table. */
export function inspectTerms(params: PositionsParams, files: ReadonlyMap<string, string>): readonly FileFault[] {
  const { faults } = readTerms(params, files.get(params.instruments) ?? '');
  return faults.map((fault) => ({ path: params.instruments, ...fault }));
}

function readTerms(params: PositionsParams, text: string): { terms: Terms; faults: readonly Omit<FileFault, 'path'>[] } {
  const read = parseInstruments(text);
  const faults = [...read.faults];
  const crosses = Object.entries(params.fx).map(([currency, given]): Cross => {
    return typeof given === 'string' ? { currency, symbol: given, inverse: false } : { currency, ...given };
  });
  const rates = new Map(Object.entries(params.rates).map(([currency, rate]) => [currency, rateOf(rate, false) ?? 0n]));
  const convertible = [params.base, ...rates.keys(), ...crosses.map(({ currency }) => currency)];
  const instruments = new Map<string, Listed>();
  for (const line of read.instruments.filter(({ venue }) => params.venue === undefined || venue === params.venue)) {
    const fault = (message: string, hint: string) => faults.push({ ...line.place, message, hint });
    const listed = listedOf(line, params.base);
    if (listed === null) {
      const message = `tick, lot and contract size of ${line.symbol} have more than ${MOST_DECIMALS} decimals together, or are too large`;
      fault(message, `A thousandth of a tick of one lot must be a whole number of 10^-18 ${line.currency}.`);
    } else if (instruments.has(line.symbol)) {
      fault(`symbol ${line.symbol} is listed on several venues`, 'Choose one with "venue".');
    } else {
      if (!convertible.includes(listed.currency)) {
        const message = `there is no rate from ${listed.currency}, the currency of ${line.symbol}, to ${params.base}`;
        fault(message, `Say it under "rates", or name the symbol that gives it under "fx".`);
      }
      instruments.set(line.symbol, listed);
    }
  }
  if (instruments.size === 0 && faults.length === 0) {
    const message = `no instrument is listed on venue "${params.venue}"`;
    faults.push({ from: 0, to: 1, message });
  }
  const terms: Terms = {
    currencies: [...new Set([...convertible, ...Object.keys(params.cash)])],
    instruments,
    rates,
    crosses,
    cash: new Map(Object.entries(params.cash).map(([currency, units]) => [currency, unitsOf(units) ?? 0n])),
    maker: share(params.maker_bps),
    taker: share(params.taker_bps),
  };
  return { terms, faults };
}

function listedOf({ symbol, currency, tickSize, lotSize, contract }: Instrument, base: string): Listed | null {
  const scale = tickSize.scale + lotSize.scale + contract.scale;
  const point = tickSize.digits * lotSize.digits * contract.digits * 10n ** BigInt(Math.max(MOST_DECIMALS - scale, 0));
  if (scale > MOST_DECIMALS || point > MOST_POINT) return null;
  const float = ({ digits, scale: decimals }: { digits: bigint; scale: number }) => Number(`${digits}e-${decimals}`);
  return {
    symbol,
    currency: currency === '' ? base : currency,
    point,
    tick: float(tickSize),
    lot: float(lotSize),
    contract: float(contract),
    tickDigits: tickSize.digits,
    priceScale: tickSize.scale + 3,
    lotDigits: lotSize.digits,
    lotScale: lotSize.scale,
  };
}

function share(bps: number): bigint {
  return BigInt(Math.round(bps * 1e6));
}
