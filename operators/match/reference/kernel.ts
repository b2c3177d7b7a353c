import { REJECT_SCHEMA } from '../../../graph/contract/columns.ts';
import { MAX_NS } from '../../../graph/contract/frame.ts';
import type { Emit, Kernel } from '../../../graph/contract/kernel.ts';
import { type KernelContext, REJECTED_PORT } from '../../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf, rowText } from '../../../graph/contract/rows.ts';
import { AUCTION_PORT, AUCTION_SCHEMA, BOOK_PORT, BOOK_SCHEMA, FILLS_PORT, FILLS_SCHEMA, ORDERS_PORT, UPDATES_SCHEMA } from '../layout.ts';
import type { MatchParams } from '../operator.ts';
import { instructionOf } from './instruction.ts';
import { Market } from './market.ts';
import type { Session } from './session.ts';
import { packed, unpacked } from './snapshot.ts';

/** The naive exchange: the oracle of the native kernel. */
export function referenceMatch({ params }: KernelContext<MatchParams>): Kernel {
  const market = new Market(params);

  const send = (emit: Emit, { fills, orders, levels, auctions }: Omit<Session, 'book'>): void => {
    if (fills.length > 0) emit(FILLS_PORT, batchOf(FILLS_SCHEMA, fills));
    if (orders.length > 0) emit(ORDERS_PORT, batchOf(UPDATES_SCHEMA, orders));
    if (levels.length > 0) emit(BOOK_PORT, batchOf(BOOK_SCHEMA, levels));
    if (auctions.length > 0) emit(AUCTION_PORT, batchOf(AUCTION_SCHEMA, auctions));
  };

  return {
    push(batch, port, emit, floorNs) {
      const rejected: Row[] = [];
      rowsOf(batch).forEach((row, i) => {
        const given = instructionOf(row);
        const refused = port === ORDERS_PORT ? market.order(given, floorNs) : market.symbols(given, floorNs);
        if (refused) rejected.push({ row: i, ...refused, raw: Buffer.from(rowText(batch, i)) });
      });
      send(emit, market.drain());
      if (rejected.length > 0) emit(REJECTED_PORT, batchOf(REJECT_SCHEMA, rejected));
    },
    advance(watermarkNs, _clockNs, emit) {
      if (watermarkNs === MAX_NS) return;
      market.expire(watermarkNs);
      send(emit, market.drain());
    },
    nextTimer: () => null,
    snapshot: () => packed(market.state),
    restore(chunks) {
      const state = unpacked(chunks);
      if (state !== null) market.state = state;
    },
  };
}
