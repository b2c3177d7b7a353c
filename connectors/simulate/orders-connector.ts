import type { Connector, SourceDeclaration, SourceReader, StartAt } from '../../graph/contract/connector.ts';
import type { Clock } from './connector.ts';
import { ORDERS_SCHEMA, OrderGenerator } from './orders.ts';
import { type OrdersParams, ordersParams } from './orders-params.ts';

/** Bytes of a row, roughly: what a reader's credit is counted with. */
const ROW_BYTES = 100;

const wallClock: Clock = () => BigInt(Date.now()) * 1_000_000n;

/** An open order flow; `clock` decides what a live one shows. */
export function openOrders(params: OrdersParams, clock: Clock = wallClock): SourceReader {
  const { market } = params;
  const generator = new OrderGenerator(params);
  /** Position of the first row at or after an instant. */
  const positionAt = (partition: number, ns: bigint): number => {
    if (ns <= market.originNs) return 0;
    const rows = (Number(ns - market.originNs) * market.rate) / 1e9;
    return Math.max(0, Math.ceil((rows - partition) / market.partitions));
  };
  const end = (partition: number): number =>
    market.rows === null ? Number.POSITIVE_INFINITY : Math.max(0, Math.ceil((market.rows - partition) / market.partitions));
  const present = (partition: number): number => (market.live ? Math.min(end(partition), positionAt(partition, clock())) : end(partition));
  return {
    partitions: Array.from({ length: market.partitions }, (_, partition) => `orders/${partition}`),
    async start(partition: number, start: StartAt): Promise<number> {
      if (typeof start === 'object') return Math.min(positionAt(partition, start.instantNs), end(partition));
      if (start === 'earliest' && market.originNs > 0n) return 0;
      return Math.min(positionAt(partition, clock()), end(partition)); // a flow that is only live has no past
    },
    async read(partition, from, maxRows, maxBytes) {
      const to = Math.min(from + Math.max(1, Math.min(maxRows, Math.floor(maxBytes / ROW_BYTES))), present(partition));
      return to <= from ? null : { partition, from, to, batch: generator.batch(partition, from, to) };
    },
    ended: (partition, from) => from >= end(partition),
    async close() {},
  };
}

const source: SourceDeclaration<OrdersParams> = {
  params: ordersParams,
  formats: [],
  schema: () => ORDERS_SCHEMA,
  time: 'ts_event',
  key: ['symbol'],
  partitions: ({ market }) => market.partitions,
  finite: ({ market }) => market.rows !== null,
  replay: 'anywhere',
  open: async (params) => openOrders(params),
};

/** The orders of a seeded crowd of accounts; any range can be read again. */
export const simulateOrdersConnector: Connector = {
  name: 'simulate_orders',
  summary: 'a seeded crowd of accounts: new orders, amends and cancels around the prices of `simulate`, live or as fast as they are read',
  connection: null,
  source,
};
