import type { Schema } from 'apache-arrow';
import { REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { keysOf, QUOTE_COLUMNS, QUOTES_PORT, TRADE_COLUMNS, TRADES_PORT } from './layout.ts';
import type { OrderFlowParams } from './operator.ts';

/** The kernel of `native/kernels/src/order_flow`. */
export function nativeOrderFlow({ params, inputs, outputs }: KernelContext<OrderFlowParams>): Kernel {
  const quotes = inputs[QUOTES_PORT] as Schema;
  const trades = inputs[TRADES_PORT];
  const by = keysOf(params, quotes);
  const { every, stale_after, returns } = params;
  const crossing = (schema: Schema, names: readonly string[]) => ({ schema, columns: [...new Set([...names, ...by])] });
  return nativeKernel({
    kernel: 'order_flow',
    params: { every, by, carry: params.empty === 'carry', stale_after, returns },
    inputs: {
      [QUOTES_PORT]: crossing(quotes, QUOTE_COLUMNS),
      ...(trades ? { [TRADES_PORT]: crossing(trades, TRADE_COLUMNS) } : {}),
    },
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema },
      [REJECTED_PORT]: { schema: REJECT_SCHEMA, carry: 'rejected' },
    },
  });
}
