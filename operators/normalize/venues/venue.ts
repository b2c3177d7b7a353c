import type { Quoted, Refusal } from '../refusal.ts';

/** A trade as a venue or a typed input tells it, before it is held against the instrument table. */
export interface TradeRow {
  readonly tsEvent: bigint;
  readonly symbol: string;
  readonly sequence: bigint | null;
  readonly tradeId: bigint | null;
  /** Decimal text, or a Float64 of a typed input. */
  readonly price: string | number;
  readonly size: string | number;
  readonly side: 'buy' | 'sell' | null;
}

/** One side of a quote, decimal texts. */
export interface LevelText {
  readonly price: string;
  readonly size: string;
}

/** The best bid and ask as a venue tells them, before they are held against the instrument table. */
export interface QuoteRow {
  /** Null: the venue gives no time. */
  readonly tsEvent: bigint | null;
  readonly symbol: string;
  readonly sequence: bigint;
  readonly bid: LevelText;
  readonly ask: LevelText;
}

/** Kinds of rows that `normalize` can be asked for. */
export const ROW_KINDS = ['trades', 'quotes'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** What a row turned out to be. */
export type ReadRow =
  | { readonly is: 'trade'; readonly trade: TradeRow }
  | { readonly is: 'quote'; readonly quote: QuoteRow }
  /** Of a kind nobody asked for. */
  | { readonly is: 'ignored'; readonly kind: string }
  | { readonly is: 'refused'; readonly code: Refusal; readonly quoted: Quoted };

/** A venue whose raw payloads can be read. */
export interface Venue {
  readonly name: string;
  /** The vendor's documentation. */
  readonly source: string;
  /** Whether its quotes say when they came to be. */
  readonly quotesTimed: boolean;
  /** Reads one payload, all but the wanted kind as ignored. Slow: the oracle of the native reader. */
  read(payload: Uint8Array, wanted: RowKind): ReadRow;
}
