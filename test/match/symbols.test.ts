import { describe, expect, test } from 'vitest';
import { limit, market, phase, play, refusalsOf } from './play.ts';
import { KINDS } from './ports.ts';

describe.each(KINDS)('rows of symbols on the %s kernel', (kind) => {
  test('with a null symbol are for every symbol, also for those to come', () => {
    const played = play(kind, [
      limit(1, 'buy', 100, { symbol: 'A' }),
      phase('halt', { symbol: null, upper_ticks: 105n, increment_ticks: 5n }),
      limit(2, 'buy', 100, { symbol: 'A' }),
      limit(1, 'buy', 100, { symbol: 'B' }),
      phase('continuous', { symbol: 'B' }),
      limit(2, 'buy', 110, { symbol: 'B' }),
      limit(3, 'buy', 104, { symbol: 'B' }),
      limit(4, 'buy', 105, { symbol: 'B' }),
      limit(5, 'buy', 105, { symbol: 'A' }),
    ]);
    expect(refusalsOf(played)).toEqual([
      '2 wrong-phase: phase is halt',
      '3 wrong-phase: phase is halt',
      '5 price-band: price_ticks is 110',
      '6 price-off-tick: price_ticks is 104',
      '8 wrong-phase: phase is halt',
    ]);
    expect(played.orders.map((row) => `${row.symbol} ${row.order_id} ${row.status}`)).toEqual(['A 1 new', 'B 4 new']);
  });

  test('with a null symbol end what they end in every book, in entry order of each', () => {
    const played = play(kind, [
      limit(7, 'buy', 100, { symbol: 'A', time_in_force: 'day' }),
      limit(3, 'sell', 120, { symbol: 'A', time_in_force: 'day' }),
      limit(1, 'buy', 100, { symbol: 'B' }),
      { ...market(2, 'sell', 1), symbol: 'B', type: 'stop', stop_ticks: 50n, time_in_force: 'day' },
      phase('closed', { symbol: null, ts_event: 40n }),
    ]);
    const ended = played.orders.filter((row) => row.status === 'expired');
    const seen = ended.map((row) => `${row.symbol} ${row.order_id} ${row.reason} at ${row.ts_event}`);
    expect(seen.filter((text) => text.startsWith('A'))).toEqual(['A 7 day at 40', 'A 3 day at 40']);
    expect(seen.filter((text) => text.startsWith('B'))).toEqual(['B 2 day at 40']);
  });

  test('tell a book of its time, so that what is over goes before they act', () => {
    const played = play(kind, [
      limit(1, 'buy', 100, { time_in_force: 'gtd', expire_at: 10n }),
      { port: 'symbols', reference_ticks: 7n, ts_event: 10n },
      limit(2, 'buy', 100, { time_in_force: 'gtd', expire_at: 10n, ts_event: 3n }),
    ]);
    expect(played.orders.at(-1)).toMatchObject({ order_id: 1n, status: 'expired', ts_event: 10n });
    expect(refusalsOf(played)).toEqual(['2 expired: expire_at is 10']);
  });
});
