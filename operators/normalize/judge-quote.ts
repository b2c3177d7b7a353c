import { FLAG } from '../../graph/contract/columns.ts';
import { type Instrument, instrumentKey } from '../instruments/table.ts';
import { type Refused, steps } from './judge.ts';
import type { QuoteRow } from './venues/venue.ts';

/** Price and size of one side, in steps. */
export interface LevelSteps {
  readonly ticks: bigint;
  readonly lots: bigint;
}

/** A quote whose numbers fit its instrument. */
export interface MeasuredQuote {
  readonly instrument: Instrument;
  readonly bid: LevelSteps;
  readonly ask: LevelSteps;
}

/** A quote that may leave, but for its clocks. */
export interface JudgedQuote extends MeasuredQuote {
  readonly flags: number;
}

/** The update numbers of one symbol: the last accepted one, and how many quotes since were at or before it. */
export interface Updates {
  readonly last: bigint;
  readonly stale: number;
}

/** What can be said of a quote without those before it. */
export function measure(quote: QuoteRow, venue: string, instrument: Instrument | undefined): MeasuredQuote | Refused {
  const { symbol } = quote;
  if (!instrument) return { code: 'instrument-unknown', quoted: { symbol, venue } };
  const level = (what: 'bid' | 'ask'): LevelSteps | Refused => {
    const quoted = { symbol, instrument, what, ...quote[what] };
    const ticks = steps('price', quote[what].price, instrument.tickSize);
    if (typeof ticks === 'string') return { code: ticks, quoted };
    const lots = steps('size', quote[what].size, instrument.lotSize);
    return typeof lots === 'string' ? { code: lots, quoted } : { ticks, lots };
  };
  const bid = level('bid');
  if ('code' in bid) return bid;
  const ask = level('ask');
  if ('code' in ask) return ask;
  if (bid.ticks >= ask.ticks) return { code: 'quote-crossed', quoted: { symbol, what: 'bid', price: quote.bid.price } };
  return { instrument, bid, ask };
}

/** Holds quotes against the instrument table and the update numbers that were there. The oracle of the native kernel. */
export class QuoteJudge {
  readonly updates = new Map<string, Updates>();
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #patience: number;

  /** `patience`: quotes in a row that may be numbered at or before the last accepted one; the next then begins a new numbering. */
  constructor(instruments: readonly Instrument[], patience: number) {
    this.#instruments = new Map(instruments.map((instrument) => [instrumentKey(instrument.venue, instrument.symbol), instrument]));
    this.#patience = patience;
  }

  judge(venue: string, quote: QuoteRow): JudgedQuote | Refused {
    const key = instrumentKey(venue, quote.symbol);
    const measured = measure(quote, venue, this.#instruments.get(key));
    if ('code' in measured) return measured;
    const known = this.updates.get(key);
    const behind = known !== undefined && quote.sequence <= known.last;
    if (behind && known.stale < this.#patience) {
      this.updates.set(key, { last: known.last, stale: known.stale + 1 });
      return { code: 'quote-stale', quoted: { symbol: quote.symbol, sequence: quote.sequence } };
    }
    this.updates.set(key, { last: quote.sequence, stale: 0 });
    return { ...measured, flags: behind ? FLAG.sequenceGap : 0 };
  }
}
