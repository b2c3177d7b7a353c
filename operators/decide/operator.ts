import { z } from 'zod';
import { defineOperator, INPUT_PORT, MAIN_PORT, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { duration } from '../../graph/contract/params.ts';
import { inspectInstruments } from '../instruments/table.ts';
import { inspectListed } from './instruments.ts';
import { referenceDecide } from './kernel.ts';
import { decideSchema, ORDERS_PORT, ORDERS_SCHEMA, POSITIONS_PORT } from './layout.ts';
import { nativeDecide } from './native.ts';

const expression = () => z.string().min(1);
const share = (most: number) => z.number().gt(0).max(most);

const sizing = z.union([
  z.strictObject({ fixed_fraction: share(100).meta({ description: 'part of the capital in each position' }) }),
  z.strictObject({
    volatility_target: z.strictObject({
      target: share(1000).meta({ description: 'volatility that the capital is to have, in the unit of the column' }),
      volatility: z.string().min(1).meta({ description: 'column of the volatility of the instrument, Float64' }),
      cap: share(100).default(1).meta({ description: 'largest part of the capital' }),
    }),
  }),
  z.strictObject({
    kelly: z.strictObject({
      probability: z
        .string()
        .min(1)
        .default('p_up')
        .meta({ description: 'column of the probability that the price rises where it moves, Float64' }),
      odds: share(1000).default(1).meta({ description: 'what a position wins when it is right for each unit it loses when it is wrong' }),
      multiple: share(1).default(0.5).meta({ description: "part of Kelly's fraction that is taken: 0.5 is half Kelly" }),
      cap: share(1).default(0.1).meta({ description: 'largest part of the capital' }),
    }),
  }),
  z.strictObject({
    lots: z
      .int()
      .min(1)
      .max(2 ** 53 - 1)
      .meta({ description: 'the same number of lots each time' }),
  }),
]);

const params = z
  .strictObject({
    instruments: z.string().min(1).meta({
      description:
        'instrument table: a csv with the columns venue, symbol, tick_size, lot_size, contract_size; add lines at its end, since the place of a line is part of order numbers',
      unit: 'path',
    }),
    venue: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'whose lines of the table count; default all, where no symbol may be listed twice' }),
    account: z.string().min(1).meta({ description: 'account of the orders, and whose rows of port `positions` count' }),
    strategy: z.string().min(1).default('decide').meta({ description: 'what column `strategy` of the orders says' }),
    buy: expression().default('p_up >= 0.55').meta({ description: 'true for the rows to buy on', unit: 'expression' }),
    sell: expression().default('p_up <= 0.45').meta({ description: 'true for the rows to sell on', unit: 'expression' }),
    close: expression()
      .optional()
      .meta({ description: 'true for the rows to close the position on; before buy and sell, and without cooldown', unit: 'expression' }),
    close_long: expression().optional().meta({
      description:
        'true for the rows to close a long position on; with a bound below that of buy, such as `p_up < 0.5`, a score that trembles around either does not trade each time',
      unit: 'expression',
    }),
    close_short: expression()
      .optional()
      .meta({ description: 'true for the rows to close a short position on, such as `p_up > 0.5`', unit: 'expression' }),
    conflict: z.enum(['hold', 'buy', 'sell']).default('hold').meta({ description: 'what is done when buy and sell are both true' }),
    short: z.boolean().default(true).meta({ description: 'false: sell closes what is held, no more' }),
    cooldown: duration()
      .default(0n)
      .meta({ description: 'time after an order in which the symbol is not bought or sold again', unit: 'duration' }),
    confirm: duration().default(5_000_000_000n).meta({
      description: 'with port `positions`: how long an order counts as filled after it was sent; then what that port says counts',
      unit: 'duration',
    }),
    warm_up: z
      .int()
      .min(0)
      .max(1e9)
      .default(0)
      .meta({ description: 'triggers of a symbol that are held before the first decision', unit: 'rows' }),
    price: z.string().min(1).default('close').meta({ description: 'column of the price that sizes and limits are made from, Float64' }),
    capital: z.number().gt(0).max(1e15).default(100_000).meta({ description: 'what fractions are parts of', unit: 'quote currency' }),
    sizing: sizing.default({ fixed_fraction: 0.1 }).meta({
      description:
        'size of a position: fixed_fraction of the capital; volatility_target, target / volatility of it; kelly, by probability and odds, capped; or lots',
    }),
    max_position: z
      .number()
      .gt(0)
      .max(1e15)
      .optional()
      .meta({ description: 'largest position of a symbol, long or short', unit: 'base units' }),
    type: z.enum(['market', 'limit']).default('market').meta({
      description:
        'type of the orders; limits are the price, rounded away from the other side; where that is below 1 tick no order is sent',
    }),
    offset_ticks: z
      .int()
      .min(-1e9)
      .max(1e9)
      .default(0)
      .meta({ description: 'limit: ticks beyond the price, towards the other side', unit: 'ticks' }),
    time_in_force: z.enum(['gtc', 'ioc', 'fok', 'day']).default('ioc').meta({
      description:
        'how long the orders live; what is left of one that rests is not counted once `confirm` is over, and may be ordered again',
    }),
    id_prefix: z
      .int()
      .min(0)
      .max(16_383)
      .default(0)
      .meta({ description: 'first part of order numbers: give each decide of one book another' }),
  })
  .refine((given) => given.type === 'limit' || given.offset_ticks === 0, {
    message: 'expected offset_ticks with type: limit only',
    path: ['offset_ticks'],
  });

/** Parameters of `decide`, after defaults. */
export type DecideParams = z.output<typeof params>;

/**
 * Each row on `in` is a trigger and gives one decision: close, where its rule, or that of the side held, is true and something is held; else buy, sell or hold. Held is
 * every trigger with a reason against it: a used column that is null or not finite, warm-up, a conflict, the cooldown, a size below a lot, a
 * limit below a tick, a target that is held already, a row older than the one before. Buying never makes a position smaller, selling never larger.
 *
 * An order's number is `id_prefix x 2^49 + line of the instrument x 2^32 + count`: the line is another for every symbol, a symbol is in one
 * task, and its count is state; so no number comes twice whatever the tasks.
 */
export const decide = defineOperator({
  name: 'decide',
  summary: 'Scores and rules to buy, sell, hold or close, with reasons; sized orders that fit risk and match.',
  source:
    'J. L. Kelly (1956), A New Interpretation of Information Rate, The Bell System Technical Journal 35; orders: operators/match/RULES.md',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [INPUT_PORT]: { description: 'triggers: `ts_event`, `symbol`, the price and the columns of the rules' },
    [POSITIONS_PORT]: {
      description: 'rows of `positions`: `ts_event`, `account`, `symbol`, `position_lots`; without it every order counts as filled',
      optional: true,
    },
  },
  outputs: {
    [MAIN_PORT]: { description: 'a row per trigger: its columns, then the decision with its reasons and sizes' },
    [ORDERS_PORT]: { description: 'orders for port `orders` of risk or match' },
    [REJECTED_PORT]: {
      description:
        'triggers without a time (`ts-missing`) or a symbol (`symbol-missing`), or of a symbol that the table lacks (`symbol-unknown`)',
    },
  },
  groups: () => ['symbol'],
  fixed: { [ORDERS_PORT]: ORDERS_SCHEMA },
  schema: decideSchema,
  files: (given) => [{ path: given.instruments, place: { path: ['instruments'] } }],
  inspect: (given, files) => [...inspectInstruments(given.instruments, files), ...inspectListed(given, files)],
  create: nativeDecide,
  reference: referenceDecide,
});
