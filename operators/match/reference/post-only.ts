import type { PostOnlyMode, Side } from '../words.ts';
import { type Book, byPrice, inBands, queueOf } from './book.ts';
import { opposite } from './order.ts';
import { inRange } from './range.ts';

/** Section 6: the price at which a post-only order rests; null when it would trade and may not. */
export function postOnlyPrice(book: Book, side: Side, mode: PostOnlyMode, price: bigint): bigint | null {
  const best = queueOf(book, opposite(side)).find((order) => !order.allOrNone)?.price ?? null;
  if (best === null || byPrice(side, best, price) < 0) return price;
  if (mode === 'reject') return null;
  const slid = side === 'buy' ? best - book.settings.incrementTicks : best + book.settings.incrementTicks;
  return inRange(slid) && inBands(book.settings, slid) ? slid : null;
}
