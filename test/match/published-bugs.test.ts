import { describe, expect, test } from 'vitest';
import { amend, cancel, changesOf, fillsOf, limit, market, play, refusalsOf } from './play.ts';
import { KINDS } from './ports.ts';

/** Faults that were found in published matching engines, each with the input that shows it. */
describe.each(KINDS)('the %s kernel', (kind) => {
  test("trades at the maker's price, not at the taker's limit", () => {
    const played = play(kind, [limit(1, 'sell', 100), limit(2, 'buy', 107, { account: 'bob', size_lots: 3n })]);
    expect(fillsOf(played)).toEqual(['1 sell 3@100', '2 buy 3@100']);
    const other = play(kind, [limit(1, 'buy', 107), limit(2, 'sell', 100, { account: 'bob', size_lots: 3n })]);
    expect(fillsOf(other)).toEqual(['1 buy 3@107', '2 sell 3@107']);
  });

  test('keeps the queue of a price when one in front or in the middle is cancelled', () => {
    const queue = [1, 2, 3, 4, 5].map((id) => limit(id, 'sell', 100, { size_lots: 1n }));
    const played = play(kind, [...queue, cancel(1), cancel(3), market(9, 'buy', 3)]);
    expect(fillsOf(played).filter((fill) => !fill.startsWith('9'))).toEqual(['2 sell 1@100', '4 sell 1@100', '5 sell 1@100']);
  });

  test('keeps the queue of a price when one in front is filled and another comes', () => {
    const queue = [1, 2, 3].map((id) => limit(id, 'buy', 100, { size_lots: 1n }));
    const played = play(kind, [...queue, market(8, 'sell', 1), limit(4, 'buy', 100, { size_lots: 1n }), market(9, 'sell', 3)]);
    expect(fillsOf(played).filter((fill) => fill.includes('buy'))).toEqual([1, 2, 3, 4].map((id) => `${id} buy 1@100`));
  });

  test('has no best price that is gone: the last order of the best price is cancelled, filled, amended away, expired', () => {
    const gone = [
      [cancel(1)],
      [market(8, 'buy', 5)],
      [amend(1, { price_ticks: 103n })],
      [{ ...cancel(77), ts_event: 1000n }], // an unknown order, but the time of 1 is over
    ];
    for (const steps of gone) {
      const first = limit(1, 'sell', 100, { time_in_force: 'gtd', expire_at: 1000n });
      const after = { account: 'bob', size_lots: 1n, ts_event: 2000n };
      const played = play(kind, [first, limit(2, 'sell', 102), ...steps, limit(9, 'buy', 110, after)]);
      expect(fillsOf(played).at(-1)).toBe('9 buy 1@102');
      expect(played.book.at(-1)).toMatchObject({ ask_ticks: 102n, ask_lots: 4n, bid_ticks: null });
    }
  });

  test('does not know an order any more when it is filled, and takes its id again', () => {
    const played = play(kind, [
      limit(1, 'sell', 100),
      market(2, 'buy', 5),
      cancel(1),
      amend(1, { size_lots: 9n }),
      limit(1, 'sell', 101),
      market(3, 'buy', 5),
    ]);
    expect(refusalsOf(played)).toEqual(['2 order-unknown: order_id is 1', '3 order-unknown: order_id is 1']);
    expect(fillsOf(played)).toEqual(['1 sell 5@100', '2 buy 5@100', '1 sell 5@101', '3 buy 5@101']);
  });

  test('lets an amend that crosses trade before it rests', () => {
    const played = play(kind, [
      limit(1, 'buy', 95),
      limit(2, 'sell', 100, { account: 'bob', size_lots: 2n }),
      amend(1, { price_ticks: 101n }),
      limit(3, 'sell', 101, { account: 'bob', size_lots: 1n }),
    ]);
    expect(fillsOf(played)).toEqual(['2 sell 2@100', '1 buy 2@100', '1 buy 1@101', '3 sell 1@101']);
    expect(played.book.at(-1)).toMatchObject({ bid_ticks: 101n, bid_lots: 2n, ask_ticks: null });
  });

  test('lets fill-or-kill look at every level within its limit, and at none beyond', () => {
    const book = [limit(1, 'sell', 100), limit(2, 'sell', 101), limit(3, 'sell', 103)];
    const fok = (price: number, size: bigint) => limit(9, 'buy', price, { account: 'bob', size_lots: size, time_in_force: 'fok' });
    expect(fillsOf(play(kind, [...book, fok(101, 10n)]))).toEqual(['1 sell 5@100', '9 buy 5@100', '2 sell 5@101', '9 buy 5@101']);
    const killed = play(kind, [...book, fok(102, 11n)]);
    expect(fillsOf(killed)).toEqual([]);
    expect(changesOf(killed).slice(-2)).toEqual(['9 new', '9 canceled fok']);
  });

  test('lets nothing of an immediate-or-cancel order rest', () => {
    const ioc = limit(2, 'buy', 105, { account: 'bob', size_lots: 9n, time_in_force: 'ioc' });
    const played = play(kind, [limit(1, 'sell', 100), ioc, limit(3, 'sell', 100)]);
    expect(fillsOf(played)).toEqual(['1 sell 5@100', '2 buy 5@100']);
    expect(changesOf(played)).toContain('2 canceled ioc');
    expect(played.book.at(-1)).toMatchObject({ bid_ticks: null, ask_ticks: 100n, ask_lots: 5n });
  });

  test('comes to an end on an empty side, for every type and time in force', () => {
    for (const time_in_force of ['gtc', 'day', 'ioc', 'fok'])
      for (const side of ['buy', 'sell'] as const) {
        const taker = market(1, side, 5, { time_in_force });
        const reason = time_in_force === 'fok' ? 'fok' : 'no_liquidity';
        expect(changesOf(play(kind, [taker]))).toEqual(['1 new', `1 canceled ${reason}`]);
        const rests = time_in_force === 'gtc' || time_in_force === 'day';
        expect(changesOf(play(kind, [limit(1, side, 100, { time_in_force })]))).toEqual(
          rests ? ['1 new'] : ['1 new', `1 canceled ${time_in_force}`],
        );
      }
  });

  test('ends a good-till-date order at exactly its time, not after', () => {
    const gtd = limit(1, 'sell', 100, { time_in_force: 'gtd', expire_at: 50n });
    const hit = (ns: bigint) => market(2, 'buy', 1, { ts_event: ns });
    expect(fillsOf(play(kind, [gtd, hit(49n)]))).toEqual(['1 sell 1@100', '2 buy 1@100']);
    const late = play(kind, [gtd, hit(50n)]);
    expect(fillsOf(late)).toEqual([]);
    expect(late.orders[1]).toMatchObject({ order_id: 1n, status: 'expired', reason: 'gtd', ts_event: 50n });
    expect(refusalsOf(play(kind, [limit(1, 'sell', 100, { time_in_force: 'gtd', expire_at: 1n })]))).toEqual(['0 expired: expire_at is 1']);
  });

  test('keeps the priority of a smaller size and of nothing else', () => {
    const first = (change: Parameters<typeof amend>[1]) => {
      const queue = [limit(1, 'sell', 100, { display_lots: 2n }), limit(2, 'sell', 100)];
      return fillsOf(play(kind, [...queue, amend(1, change), market(9, 'buy', 1)]))[0];
    };
    expect([{}, { size_lots: 5n }, { size_lots: 4n }, { price_ticks: 100n }].map(first)).toEqual(Array(4).fill('1 sell 1@100'));
    expect([{ size_lots: 6n }, { display_lots: 1n }].map(first)).toEqual(Array(2).fill('2 sell 1@100'));
  });
});
