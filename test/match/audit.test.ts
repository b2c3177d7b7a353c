import { describe, expect, test } from 'vitest';
import type { Row } from '../../graph/contract/rows.ts';
import { Audit } from './fuzz/audit.ts';
import type { Operation } from './fuzz/flow.ts';
import { Broken } from './fuzz/orders-audit.ts';
import type { Given } from './fuzz/run.ts';
import { cancel, type Instruction, limit, market, type Played, play } from './play.ts';

const ROWS: readonly Instruction[] = [
  limit(1, 'sell', 100),
  limit(2, 'sell', 100, { account: 'cyd' }),
  limit(3, 'sell', 101),
  limit(4, 'buy', 100, { account: 'bob', size_lots: 7n }),
  cancel(3),
];

/** Audits what the naive book gives of these rows after a change that a faulty kernel could have made. */
function audited(change: (played: Played) => Partial<Played>, rows = ROWS): void {
  const played = play('reference', rows);
  const operations = rows.map(
    ({ port = 'orders', ...row }, i): Operation => ({ port, row: { ts_event: BigInt(i + 1), symbol: 'A', ...row } }),
  );
  const given: Given = { ...played, ...change(played) };
  new Audit({ depth: 10, phase: 'continuous' }).after({ kind: 'push', operations, floorNs: 0n }, given);
}

/** The rows with one of them changed. */
function edited(rows: readonly Row[], which: (row: Row) => boolean, change: Row): readonly Row[] {
  expect(rows.some(which)).toBe(true);
  return rows.map((row) => (which(row) ? { ...row, ...change } : row));
}

const first = (row: Row) => row.execution_id === 1n;
/** The executions of the maker 1 and of the maker 2 change places. */
const swapped = (rows: readonly Row[]) =>
  rows.map((row) =>
    row.order_id === 1n ? { ...row, order_id: 2n, account: 'cyd' } : row.order_id === 2n ? { ...row, order_id: 1n } : row,
  );

describe('the audit of the fuzz', () => {
  test('has nothing to say of a right run', () => {
    expect(() => audited(() => ({}))).not.toThrow();
  });

  test.each<[string, (played: Played) => Partial<Played>, RegExp]>([
    ["a trade at another price than the maker's", ({ fills }) => ({ fills: edited(fills, first, { price_ticks: 99n }) }), /maker's price|limit/],
    ['a fill beyond a limit', ({ orders }) => ({ orders: edited(orders, (row) => row.order_id === 4n && row.status === 'new', { price_ticks: 99n }) }), /limit/],
    ['a size that one side does not have', ({ fills }) => ({ fills: edited(fills, (row) => row.order_id === 1n, { size_lots: 4n }) }), /one size/],
    ['a number left out', ({ fills }) => ({ fills: edited(fills, first, { execution_id: 2n }) }), /without gaps|one size/],
    ['a sum of fills that is wrong', ({ orders }) => ({ orders: edited(orders, (row) => row.status === 'partially_filled', { filled_lots: 4n }) }), /sum of fills/],
    ['leaves of an order that is over', ({ orders }) => ({ orders: edited(orders, (row) => row.status === 'canceled', { leaves_lots: 5n }) }), /nothing is left/],
    ['a queue that is not first in, first out', ({ fills, orders }) => ({ fills: swapped(fills), orders: [...orders.slice(0, 4), ...swapped(orders.slice(4))] }), /first in, first out/],
    ['a checksum that is wrong', ({ book }) => ({ book: edited(book, (row) => row.sequence === 2n, { checksum: 1n }) }), /checksum/],
    ['a level that stays', ({ book }) => ({ book: book.slice(0, -1) }), /levels of sell/],
    ['a fill without a change of its order', ({ orders }) => ({ orders: orders.filter((row) => row.status !== 'filled') }), /rows of a fill|only live/],
    ['an order that is nowhere', ({ orders }) => ({ orders: orders.filter((row) => row.order_id !== 2n || row.status !== 'new') }), /in order/],
  ])('finds %s', (_, change, message) => {
    expect(() => audited(change)).toThrow(Broken);
    expect(() => audited(change)).toThrow(message);
  }); // biome-ignore format: a fault a line

  test('finds a crossed book', () => {
    const rows = [limit(1, 'sell', 100), limit(2, 'buy', 99, { account: 'bob' }), market(3, 'buy', 1)];
    const crossed = ({ orders, book }: Played) => ({
      orders: edited(orders, (row) => row.order_id === 2n, { price_ticks: 100n }),
      book: edited(book, (row) => row.price_ticks === 99n, { price_ticks: 100n }),
    });
    expect(() => audited(crossed, rows)).toThrow(/never crossed/);
  });
});
