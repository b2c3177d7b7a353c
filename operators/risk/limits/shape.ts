import { z } from 'zod';
import { interval } from '../../../graph/contract/params.ts';
import { scaled } from './decimal.ts';

/** Decimal places of an amount of money. */
export const MONEY_PLACES = 18;
/** Largest amount, in base units. */
const MOST_MONEY = 10n ** 15n * 10n ** BigInt(MONEY_PLACES);

/** A decimal, as text where a double would lose digits of it. */
const decimalLike = z.union([z.number(), z.string()], 'expected a decimal such as 1500.50');

const atMost = (places: number, most: bigint, least: bigint, what: string) =>
  decimalLike
    .refine((value) => inRange(scaled(String(value), places), least, most), `expected ${what}`)
    .transform((value) => scaled(String(value), places) ?? 0n);

function inRange(value: bigint | null, least: bigint, most: bigint): boolean {
  return value !== null && value >= least && value <= most;
}

const money = () => atMost(MONEY_PLACES, MOST_MONEY, 0n, 'an amount from 0 to 10^15 with at most 18 decimal places');
const positive = (what: string) => atMost(MONEY_PLACES, MOST_MONEY, 1n, `${what}: a decimal above 0 with at most 18 decimal places`);
const bps = () =>
  atMost(3, 1_000_000_000n, 0n, 'basis points from 0 to 1000000 with at most 3 decimal places').transform((value) => Number(value));
const lots = () => z.int().min(0).transform(BigInt);
const count = (most: number) => z.int().min(0).max(most);

const state = () => z.enum(['active', 'reducing', 'halted']).optional();
const named = <T extends z.ZodType>(value: T) => z.record(z.string().min(1), value);
/** `alpha:` with nothing under it is `alpha: {}`. */
const orNothing = <T extends z.ZodType>(value: T) => z.union([value, z.null().transform(() => ({}))]);

/** Limits of one order. */
const order = {
  max_size_lots: lots().optional().meta({ description: 'largest size of an order', unit: 'lots' }),
  max_notional: money().optional().meta({ description: 'largest price x size of an order', unit: 'base currency' }),
  price_collar_bps: bps()
    .optional()
    .meta({ description: 'how far the price of an order may be from the reference price, either way', unit: 'bps' }),
  fat_finger_bps: bps()
    .optional()
    .meta({ description: 'how far the price may be through the reference price: a buy above it, a sell below', unit: 'bps' }),
};

/** Limits of an account in a symbol. */
const line = {
  ...order,
  fat_finger_size: z
    .strictObject({
      times: atMost(3, 1_000_000_000n, 1n, 'a number above 0 and up to 1000000 with at most 3 decimal places')
        .transform((value) => Number(value))
        .meta({ description: 'multiple of the mean size of accepted new orders' }),
      after: z
        .int()
        .min(1)
        .max(1_000_000)
        .meta({ description: 'accepted new orders from which on the mean says something', unit: 'orders' }),
    })
    .optional()
    .meta({ description: 'a size far above what the account is used to in the symbol is refused' }),
  max_position_lots: lots().optional().meta({ description: 'largest position, long or short, in the worst case', unit: 'lots' }),
};

const account = {
  ...line,
  max_open_orders: count(1_000_000)
    .optional()
    .meta({ description: 'open orders over all symbols; 10000 where nothing is said', unit: 'orders' }),
  max_gross: money()
    .optional()
    .meta({ description: 'sum of the worst positions of all symbols, long and short alike', unit: 'base currency' }),
  max_net: money().optional().meta({ description: 'largest net long and net short position of all symbols', unit: 'base currency' }),
  credit: money()
    .optional()
    .meta({ description: 'what was paid for fills less what was received, plus what open orders may cost', unit: 'base currency' }),
  message_rate: z
    .strictObject({
      messages: z.int().min(1).max(10_000).meta({ description: 'accepted new orders and amends', unit: 'messages' }),
      per: interval().meta({ description: 'in any interval of this length' }),
    })
    .optional()
    .meta({ description: 'how fast an account may send' }),
  duplicate_window: interval()
    .optional()
    .meta({ description: 'how long after an accepted new order an equal one is refused', unit: 'duration' }),
};

const maxPriceAge = () =>
  interval().optional().meta({ description: 'how far apart the times of an order and of the reference price may be', unit: 'duration' });

const defaultsShape = z.strictObject({ ...account, max_price_age: maxPriceAge() });

const accountShape = z.strictObject({
  ...account,
  state: state().meta({ description: 'trading state until control says another' }),
  restricted: z.array(z.string()).default([]).meta({ description: 'symbols that the account may not trade' }),
  symbols: named(
    z.strictObject({
      ...line,
      max_open_orders: count(1_000_000).optional().meta({ description: 'open orders in the symbol', unit: 'orders' }),
    }),
  )
    .default({})
    .meta({ description: "limits of the account in a symbol, in place of the account's" }),
});

/** Limits of any scope, as far as it has such. */
export type AnyLimits = Partial<z.output<typeof accountShape> & z.output<typeof defaultsShape>>;

/** The limits file. */
export const limitsShape = z.strictObject({
  version: z.literal(1).meta({ description: 'version of the format' }),
  currency: z.string().min(1).meta({ description: 'base currency, in which money limits are' }),
  rates: named(positive('a rate')).default({}).meta({ description: 'other currencies: units of the base currency for one unit' }),
  state: state().meta({ description: 'trading state of everything until control says another; active where nothing is said' }),
  restricted: z.array(z.string()).default([]).meta({ description: 'symbols that nobody may trade' }),
  defaults: orNothing(defaultsShape).default({}).meta({ description: 'limits of every account, where it does not say its own' }),
  accounts: named(orNothing(accountShape)).meta({ description: 'every account that may send orders; another one is denied' }),
  symbols: named(
    z.strictObject({
      tick_value: positive('what one tick of one lot is worth').meta({
        description: 'worth of one tick of one lot',
        unit: 'currency of the symbol',
      }),
      currency: z.string().min(1).optional().meta({ description: 'currency of the tick value; default the base currency' }),
      ...order,
      max_position_lots: line.max_position_lots,
      max_open_orders: count(1_000_000).optional().meta({ description: 'open orders of an account in the symbol', unit: 'orders' }),
      max_price_age: maxPriceAge(),
      state: state().meta({ description: 'trading state until control says another' }),
    }),
  ).meta({ description: 'every symbol that may be traded; its limits hold for each account' }),
  strategies: named(
    orNothing(z.strictObject({ ...order, state: state().meta({ description: 'trading state until control says another' }) })),
  )
    .optional()
    .meta({ description: 'where given, an order must name one of these in its column strategy' }),
  venues: named(orNothing(z.strictObject({ ...order, state: state().meta({ description: 'trading state until control says another' }) })))
    .optional()
    .meta({ description: 'where given, an order must name one of these in its column venue' }),
});

/** The file, checked, amounts as integers: money of 18 decimal places, basis points and multiples of 3. */
export type LimitsFile = z.output<typeof limitsShape>;
