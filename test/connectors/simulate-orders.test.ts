import { describe, expect, it } from 'vitest';
import { openSimulate } from '../../connectors/simulate/connector.ts';
import { openOrders } from '../../connectors/simulate/orders-connector.ts';
import { ordersParams } from '../../connectors/simulate/orders-params.ts';
import { simulateParams } from '../../connectors/simulate/params.ts';
import { type Row, rowsOf } from '../../graph/contract/rows.ts';

const ROWS = 20_000;
const given = { seed: 7, symbols: 20, accounts: 50, rate: 2_000, rows: ROWS, partitions: 3 };

async function rowsFrom(partition: number, from: number, count: number, more: object = {}): Promise<Row[]> {
  const reader = openOrders(ordersParams.parse({ ...given, ...more }));
  const rows: Row[] = [];
  while (rows.length < count) {
    const chunk = await reader.read(partition, from + rows.length, count - rows.length, 1 << 26);
    if (!chunk?.batch) break;
    rows.push(...rowsOf(chunk.batch));
  }
  return rows;
}

describe('the simulated order flow', () => {
  it('gives the same rows for the same positions, however they are asked for', async () => {
    const whole = await rowsFrom(1, 0, ROWS);
    expect(whole).toHaveLength(Math.ceil((ROWS - 1) / 3));
    expect(await rowsFrom(1, 4_321, 777)).toEqual(whole.slice(4_321, 4_321 + 777));
    expect(await rowsFrom(1, 0, 100, { seed: 8 })).not.toEqual(whole.slice(0, 100));
  });

  it('amends and cancels orders that were sent, of the same account and symbol, and numbers each order once', async () => {
    const rows = (await Promise.all([0, 1, 2].map((partition) => rowsFrom(partition, 0, ROWS)))).flat();
    expect(rows).toHaveLength(ROWS);
    const orders = new Map<unknown, Row>();
    for (const row of rows.filter(({ action }) => action === 'new')) {
      expect(orders.has(row.order_id)).toBe(false);
      orders.set(row.order_id, row);
    }
    const later = rows.filter(({ action }) => action !== 'new');
    expect(later.length).toBeGreaterThan(ROWS / 10);
    for (const row of later) {
      const order = orders.get(row.order_id) as Row;
      expect([row.account, row.symbol]).toEqual([order.account, order.symbol]);
      expect((row.ts_event as bigint) > (order.ts_event as bigint)).toBe(true);
    }
    expect(new Set(rows.map(({ type }) => type))).toEqual(new Set(['limit', 'market', 'stop', null]));
    expect(new Set(rows.map(({ symbol }) => symbol)).size).toBe(20);
    expect(new Set(rows.map(({ account }) => account)).size).toBe(50);
  });

  it('quotes around the prices of simulate with the same seed, symbols and rate', async () => {
    const market = openSimulate(simulateParams.parse({ seed: 7, symbols: 20, rate: 2_000, rows: ROWS, quotes: 1, partitions: 1 }));
    const quotes = rowsOf((await market.read(0, 0, ROWS, 1 << 26))?.batch as never);
    const orders = (await rowsFrom(0, 0, ROWS)).filter(({ type, symbol }) => type === 'limit' && symbol === 'BTCUSDT');
    const btc = quotes.filter(({ symbol }) => symbol === 'BTCUSDT');
    expect(orders.length).toBeGreaterThan(500);
    for (const order of orders) {
      const quote = btc.findLast(({ ts_event }) => (ts_event as bigint) <= (order.ts_event as bigint));
      if (!quote) continue;
      expect(Math.abs(Number(order.price_ticks) - (quote.bid as number) / 0.1)).toBeLessThan(600); // a few seconds' walk, in ticks of 0.1
    }
    const near = orders.filter(({ price_ticks, ts_event }) => {
      const quote = btc.findLast((row) => (row.ts_event as bigint) <= (ts_event as bigint));
      return quote && Math.abs(Number(price_ticks) - (quote.bid as number) / 0.1) < 40;
    });
    expect(near.length / orders.length).toBeGreaterThan(0.9);
  });

  it('is live by the clock: what is in the future is not there yet', async () => {
    const start = '2024-01-01T00:00:00Z';
    const startNs = 1_704_067_200_000_000_000n;
    const reader = openOrders(ordersParams.parse({ ...given, partitions: 1, start, pace: 'live' }), () => startNs + 1_000_000_000n);
    const chunk = await reader.read(0, 0, ROWS, 1 << 26);
    expect(chunk?.to).toBe(2_000);
    expect(await reader.read(0, 2_000, 10, 1 << 20)).toBeNull();
    expect(reader.ended(0, 2_000)).toBe(false);
    expect(await reader.start(0, { instantNs: startNs + 500_000_000n })).toBe(1_000);
  });
});
