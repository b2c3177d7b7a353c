import type { Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { UPDATES_SCHEMA } from '../../operators/match/layout.ts';
import { match } from '../../operators/match/operator.ts';
import { REFUSALS_SCHEMA } from '../../operators/refusals/layout.ts';
import { refusals } from '../../operators/refusals/operator.ts';
import { Gate, PORTS } from './gate.ts';

const LIMITS = `
version: 1
currency: USD
accounts: { alpha: { max_open_orders: 2, credit: 1000, max_position_lots: 9 } }
symbols: { BTC: { tick_value: 1 } }
`;

const ORDERS = PORTS.orders as Schema;
const order = (id: bigint, price: bigint, size: bigint, action = 'new'): Row => {
  const whose = { ts_event: id, action, order_id: id, account: 'alpha', symbol: 'BTC' };
  return { ...whose, ...(action === 'new' ? { side: 'buy', type: 'limit' } : {}), price_ticks: price, size_lots: size };
};

/** A book with a tick of 5 behind a gate, which is told what became of orders, of refused ones by `refusals`. */
class Exchange {
  readonly gate = new Gate(LIMITS, ['orders', 'fills', 'updates']);
  readonly #book = subjectOf(match, { increment_ticks: 5 }, { orders: ORDERS }, new Map()).create();

  /** The code of the gate or the book against the row; what the book says of it is not told yet. */
  order(row: Row): { readonly code: unknown; readonly told: readonly Row[] } {
    const { accepted, denied } = this.gate.push('orders', row);
    if (accepted.length === 0) return { code: denied[0]?.code, told: [] };
    const told: Row[] = [];
    let code: unknown = null;
    this.#book.push(batchOf(ORDERS, accepted), 'orders', (port, batch) => {
      if (port === 'orders') told.push(...rowsOf(batch));
      if (port !== 'rejected') return;
      code = rowsOf(batch)[0]?.code;
      const reader = subjectOf(refusals, {}, { in: batch.schema }, new Map()).create();
      reader.push(batch, 'in', (to, rows) => { if (to === 'out') told.push(...rowsOf(rows)); }, MIN_NS); // biome-ignore format: one step
    }, MIN_NS); // biome-ignore format: one step
    return { code, told };
  }

  hear(rows: readonly Row[]): void {
    for (const row of rows) expect(this.gate.push('updates', row).rejected).toEqual([]);
  }
}

test.each([false, true])('an order that the book refuses gives back its place, its lots and its money (restarted: %s)', (restarts) => {
  const exchange = new Exchange();
  const refused = exchange.order(order(1n, 101n, 9n));
  expect(refused.code).toBe('price-off-tick');
  expect(exchange.order(order(2n, 100n, 1n)).code).toBe('position-limit');
  if (restarts) exchange.gate.restart();
  exchange.hear(refused.told);
  if (restarts) exchange.gate.restart();
  expect(exchange.order(order(1n, 100n, 9n)).code).toBe(null); // its number is free too
  expect(exchange.order(order(2n, 100n, 1n)).code).toBe('position-limit');

  const many = new Exchange();
  const odd = [1n, 2n].map((id) => many.order(order(id, 101n, 1n)));
  expect(many.order(order(3n, 100n, 1n)).code).toBe('open-orders-limit');
  many.hear(odd[0]?.told ?? []);
  expect(many.order(order(3n, 95n, 1n)).code).toBe(null);
  expect(many.order(order(4n, 95n, 1n)).code).toBe('open-orders-limit');

  const dear = new Exchange();
  const { told } = dear.order(order(1n, 501n, 1n));
  expect(dear.order(order(2n, 500n, 1n)).code).toBe('credit-limit');
  dear.hear(told);
  expect(dear.order(order(2n, 500n, 2n)).code).toBe(null);
});

test('a refused amend or cancel changes no order', () => {
  const exchange = new Exchange();
  exchange.hear(exchange.order(order(1n, 100n, 8n)).told);
  for (const row of [order(1n, 101n, 8n, 'amend'), { ...order(2n, 0n, 1n, 'cancel'), price_ticks: null, size_lots: null }]) {
    const { code, told } = exchange.order(row);
    expect([code, told]).toEqual([row.action === 'amend' ? 'price-off-tick' : 'order-unknown', []]);
    exchange.hear(told);
    exchange.gate.restart();
  }
  expect(exchange.order(order(3n, 10n, 2n)).code).toBe('position-limit');
  expect(exchange.order(order(3n, 10n, 1n)).code).toBe(null);
});

test('refused orders have the columns of changes of orders, so that both are one input of the gate', () => {
  const shape = ({ fields }: Schema) => fields.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '?' : ''}`);
  expect(shape(REFUSALS_SCHEMA)).toEqual(shape(UPDATES_SCHEMA));
});
