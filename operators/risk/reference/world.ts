import type { Limits, TradingState } from '../limits/table.ts';
import { type Books, max, type Told } from './books.ts';

/** A new order or an amend that is not malformed; side, type, strategy and venue of an amend are those of its order. */
export interface Instruction {
  readonly ts: bigint;
  readonly id: bigint;
  readonly account: string;
  readonly symbol: string;
  readonly strategy: string | null;
  readonly venue: string | null;
  readonly side: 'buy' | 'sell';
  readonly type: string;
  readonly price: bigint | null;
  readonly stop: bigint | null;
  readonly size: bigint | null;
}

export interface Denial {
  readonly code: string;
  readonly scope: string | null;
  readonly limit: number | null;
  readonly value: number | null;
  readonly reason: string;
}

/** What the gate let through of late; times never go back. */
export interface Recent {
  time: bigint | null;
  messages: bigint[];
  prints: { readonly time: bigint; readonly print: string }[];
}

/** All that a row is held against. */
export interface World {
  readonly limits: Limits;
  readonly prices: ReadonlyMap<string, { readonly price: bigint; readonly ts: bigint }>;
  /** Reasons of kills and trading states, by `scope name`. */
  readonly killed: ReadonlyMap<string, string>;
  readonly states: ReadonlyMap<string, TradingState>;
  readonly books: Books;
  readonly recent: Recent;
  readonly told: Told;
}

export const fingerprint = ({ symbol, side, type, price, stop, size }: Instruction): string =>
  JSON.stringify([symbol, side, type, price, stop, size].map(String));

export const ownPrice = ({ type, price, stop }: Pick<Instruction, 'type' | 'price' | 'stop'>): bigint | null =>
  type === 'limit' || type === 'stop_limit' ? price : type === 'stop' ? stop : null;

export const timeAt = (recent: Recent, ts: bigint): bigint => (recent.time === null ? ts : max(recent.time, ts));

/** What a list has by a name. */
export function named<T>(list: readonly (readonly [string, T])[], name: string): T | undefined {
  return list.find(([other]) => other === name)?.[1];
}

/** The first that is found. */
export function first<T, R>(items: readonly T[], of: (item: T) => R | null): R | null {
  for (const item of items) {
    const found = of(item);
    if (found !== null) return found;
  }
  return null;
}

/** A denial without a limit. */
export const plain = (code: string, scope: string | null, reason: string): Denial => ({ code, scope, limit: null, value: null, reason });
/** A denial by a limit. */
export const denial = (code: string, scope: string, limit: number, value: number | null, reason: string): Denial => ({ code, scope, limit, value, reason }); // biome-ignore format: one line
