import type { Side } from '../words.ts';
import { type Book, type Level, queueOf } from './book.ts';
import { showsOf } from './order.ts';
import type { Session } from './session.ts';
import { auctionRow, indication } from './uncross.ts';

/** Section 12: what an instruction changed of the best levels, and in an auction of what would trade. */
export function publish(session: Session, depth: number): void {
  const { book } = session;
  if (book.settings.phase === 'auction') {
    const now = indication(book);
    const was = book.indicated;
    if (now.price !== was.price || now.size !== was.size || now.surplus !== was.surplus) session.auctions.push(auctionRow(book, now));
    book.indicated = now;
  }
  const was = book.told;
  const now = { buy: levelsOf(book, 'buy').slice(0, depth), sell: levelsOf(book, 'sell').slice(0, depth) };
  const changes = (['buy', 'sell'] as const).flatMap((side) => [...gone(side, was[side], now[side]), ...come(side, was[side], now[side])]);
  if (changes.length === 0) return;
  book.told = now;
  book.sequence += 1;
  const [bid, ask] = [now.buy[0], now.sell[0]];
  changes.forEach(({ side, price, size, orders }, i) => {
    session.levels.push({
      ts_event: book.time,
      symbol: book.symbol,
      sequence: BigInt(book.sequence),
      side,
      price_ticks: price,
      size_lots: size,
      orders: BigInt(orders),
      bid_ticks: bid?.price ?? null,
      bid_lots: bid?.size ?? null,
      ask_ticks: ask?.price ?? null,
      ask_lots: ask?.size ?? null,
      checksum: checksum([...now.buy, ...now.sell]),
      final: i === changes.length - 1,
    });
  });
}

type Change = Level & { readonly side: Side };

function gone(side: Side, was: readonly Level[], now: readonly Level[]): Change[] {
  return was.filter(({ price }) => !now.some((level) => level.price === price)).map(({ price }) => ({ side, price, size: 0n, orders: 0 }));
}

function come(side: Side, was: readonly Level[], now: readonly Level[]): Change[] {
  const same = (level: Level) =>
    was.some((other) => other.price === level.price && other.size === level.size && other.orders === level.orders);
  return now.filter((level) => !same(level)).map((level) => ({ side, ...level }));
}

/** Displayed levels of a side, best first. */
export function levelsOf(book: Book, side: Side): Level[] {
  const shown = queueOf(book, side).filter((order) => !order.hidden && !order.allOrNone);
  const prices = [...new Set(shown.map((order) => order.price as bigint))];
  return prices.map((price) => {
    const level = shown.filter((order) => order.price === price);
    return { price, size: level.reduce((sum, order) => sum + showsOf(order), 0n), orders: level.length };
  });
}

/** CRC-32 (IEEE 802.3, reflected) of price and size of each level as little-endian int64. */
export function checksum(levels: readonly Level[]): bigint {
  const words = BigInt64Array.from(levels.flatMap(({ price, size }) => [price, size]));
  const view = new DataView(new ArrayBuffer(words.length * 8));
  words.forEach((word, i) => {
    view.setBigInt64(i * 8, word, true);
  });
  let crc = 0xffffffff;
  for (let i = 0; i < view.byteLength; i++) {
    crc ^= view.getUint8(i);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return BigInt((crc ^ 0xffffffff) >>> 0);
}
