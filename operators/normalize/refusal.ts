import type { Instrument } from '../instruments/table.ts';

/** Why a row is refused; the native kernel gives the index in this list. */
export const REFUSALS = [
  'payload-unparsable',
  'field-missing',
  'field-type',
  'instrument-unknown',
  'side-unknown',
  'price-not-finite',
  'price-not-positive',
  'price-off-tick',
  'price-too-large',
  'size-not-finite',
  'size-not-positive',
  'size-off-lot',
  'size-too-large',
  'trade-duplicate',
  'quote-crossed',
  'quote-stale',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** What a reason quotes of the row; what could not be read is absent. */
export interface Quoted {
  readonly symbol?: string | undefined;
  readonly price?: string | number | undefined;
  readonly size?: string | number | undefined;
  readonly side?: string | undefined;
  readonly tradeId?: bigint | undefined;
  readonly sequence?: bigint | null | undefined;
  /** What the price is called: that of a trade, or a side of a quote. */
  readonly what?: 'price' | 'bid' | 'ask' | undefined;
  readonly venue?: string | undefined;
  /** The field that is missing or of the wrong type. */
  readonly field?: string | undefined;
  readonly instrument?: Instrument | undefined;
}

/** Longest value quoted in a reason. */
const QUOTED_LENGTH = 80;

/** The reason in words. */
export function reasonOf(code: Refusal, q: Quoted): string {
  const what = q.what ?? 'price';
  const price = `${what} ${cut(q.price)} of ${cut(q.symbol)}`;
  const size = `${what === 'price' ? 'size' : `${what} size`} ${cut(q.size)} of ${cut(q.symbol)}`;
  switch (code) {
    case 'payload-unparsable':
      return 'the payload is not one JSON object with unique keys, at most 128 deep';
    case 'field-missing':
      return `"${q.field}" is missing`;
    case 'field-type':
      return q.field === undefined ? `${price}, ${size}: not both are plain decimals` : `"${q.field}" is not what the venue documents`;
    case 'instrument-unknown':
      return `${cut(q.symbol)} of ${cut(q.venue)} is not in the instrument table`;
    case 'side-unknown':
      return `side "${cut(q.side)}" is neither buy nor sell`;
    case 'price-not-finite':
      return `${price} is not finite`;
    case 'price-not-positive':
      return `${price} is not positive`;
    case 'price-off-tick':
      return `${price} is not a multiple of its tick size ${q.instrument?.tickText}`;
    case 'price-too-large':
      return `${price} has too many ticks for 64 bits`;
    case 'size-not-finite':
      return `${size} is not finite`;
    case 'size-not-positive':
      return `${size} is not positive`;
    case 'size-off-lot':
      return `${size} is not a multiple of its lot size ${q.instrument?.lotText}`;
    case 'size-too-large':
      return `${size} has too many lots for 64 bits`;
    case 'trade-duplicate':
      return `trade ${q.tradeId} of ${cut(q.symbol)} was there before`;
    case 'quote-crossed':
      return `${price} is not below the ask`;
    case 'quote-stale':
      return `update ${q.sequence} of ${cut(q.symbol)} is at or before the last one`;
  }
}

function cut(value: string | number | undefined): string {
  const text = String(value);
  return text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
}
