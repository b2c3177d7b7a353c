import { describe, expect, test } from 'vitest';
import type { Row } from '../../graph/contract/rows.ts';
import { amend, cancel, type Instruction, limit, market, type Played, phase, play, playOn, refusalsOf } from './play.ts';
import { KINDS, kernelsOf } from './ports.ts';

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
const PRICE = 2n ** 53n;

/** A book with a bit of everything. */
const BOOK: readonly Instruction[] = [
  limit(1, 'buy', 99),
  limit(2, 'sell', 101, { account: 'bob', display_lots: 2n }),
  limit(3, 'sell', 101, { account: 'cyd', hidden: true }),
  limit(4, 'buy', 101, { account: 'dan', size_lots: 2n }), // takes 2 of the iceberg
  limit(5, 'buy', 98, { account: 'cyd', all_or_none: true, size_lots: 50n }),
  { ...market(6, 'sell', 3), type: 'stop', stop_ticks: 98n, account: 'eve' },
  limit(7, 'sell', 105, { account: 'eve', oco_order_id: 6n }),
];

/** Meets every order of the book; all of it at one time, as if no time had passed. */
const PROBE: readonly Instruction[] = [
  amend(1, { size_lots: 4n }),
  market(21, 'buy', 4, { account: 'pat' }),
  limit(22, 'sell', 98, { account: 'pat', size_lots: 60n }),
  market(23, 'buy', 30, { account: 'pat' }),
];

const at = (rows: readonly Instruction[]) => rows.map((row) => ({ ts_event: 1000n, ...row }));

/** What came out but for the refusals. */
function without({ fills, orders, book, auction }: Played) {
  return { fills, orders, book, auction };
}

const NEW = limit(9, 'buy', 90);
/** An instruction, and what is said of it. */
const BAD: readonly (readonly [what: string, Instruction, code: string, reason: string])[] = [
  ['a cancel of an id that never was', cancel(77), 'order-unknown', 'order_id is 77'],
  ['an amend of an id that never was', amend(77, { size_lots: 1n }), 'order-unknown', 'order_id is 77'],
  ['an amend after the fill', amend(4, { size_lots: 9n }, 'dan'), 'order-unknown', 'order_id is 4'],
  ['a cancel after the fill', cancel(4, 'dan'), 'order-unknown', 'order_id is 4'],
  ["a cancel of another account's order", cancel(1, 'bob'), 'order-unknown', 'order_id is 1'],
  ['an id that is live', limit(1, 'sell', 120), 'order-duplicate', 'order_id is 1'],
  ['no size', { ...NEW, size_lots: null }, 'size-missing', 'size_lots is null'],
  ['size 0', { ...NEW, size_lots: 0n }, 'size-not-positive', 'size_lots is 0'],
  ['a size below 0', { ...NEW, size_lots: -5n }, 'size-not-positive', 'size_lots is -5'],
  ['the smallest int64 as size', { ...NEW, size_lots: MIN }, 'size-not-positive', `size_lots is ${MIN}`],
  ['the largest int64 as size', { ...NEW, size_lots: MAX }, 'size-too-large', `size_lots is ${MAX}`],
  ['the largest int64 as price', { ...NEW, price_ticks: MAX }, 'price-out-of-range', `price_ticks is ${MAX}`],
  ['the smallest int64 as price', { ...NEW, price_ticks: MIN }, 'price-out-of-range', `price_ticks is ${MIN}`],
  ['one tick beyond the range', { ...NEW, price_ticks: PRICE + 1n }, 'price-out-of-range', `price_ticks is ${PRICE + 1n}`],
  ['an amend to size 0', amend(1, { size_lots: 0n }), 'size-not-positive', 'size_lots is 0'],
  ['an amend to the largest int64', amend(1, { price_ticks: MAX }), 'price-out-of-range', `price_ticks is ${MAX}`],
  ['a stop at the edge of int64', { ...market(9, 'buy', 1), type: 'stop', stop_ticks: MIN }, 'stop-out-of-range', `stop_ticks is ${MIN}`],
  [
    'a trail at the edge of int64',
    { ...market(9, 'buy', 1), type: 'trailing_stop', trail_ticks: MAX },
    'trail-out-of-range',
    `trail_ticks is ${MAX}`,
  ],
  ['an iceberg of too many parts', { ...NEW, size_lots: PRICE, display_lots: 1n }, 'display-too-small', 'display_lots is 1'],
  ['an expiry at the edge of int64', { ...NEW, time_in_force: 'gtd', expire_at: MIN }, 'expired', `expire_at is ${MIN}`],
  ['a pair with an order that is not there', { ...NEW, oco_order_id: MAX }, 'oco-unknown', `oco_order_id is ${MAX}`],
  ['no account', { ...NEW, account: null }, 'account-missing', 'account is null'],
  ['no id', { ...NEW, order_id: null }, 'order-id-missing', 'order_id is null'],
  ['no symbol', { ...NEW, symbol: null }, 'symbol-missing', 'symbol is null'],
  ['no action', { ...NEW, action: null }, 'action-missing', 'action is null'],
  ['a time that is missing', { ...NEW, ts_event: null }, 'ts-missing', 'ts_event is null'],
  ['a phase that is none', phase('open'), 'phase-unknown', 'phase is open'],
  ['an increment of 0', { port: 'symbols', increment_ticks: 0n }, 'increment-not-positive', 'increment_ticks is 0'],
  ['a reference beyond the range', { port: 'symbols', reference_ticks: MIN }, 'price-out-of-range', `reference_ticks is ${MIN}`],
  ['bands the wrong way round', { port: 'symbols', lower_ticks: 5n, upper_ticks: 4n }, 'band-empty', 'lower_ticks is 5'],
];

