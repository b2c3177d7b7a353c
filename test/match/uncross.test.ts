import { expect, test } from 'vitest';
import { Random } from '../../graph/test-kit/random.ts';
import { limit, market, phase, play } from './play.ts';
import { KINDS } from './ports.ts';

interface Resting {
  readonly side: 'buy' | 'sell';
  /** Null: a market order. */
  readonly price: number | null;
  readonly size: number;
}

/** Section 11 as four filters over every tick, in plain numbers. */
function priceOf(orders: readonly Resting[], reference: number | null, last: number | null) {
  const limits = orders.flatMap(({ price }) => (price === null ? [] : [price]));
  const sum = (some: readonly Resting[]) => some.reduce((total, { size }) => total + size, 0);
  const at = (price: number) => {
    const demand = sum(orders.filter((o) => o.side === 'buy' && (o.price === null || o.price >= price)));
    const supply = sum(orders.filter((o) => o.side === 'sell' && (o.price === null || o.price <= price)));
    return { price, size: Math.min(demand, supply), surplus: demand - supply };
  };
  const known = reference ?? last;
  const [low, high] = [Math.min(...limits), Math.max(...limits)];
  const ticks = limits.length > 0 ? Array.from({ length: high - low + 1 }, (_, i) => low + i) : known === null ? [] : [known];
  const all = ticks.map(at).filter(({ size }) => size > 0);
  const most = all.reduce((size, one) => Math.max(size, one.size), 0);
  const largest = all.filter(({ size }) => size === most);
  const least = largest.reduce((surplus, one) => Math.min(surplus, Math.abs(one.surplus)), Number.POSITIVE_INFINITY);
  const left = largest.filter(({ surplus }) => Math.abs(surplus) === least);
  const [first, final] = [left[0], left.at(-1)];
  if (!first || !final) return { price: null, size: 0, surplus: null };
  if (left.every(({ surplus }) => surplus > 0)) return final;
  if (left.every(({ surplus }) => surplus < 0)) return first;
  const target = known ?? Math.floor((first.price + final.price) / 2);
  return at(Math.min(Math.max(target, first.price), final.price));
}

test.each(KINDS)('the indicative price of the %s kernel is that of four filters over every tick', (kind) => {
  const random = new Random(11);
  let priced = 0;
  for (let i = 0; i < 60; i++) {
    const far = random.chance(0.2) ? 5000 : 1; // wide books take another way through the naive book
    const orders = Array.from({ length: random.int(1, 12) }, (): Resting => {
      const price = random.chance(0.15) ? null : random.int(-6, 6) * far;
      return { side: random.pick(['buy', 'sell']), price, size: random.int(1, 6) };
    });
    const reference = random.chance(0.5) ? random.int(-9, 9) * far : null;
    const rows = orders.map(({ side, price, size }, j) => {
      const sized = { size_lots: BigInt(size) };
      return price === null ? market(j + 1, side, size) : limit(j + 1, side, price, sized);
    });
    const setting = reference === null ? [] : [{ port: 'symbols' as const, reference_ticks: BigInt(reference) }];
    const { auction } = play(kind, [...setting, ...rows], { phase: 'auction' });
    const told = auction.at(-1) ?? { indicative_ticks: null, indicative_lots: 0n, surplus_lots: null };
    const { price, size, surplus } = priceOf(orders, reference, null);
    expect(
      { price: told.indicative_ticks, size: told.indicative_lots, surplus: told.surplus_lots },
      `orders ${JSON.stringify(orders)}, reference ${reference}`,
    ).toEqual({ price: price === null ? null : BigInt(price), size: BigInt(size), surplus: surplus === null ? null : BigInt(surplus) });
    if (price !== null) priced += 1;
  }
  expect(priced).toBeGreaterThan(20);
});

test.each(KINDS)('an uncross of the %s kernel leaves no crossed book, not even when pairs end in it', (kind) => {
  const rows = [
    limit(1, 'buy', 9, { size_lots: 10n }),
    limit(2, 'buy', 10, { size_lots: 10n, oco_order_id: 1n }),
    limit(3, 'buy', 8, { size_lots: 5n }),
    limit(4, 'sell', 8, { size_lots: 10n, account: 'bob' }),
    limit(5, 'sell', 7, { size_lots: 10n, account: 'bob' }),
  ];
  const { auction, fills, book } = play(kind, [...rows, phase('continuous')], { phase: 'auction' });
  // 20 could trade at 9; 2 trades 10 with 5 and so cancels 1; then 3 and 4 still cross at 8
  expect(auction.filter((row) => row.final)).toMatchObject([
    { indicative_ticks: 9n, indicative_lots: 10n, surplus_lots: 0n },
    { indicative_ticks: 8n, indicative_lots: 5n, surplus_lots: -5n },
  ]);
  expect(fills.map((row) => `${row.order_id} ${row.size_lots}@${row.price_ticks}`)).toEqual(['2 10@9', '5 10@9', '3 5@8', '4 5@8']);
  expect(book.at(-1)).toMatchObject({ bid_ticks: null, ask_ticks: 8n, ask_lots: 5n });
});
