/** What an instruction asks for. */
export const ACTIONS = ['new', 'amend', 'cancel'] as const;
export const SIDES = ['buy', 'sell'] as const;
export const TYPES = ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'] as const;
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd', 'day'] as const;
/** What happens when an order meets one of its own account. */
export const SELF_TRADE_MODES = ['none', 'cancel_newest', 'cancel_oldest', 'cancel_both', 'decrement'] as const;
export const POST_ONLY_MODES = ['reject', 'slide'] as const;
/** States of a symbol. */
export const PHASES = ['continuous', 'auction', 'halt', 'closed'] as const;

export type Side = (typeof SIDES)[number];
export type OrderType = (typeof TYPES)[number];
export type TimeInForce = (typeof TIMES_IN_FORCE)[number];
export type SelfTradeMode = (typeof SELF_TRADE_MODES)[number];
export type PostOnlyMode = (typeof POST_ONLY_MODES)[number];
export type Phase = (typeof PHASES)[number];

/** The words of a new order, in the order in which they are looked at; `what` begins the code of a fault. */
export const ORDER_WORDS = [
  { column: 'side', what: 'side', words: SIDES, required: true },
  { column: 'type', what: 'type', words: TYPES, required: true },
  { column: 'time_in_force', what: 'time-in-force', words: TIMES_IN_FORCE, required: false },
  { column: 'self_trade', what: 'self-trade', words: SELF_TRADE_MODES, required: false },
  { column: 'post_only', what: 'post-only', words: POST_ONLY_MODES, required: false },
] as const satisfies readonly { column: string; what: string; words: readonly string[]; required: boolean }[];