describe.each(KINDS)('the %s kernel', (kind) => {
  test('plays the book and the probe as it should, so that the probe tells', () => {
    const played = play(kind, [...at(BOOK), ...at(PROBE)]);
    expect(refusalsOf(played)).toEqual([]);
    expect(played.fills.length).toBeGreaterThan(10);
    expect(new Set(played.orders.map((row) => row.order_id)).size).toBe(BOOK.length + 3);
  });

  test.each(BAD)('refuses %s and leaves the book as it was', (_, bad, code, reason) => {
    const plain = play(kind, [...at(BOOK), ...at(PROBE)]);
    const played = play(kind, [...at(BOOK), ...at([bad]), ...at(PROBE)]);
    expect(refusalsOf(played)).toEqual([`${BOOK.length} ${code}: ${reason}`]);
    expect(without(played)).toEqual(without(plain));
  });

  test('refuses a second cancel', () => {
    const played = play(kind, [...BOOK, cancel(1), cancel(1)]);
    expect(refusalsOf(played)).toEqual([`${BOOK.length + 1} order-unknown: order_id is 1`]);
  });

  test('takes only cancels in a halt, and neither amends nor orders when closed', () => {
    for (const name of ['halt', 'closed']) {
      const played = play(kind, [...BOOK, phase(name), NEW, amend(1, { size_lots: 1n }), cancel(1)]);
      expect(refusalsOf(played).map((text) => text.slice(text.indexOf(' ') + 1))).toEqual(Array(2).fill(`wrong-phase: phase is ${name}`));
      expect(played.orders.at(-1)).toMatchObject({ order_id: 1n, status: 'canceled' });
    }
  });

  test('refuses prices off the tick and sizes off the lot, and takes the edges of the range', () => {
    const params = { increment_ticks: 4, increment_lots: 8 };
    const rows: Row[] = [
      { price_ticks: 101n, size_lots: 8n },
      { price_ticks: -4n, size_lots: 9n },
      { price_ticks: -PRICE, size_lots: PRICE },
      { price_ticks: -6n, size_lots: 8n },
    ];
    const played = play(kind, rows.map((row, i) => limit(i + 1, 'buy', 0, row)), params); // biome-ignore format: one step
    expect(refusalsOf(played)).toEqual([
      '0 price-off-tick: price_ticks is 101',
      '1 size-off-lot: size_lots is 9',
      '3 price-off-tick: price_ticks is -6',
    ]);
    expect(played.orders).toMatchObject([{ order_id: 3n, price_ticks: -PRICE, leaves_lots: PRICE }]);
  });

  test('holds at most 2^62 lots a side, and adds up positions beyond int64', () => {
    const kernel = kernelsOf(kind, { depth: 1 })();
    const full = Array.from({ length: 512 }, (_, i) => limit(i + 1, 'sell', 100, { size_lots: PRICE }));
    const played = playOn(kernel, [...full, limit(513, 'sell', 100, { size_lots: 1n }), amend(1, { size_lots: PRICE })]);
    expect(refusalsOf(played)).toEqual(['512 book-full: size_lots is 1']);
    expect(played.book.at(-1)).toMatchObject({ ask_lots: 2n ** 62n, orders: 512n });
    const sweep = (from: number) => Array.from({ length: 512 }, (_, i) => ({ ...market(from + i, 'buy', 1), size_lots: PRICE }));
    for (let round = 0; round < 3; round++) {
      const more = round === 0 ? [] : full;
      const swept = playOn(kernel, [...more, ...sweep(10_000 * (round + 1))]);
      expect(swept.fills).toHaveLength(1024);
    }
    // bob holds 1,536 x 2^53 lots, more than an int64 can: he may still reduce, and may not add
    const [reducing, adding] = [
      limit(1, 'sell', 90, { account: 'bob', reduce_only: true }),
      limit(2, 'buy', 80, { account: 'bob', reduce_only: true }),
    ];
    const last = playOn(kernel, [reducing, adding]);
    expect(refusalsOf(last)).toEqual([`1 reduce-only: position is ${1536n * PRICE}`]);
    expect(last.orders).toMatchObject([{ order_id: 1n, status: 'new' }]);
  }, 120_000);
});
