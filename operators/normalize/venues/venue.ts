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

/** What a row turned out to be. */
export type ReadRow =
  | { readonly is: 'trade'; readonly trade: TradeRow }
  /** Of a kind nobody asked for. */
  | { readonly is: 'ignored'; readonly kind: string }
  | { readonly is: 'refused'; readonly code: Refusal; readonly quoted: Quoted };

/** A venue whose raw payloads can be read. */
export interface Venue {
  readonly name: string;
  /** The vendor's documentation. */
  readonly source: string;
  /** Reads one payload. Slow: the oracle of the native reader. */
  read(payload: Uint8Array): ReadRow;
}
