import { MillraceError } from '../../graph/contract/error.ts';
import type { FileFault, KernelContext } from '../../graph/contract/operator.ts';
import { type Instrument, instrumentTable, parseInstruments } from '../instruments/table.ts';
import type { DecideParams } from './operator.ts';

/** Instruments whose place in the table fits an order's number. */
const MOST = 2 ** 17;

/** An instrument with the place of its line, as the kernels count it. */
export interface Listed {
  readonly symbol: string;
  readonly number: number;
  readonly tick: number;
  readonly lot: number;
  readonly contract: number;
}

function numbered(instruments: readonly Instrument[], venue: string | undefined): (Instrument & { readonly number: number })[] {
  return instruments.map((one, number) => ({ ...one, number })).filter((one) => venue === undefined || one.venue === venue);
}

/** What the table must be beyond a good one: each symbol once, of the venue where one is named. */
export function inspectListed({ instruments: path, venue }: DecideParams, files: ReadonlyMap<string, string>): readonly FileFault[] {
  const { instruments, faults } = parseInstruments(files.get(path) ?? '');
  if (faults.length > 0) return [];
  const listed = numbered(instruments, venue);
  if (listed.length === 0) return [{ path, from: 0, to: 1, message: `the instrument table has no instrument of venue "${venue}"` }];
  const first = new Set<string>();
  return listed.flatMap(({ symbol, place, number }) => {
    const twice = first.has(symbol);
    first.add(symbol);
    if (number >= MOST) return [{ path, ...place, message: `the instrument table has more than ${MOST} instruments` }];
    return twice
      ? [{ path, ...place, message: `${symbol} is listed by two venues`, hint: 'Name the venue that counts with `venue`.' }]
      : [];
  });
}

/** The instruments of a node; throws `instruments-invalid` where the table is none. */
export function listedOf(context: KernelContext<DecideParams>): readonly Listed[] {
  const { params, files } = context;
  const instruments = instrumentTable(context);
  const [fault] = inspectListed(params, files);
  if (fault) throw new MillraceError(`${params.instruments}: ${fault.message}`, { code: 'instruments-invalid', domain: 'user' });
  return numbered(instruments, params.venue).map(({ symbol, number, tickText, lotText, contractSize }) => {
    return { symbol, number, tick: Number(tickText), lot: Number(lotText), contract: contractSize };
  });
}
