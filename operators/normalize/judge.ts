import { FLAG } from '../../graph/contract/columns.ts';
import { type Decimal, decimal, stepsOf, stepsOfFloat } from '../instruments/decimal.ts';
import { type Instrument, instrumentKey } from '../instruments/table.ts';
import { quotedOf } from './explain.ts';
import type { Quoted, Refusal } from './refusal.ts';
import { notFinite } from './venues/binance.ts';
import type { TradeRow } from './venues/venue.ts';

/** A trade that may leave, but for its clocks. */
export interface Judged {
  readonly instrument: Instrument;
  readonly priceTicks: bigint;
  readonly sizeLots: bigint;
  readonly flags: number;
}

export interface Refused {
  readonly code: Refusal;
  readonly quoted: Quoted;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** The trade ids of one symbol: the last `size` accepted ones, and the highest ever read. */
export interface IdWindow {
  readonly ids: bigint[];
  highest: bigint | null;
}

/** Holds trades against the instrument table and against the ids that were there. The oracle of the native kernel. */
export class Judge {
  readonly windows = new Map<string, IdWindow>();
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #windowRows: number;

  constructor(instruments: readonly Instrument[], windowRows: number) {
    this.#instruments = new Map(instruments.map((instrument) => [instrumentKey(instrument.venue, instrument.symbol), instrument]));
    this.#windowRows = windowRows;
  }

  judge(venue: string, trade: TradeRow): Judged | Refused {
    const key = instrumentKey(venue, trade.symbol);
    const instrument = this.#instruments.get(key);
    const quoted = quotedOf(trade, venue, instrument);
    if (!instrument) return { code: 'instrument-unknown', quoted };
    const window = this.#window(key);
    const gap = trade.tradeId !== null && window.highest !== null && trade.tradeId > window.highest + 1n;
    if (trade.tradeId !== null && (window.highest === null || trade.tradeId > window.highest)) window.highest = trade.tradeId;
    const price = steps('price', trade.price, instrument.tickSize);
    if (typeof price === 'string') return { code: price, quoted };
    const size = steps('size', trade.size, instrument.lotSize);
    if (typeof size === 'string') return { code: size, quoted };
    if (trade.tradeId !== null) {
      if (window.ids.includes(trade.tradeId)) return { code: 'trade-duplicate', quoted };
      window.ids.push(trade.tradeId);
      if (window.ids.length > this.#windowRows) window.ids.shift();
    }
    return { instrument, priceTicks: price, sizeLots: size, flags: gap ? FLAG.sequenceGap : 0 };
  }

  #window(key: string): IdWindow {
    const known = this.windows.get(key);
    if (known) return known;
    const fresh: IdWindow = { ids: [], highest: null };
    this.windows.set(key, fresh);
    return fresh;
  }
}

/** A value in steps, or why it has none. */
export function steps(what: 'price' | 'size', value: string | number, step: Decimal): bigint | Refusal {
  const off = what === 'price' ? 'price-off-tick' : 'size-off-lot';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return `${what}-not-finite`;
    if (value <= 0) return `${what}-not-positive`;
    const found = stepsOfFloat(value, Number(step.digits) / 10 ** step.scale);
    if (found === null) return off;
    return found > Number.MAX_SAFE_INTEGER ? `${what}-too-large` : BigInt(found);
  }
  if (notFinite(value)) return `${what}-not-finite`;
  const exact = decimal(value);
  if (exact === null) return 'field-type';
  if (exact.digits <= 0n) return `${what}-not-positive`;
  const found = stepsOf(exact, step);
  if (found === null) return off;
  return found > MAX_INT64 ? `${what}-too-large` : found;
}
