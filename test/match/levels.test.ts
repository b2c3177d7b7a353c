import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Random } from '../../graph/test-kit/random.ts';
import { checksum } from '../../operators/match/reference/publish.ts';
import { LevelsAudit } from './fuzz/levels-audit.ts';
import { amend, cancel, limit, market, play } from './play.ts';
import { KINDS } from './ports.ts';

function crcOf(levels: readonly (readonly [price: number, size: number])[]): bigint {
  const bytes = Buffer.alloc(levels.length * 16);
  levels.flat().forEach((value, i) => {
    bytes.writeBigInt64LE(BigInt(value), i * 8);
  });
  return BigInt(crc32(bytes));
}

describe.each(KINDS)('level changes of the %s kernel', (kind) => {
  test("carry zlib's CRC-32 of the best bids, then the best offers", () => {
    const { book } = play(kind, [
      limit(1, 'buy', -3),
      limit(2, 'sell', 7, { display_lots: 2n }),
      limit(3, 'buy', -3, { size_lots: 2n }),
      limit(4, 'sell', 9, { hidden: true }),
      limit(5, 'sell', 9, { all_or_none: true }),
      market(6, 'buy', 2),
      cancel(1),
    ]);
    expect(book.map((row) => row.checksum)).toEqual([
      crcOf([[-3, 5]]),
      crcOf([[-3, 5], [7, 2]]), // biome-ignore format: a book a line
      crcOf([[-3, 7], [7, 2]]), // biome-ignore format: as above
      crcOf([[-3, 2], [7, 2]]), // biome-ignore format: as above
    ]);
    expect(book.at(-1)).toMatchObject({ sequence: 4n, side: 'buy', price_ticks: -3n, size_lots: 2n, orders: 1n, final: true });
  });

  test('tell levels that went before those that are there, bids before offers, one sequence for all', () => {
    const { book } = play(kind, [
      ...[100, 99, 98].map((price, i) => limit(i + 1, 'buy', price, { size_lots: 1n })),
      ...[103, 104].map((price, i) => limit(i + 4, 'sell', price, { size_lots: 1n })),
      limit(9, 'sell', 99, { size_lots: 4n, account: 'bob' }),
    ], { depth: 2 }); // biome-ignore format: as above
    const last = book.filter((row) => row.sequence === book.at(-1)?.sequence);
    const seen = last.map((row) => [row.side, row.price_ticks, row.size_lots, row.orders, row.final]);
    expect(seen).toEqual([
      ['buy', 100n, 0n, 0n, false],
      ['buy', 99n, 0n, 0n, false],
      ['buy', 98n, 1n, 1n, false],
      ['sell', 104n, 0n, 0n, false],
      ['sell', 99n, 2n, 1n, true],
    ]);
    expect(last.every((row) => row.bid_ticks === 98n && row.ask_ticks === 99n && row.ask_lots === 2n)).toBe(true);
  });

  test.each([1, 2, 5, 100])('rebuild the book to a depth of %i', (depth) => {
    const random = new Random(depth);
    const rows = Array.from({ length: 400 }, (_, i) => {
      const id = random.int(1, 60);
      const size = { size_lots: BigInt(random.int(1, 9)) };
      if (random.chance(0.2)) return cancel(id);
      if (random.chance(0.2)) return amend(id, size);
      return limit(id, random.pick(['buy', 'sell']), 100 + random.int(-8, 8), { ...size, ts_event: BigInt(i) });
    });
    const { book } = play(kind, rows, { depth });
    const audit = new LevelsAudit(depth);
    audit.follow(book);
    expect(book.length).toBeGreaterThan(100);
  });
});

test("the naive book's checksum is zlib's", () => {
  const random = new Random(7);
  for (let n = 0; n < 20; n++) {
    const levels = Array.from({ length: n }, () => [random.int(-1e9, 1e9), random.int(1, 1e9)] as const);
    const given = levels.map(([price, size]) => ({ price: BigInt(price), size: BigInt(size), orders: 1 }));
    expect(checksum(given)).toBe(crcOf(levels));
  }
});
