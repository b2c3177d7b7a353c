import { z } from 'zod';
import { defineOperator, REJECTED_PORT } from '../../graph/contract/operator.ts';
import { AUCTION_PORT, BOOK_PORT, FILLS_PORT, matchSchema, ORDERS_PORT, OUTPUTS, SYMBOLS_PORT } from './layout.ts';
import { nativeMatch } from './native.ts';
import { referenceMatch } from './reference/kernel.ts';
import { PHASES, SELF_TRADE_MODES } from './words.ts';

const increment = () => z.int().min(1).max(2 ** 53 - 1).default(1); // biome-ignore format: one step

const params = z.strictObject({
  self_trade: z.enum(SELF_TRADE_MODES).default('none').meta({
    description: 'what happens when an order meets one of its own account and does not say itself',
  }),
  phase: z.enum(PHASES).default('continuous').meta({ description: 'phase in which symbols begin' }),
  depth: z.int().min(0).max(10_000).default(10).meta({
    description: 'best levels of each side that the port book tells of; 0: none',
    unit: 'levels',
  }),
  increment_ticks: increment().meta({ description: 'prices are multiples of it, where symbols does not say otherwise', unit: 'ticks' }),
  increment_lots: increment().meta({ description: 'sizes are multiples of it, where symbols does not say otherwise', unit: 'lots' }),
});

/** Parameters of `match`, after defaults. */
export type MatchParams = z.output<typeof params>;

/**
 * The exchange core: a limit order book per symbol by price, display and time, with auctions. What it does, case by case, is in
 * `RULES.md` of this folder. Its event time is `ts_event` of the instructions; orders expire by it and by the watermark.
 * An instruction that the rules refuse leaves on `rejected` and changes no book.
 */
export const match = defineOperator({
  name: 'match',
  summary: 'An exchange core: orders of accounts against a book per symbol, continuous and in auctions, as fills and level changes.',
  source: 'RULES.md of this folder; uncross: opening auctions of ASX and SGX; words: FIX 5.0 SP2',
  semantics: 1,
  determinism: 'exact',
  params,
  inputs: {
    [ORDERS_PORT]: { description: 'instructions: new orders, amends and cancels, one a row' },
    [SYMBOLS_PORT]: {
      description: 'phases, reference prices, bands and increments of a symbol, or with a null symbol of all; broadcast or keyed by symbol',
      optional: true,
    },
  },
  outputs: {
    [FILLS_PORT]: { description: 'executions, two rows each: one an order' },
    [ORDERS_PORT]: { description: 'changes of orders: accepted, filled, replaced, canceled, expired, with a reason' },
    [BOOK_PORT]: { description: 'changes of the best displayed levels, with a checksum of the book after them' },
    [AUCTION_PORT]: { description: 'in an auction what would trade now, and what did' },
    [REJECTED_PORT]: { description: 'instructions that the rules refuse' },
  },
  groups: () => ['symbol'],
  fixed: OUTPUTS,
  schema: matchSchema,
  create: nativeMatch,
  reference: referenceMatch,
});
