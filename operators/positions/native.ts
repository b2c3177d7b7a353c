import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { explained, REFUSED_PORT, REFUSED_SCHEMA } from '../money/refused.ts';
import { BALANCES_PORT, crossingColumns, EQUITY_PORT } from './layout.ts';
import type { PositionsParams } from './operator.ts';
import { explain, REFUSALS, type RefusedColumns } from './refusal.ts';
import { type Terms, termsOf } from './terms.ts';

/** The kernel of `native/kernels/src/positions`; the words of a refusal, which are rare, are put together here. */
export function nativePositions(context: KernelContext<PositionsParams>): Kernel {
  const { params, inputs, outputs, read } = context;
  const accountPorts = [EQUITY_PORT, BALANCES_PORT].filter((port) => read?.has(port) ?? true);
  const crossing = crossingColumns(params, inputs);
  const native = nativeKernel({
    kernel: 'positions',
    params: nativeParams(params, termsOf(context)),
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, schema]) => [port, { schema, columns: crossing[port]?.columns ?? ['ts_event'] }]),
    ),
    outputs: {
      [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema },
      ...Object.fromEntries(accountPorts.map((port) => [port, { schema: outputs[port] as Schema }])),
      [REFUSED_PORT]: { schema: REFUSED_SCHEMA },
    },
  });
  return explained(native, REFUSALS, (code, row, port) => explain(code, row, crossing[port]?.refused as RefusedColumns));
}

/** Numbers that a double does not hold, and those that must be read to the nearest, go as text. */
function nativeParams({ method, mark_every }: PositionsParams, terms: Terms): unknown {
  const at = (currency: string) => terms.currencies.indexOf(currency);
  const amounts = (some: ReadonlyMap<string, bigint>) => [...some].map(([currency, units]) => ({ currency: at(currency), units }));
  return {
    method,
    currencies: terms.currencies,
    instruments: [...terms.instruments.values()].map((listed) => ({
      symbol: listed.symbol,
      currency: at(listed.currency),
      point: listed.point,
      tick: String(listed.tick),
      lot: String(listed.lot),
      contract: String(listed.contract),
      tick_digits: listed.tickDigits,
      price_scale: listed.priceScale,
      lot_digits: listed.lotDigits,
      lot_scale: listed.lotScale,
    })),
    rates: amounts(terms.rates),
    fx: terms.crosses.map(({ currency, symbol, inverse }) => ({ currency: at(currency), symbol, inverse })),
    cash: amounts(terms.cash),
    maker: terms.maker,
    taker: terms.taker,
    mark_every,
  };
}
