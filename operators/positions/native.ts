import { Int32, type RecordBatch, Schema } from 'apache-arrow';
import { column } from '../../graph/contract/batch.ts';
import { field, REJECT_SCHEMA } from '../../graph/contract/columns.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { type KernelContext, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { batchOf, rowsOf, rowText } from '../../graph/contract/rows.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { BALANCES_PORT, crossingColumns, EQUITY_PORT } from './layout.ts';
import type { PositionsParams } from './operator.ts';
import { explain, REFUSALS, type RefusedColumns } from './refusal.ts';
import { type Terms, termsOf } from './terms.ts';

const REFUSED_SCHEMA = new Schema([
  field('row', new Int32(), false, 'row of the pushed batch'),
  field('code', new Int32(), false, 'index of the reason'),
]);

/** The kernel of `native/kernels/src/positions`; the words of a refusal, which are rare, are put together here. */
export function nativePositions(context: KernelContext<PositionsParams>): Kernel {
  const { params, inputs, outputs } = context;
  const crossing = crossingColumns(params, inputs);
  const native = nativeKernel({
    kernel: 'positions',
    params: nativeParams(params, termsOf(context)),
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([port, schema]) => [port, { schema, columns: crossing[port]?.columns ?? ['ts_event'] }]),
    ),
    outputs: {
      ...Object.fromEntries([MAIN_PORT, EQUITY_PORT, BALANCES_PORT].map((port) => [port, { schema: outputs[port] as Schema }])),
      refused: { schema: REFUSED_SCHEMA },
    },
  });
  return {
    ...native,
    push(batch, port, emit, floorNs) {
      const names = crossing[port]?.refused;
      native.push(
        batch,
        port,
        (from, rows) => (from === 'refused' && names ? emit(REJECTED_PORT, rejected(rows, batch, names)) : emit(from, rows)),
        floorNs,
      );
    },
  };
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

function rejected(refused: RecordBatch, batch: RecordBatch, names: RefusedColumns): RecordBatch {
  const rows = column(refused, 'row').values as Int32Array;
  const codes = column(refused, 'code').values as Int32Array;
  return batchOf(
    REJECT_SCHEMA,
    Array.from(rows, (row, i) => {
      const code = REFUSALS[codes[i] as number];
      const [cells] = rowsOf(batch.slice(row, row + 1));
      if (code === undefined || !cells) throw new MillraceError(`no refusal ${codes[i]}`, { code: 'kernel-output', domain: 'internal' });
      return { row, code, reason: explain(code, cells, names), raw: Buffer.from(rowText(batch, row)) };
    }),
  );
}
