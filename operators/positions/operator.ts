import { z } from 'zod';
import { defineOperator, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { interval } from '../../graph/contract/params.ts';
import { referencePositions } from './kernel.ts';
import {
  BALANCES_PORT,
  BALANCES_SCHEMA,
  CASH_PORT,
  EQUITY_PORT,
  EQUITY_SCHEMA,
  FILLS_PORT,
  POSITION_SCHEMA,
  PRICES_PORT,
  positionsSchema,
} from './layout.ts';
import { nativePositions } from './native.ts';
import { inspectTerms } from './terms.ts';

const currency = z.string().min(1);
const bps = (part: string) =>
  z
    .number()
    .min(-10_000)
    .max(10_000)
    .default(0)
    .meta({
      description: `fee of a fill as ${part}, where the input has no column \`fee\`; below 0 it is paid to the account`,
      unit: 'bps',
    });

const params = z.strictObject({
  method: z.enum(['fifo', 'lifo', 'average']).default('fifo').meta({
    description: 'what a fill that makes a position smaller closes: what was opened first, what was opened last, or a share of all',
  }),
  instruments: z.string().min(1).meta({
    description: 'instrument table: a csv with the columns venue, symbol, tick_size, lot_size, contract_size, currency, sector',
    unit: 'path',
  }),
  venue: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'whose lines of the table count; default all, where no symbol may be listed twice' }),
  base: currency.meta({ description: 'currency of the equity, and of instruments whose line names none' }),
  rates: z
    .record(currency, z.number().min(1e-12).max(1e12))
    .default({})
    .meta({ description: 'fixed rates by currency', unit: 'base currency per unit' }),
  fx: z
    .record(
      currency,
      z.union([
        z.string().min(1),
        z.strictObject({
          symbol: z.string().min(1).meta({ description: 'symbol of port `prices`' }),
          inverse: z.boolean().default(false).meta({ description: 'the price is units of the currency per base currency' }),
        }),
      ]),
    )
    .default({})
    .meta({ description: 'by currency, the symbol of port `prices` whose price is base currency per unit, e.g. { EUR: EURUSD }' }),
  maker_bps: bps('maker'),
  taker_bps: bps('taker, or of one whose `liquidity` is not told'),
  cash: z
    .record(currency, z.number().gt(-1e19).lt(1e19))
    .default({})
    .meta({ description: 'what every account begins with, by currency; it counts as deposited', unit: 'currency units' }),
  price: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'column of port `prices`, Float64 or Int64 (ticks); default the first it has of price, price_ticks, close' }),
  mark_every: interval().default(1_000_000_000n).meta({
    description: 'moved prices and rates show in the rows at the end of an interval of this length in which they moved',
    unit: 'duration',
  }),
});

/** Parameters of `positions`, after defaults. */
export type PositionsParams = z.output<typeof params>;

/**
 * Positions, profit, cash and equity of accounts, from their fills, prices of the market, and deposits.
 *
 * Every amount is an integer inside (10^-18 of its currency, prices in thousandths of a tick) and becomes Float64 once, on its way out:
 * nothing drifts. Rounded are only a Float64 on its way in (price: 1/1000 tick; fee, amount: 10^-12), the share of an average cost that
 * a partial close takes away (the rest stays with the position, so that nothing is lost), fees in bps, and the conversion to base
 * currency (10^-18 each; halves away from zero).
 *
 * After every event, of an account and currency: cash + market_value = equity; realised + unrealised - fees = equity - deposits;
 * in base currency the second has one term more, `translation`: what deposits in other currencies have gained by rates that moved.
 *
 * Contracts are linear: value = price x size x contract_size. Fees are in no cost. Fills count in the order in which they come, also late ones.
 */
export const positions = defineOperator({
  name: 'positions',
  summary: 'Positions, realised and unrealised profit, fees, cash and equity of accounts, by FIFO, LIFO or average cost.',
  source:
    'FIFO and weighted average cost: IAS 2 Inventories, paragraphs 25-27; LIFO: FASB ASC 330-10-30; balances at the last rate: IAS 21, paragraph 23',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [FILLS_PORT]: {
      description:
        'fills: `ts_event`, `account`, `symbol`, `side`, `price_ticks` or `price`, `size_lots` or `size`; optional `liquidity`, or `fee` (below 0: a rebate) and `fee_currency`',
    },
    [PRICES_PORT]: {
      description:
        'prices of the market: `ts_event`, `symbol`, price; without one a position is valued at the last fill of its account. Rows without a price, of other symbols, or older than the last of their symbol are passed over',
      optional: true,
    },
    [CASH_PORT]: { description: 'deposits and, below 0, withdrawals: `ts_event`, `account`, `currency`, `amount`', optional: true },
  },
  outputs: {
    [MAIN_PORT]: { description: 'a row per fill with the position after it, and per open position whose value moved in an interval' },
    [EQUITY_PORT]: { description: 'a row per event of an account: all of it in base currency; null while a rate is not known' },
    [BALANCES_PORT]: { description: 'a row per event and currency that it touched: what the account has in that currency' },
    [REJECTED_PORT]: { description: 'rows that cannot be a fill, a price or a deposit' },
  },
  groups: () => ['account'],
  fixed: { [MAIN_PORT]: POSITION_SCHEMA, [EQUITY_PORT]: EQUITY_SCHEMA, [BALANCES_PORT]: BALANCES_SCHEMA },
  schema: positionsSchema,
  files: (given) => [{ path: given.instruments, place: { path: ['instruments'] } }],
  inspect: inspectTerms,
  create: nativePositions,
  reference: referencePositions,
});
