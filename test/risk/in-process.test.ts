import type { RecordBatch } from 'apache-arrow';
import { expect, test } from 'vitest';
import { batchOf, type MillraceError, RiskGate, type Row, rowsOf } from '../../index.ts';
import { PORTS } from './gate.ts';

const LIMITS = `
version: 1
currency: USD
defaults: { max_position_lots: 10, price_collar_bps: 500 }
accounts: { alpha: }
symbols: { BTC: { tick_value: 1 } }
`;

const rows = (port: string, ...some: Row[]): RecordBatch => batchOf(PORTS[port] as NonNullable<(typeof PORTS)[string]>, some);
const order = (id: bigint, side: string, size: bigint, price = 100n): Row => ({
  ts_event: id,
  action: 'new',
  order_id: id,
  account: 'alpha',
  symbol: 'BTC',
  side,
  type: 'limit',
  price_ticks: price,
  size_lots: size,
});
const ids = (batch: RecordBatch | null): unknown[] => (batch ? rowsOf(batch).map((row) => row.order_id) : []);

test('a gate in this program: one batch in, one batch out', () => {
  const gate = new RiskGate(LIMITS, PORTS);
  gate.prices(rows('prices', { ts_event: 0n, symbol: 'BTC', price_ticks: 100n }));

  const first = gate.check(rows('orders', order(1n, 'buy', 6n), order(2n, 'buy', 5n), order(3n, 'sell', 5n, 90n), order(4n, 'buy', 4n)));
  expect(ids(first.accepted)).toEqual([1n, 4n]);
  expect(first.denied && rowsOf(first.denied).map(({ order_id, code, limit, value }) => [order_id, code, limit, value])).toEqual([
    [2n, 'position-limit', 10, 11],
    [3n, 'price-collar', 500, 1000],
  ]);
  expect(first.rejected && rowsOf(first.rejected).map(({ row, reason }) => [row, reason])).toEqual([
    [1, 'position could become 11 lots, the limit of the defaults is 10'],
    [2, 'price 90 is 1000 bps from the reference 100, the limit of the defaults is 500 bps'],
  ]);

  gate.fills(rows('fills', { order_id: 1n, account: 'alpha', symbol: 'BTC', side: 'buy', price_ticks: 100n, size_lots: 6n }));
  gate.updates(rows('updates', { order_id: 4n, account: 'alpha', symbol: 'BTC', status: 'canceled', filled_lots: 0n }));
  const again = new RiskGate(LIMITS, PORTS);
  again.restore(gate.snapshot());
  expect(ids(again.check(rows('orders', order(5n, 'buy', 5n), order(6n, 'buy', 4n))).accepted)).toEqual([6n]);

  const killed = again.control(
    rows('control', { ts_event: 7n, action: 'kill', scope: 'symbol', name: 'BTC', state: null, reason: 'drill' }),
  );
  expect(killed.accepted && rowsOf(killed.accepted).map(({ action, order_id, side, note }) => [action, order_id, side, note])).toEqual([
    ['cancel', 6n, 'buy', null],
  ]);
  const text = rows('limits', { text: 'version: 1' });
  expect(again.limits(text).rejected && rowsOf(again.limits(text).rejected as RecordBatch)[0]?.code).toBe('limits-invalid');
});

test('faulty limits and columns are told at once', () => {
  const code = (make: () => unknown): string | null => {
    try {
      make();
      return null;
    } catch (error) {
      return (error as MillraceError).code;
    }
  };
  expect(code(() => new RiskGate('version: 2', PORTS))).toBe('limits-invalid');
  expect(code(() => new RiskGate(LIMITS, { orders: PORTS.prices as NonNullable<(typeof PORTS)[string]> }))).toBe('columns-unfit');
  expect(() => new RiskGate('version: 2\naccounts: {}', PORTS)).toThrow(/limits\.yaml:1:10 "version" is 2: expected 1/);
});
