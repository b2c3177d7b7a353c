import type { Cell, Row } from '../../../graph/contract/rows.ts';
import type { Random } from '../../../graph/test-kit/random.ts';
import { POST_ONLY_MODES, SELF_TRADE_MODES, SIDES, TIMES_IN_FORCE, TYPES } from '../../../operators/match/words.ts';
import type { InputPort } from '../ports.ts';

/** One row for a port. */
export interface Operation {
  readonly port: InputPort;
  readonly row: Row;
}

const SYMBOLS = ['A', 'B', 'C'];
const ACCOUNTS = ['ann', 'bob', 'cyd'];
const EDGES = [0n, -1n, 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];

/** What the flow believes of a symbol, so that most rows are accepted; the kernels may see it otherwise. */
interface Belief {
  phase: string;
  ticks: bigint;
  lots: bigint;
  /** Ids of the last new orders. */
  readonly ids: number[];
}

/** Order flow in which everything meets everything: few prices, sizes, accounts and ids. */
export class Flow {
  readonly #random: Random;
  /** Ids are 1 to this; they come again and again. */
  readonly #ids: number;
  /** About how many orders of a symbol are cancelled or amended when asked. */
  readonly #live: number;
  readonly #width: number;
  /** The middle of the prices. */
  readonly #center: number;
  /** What lies between two neighbouring prices; far apart they are on other pages of a book. */
  readonly #scale: number;
  readonly #beliefs = new Map<string, Belief>();
  #now = 1_000_000n;

  constructor(random: Random, begin: { readonly phase: string; readonly ticks: number; readonly lots: number }) {
    this.#random = random;
    this.#ids = random.pick([40, 100, 300]);
    this.#live = random.pick([5, 20, 50]);
    this.#width = random.pick([3, 6, 15]);
    this.#center = random.pick([100, 100, 0, 64, -128, 1_000_000]);
    this.#scale = random.pick([1, 1, 1, 5, 64, 10_007]);
    const [ticks, lots] = [BigInt(begin.ticks), BigInt(begin.lots)];
    for (const symbol of SYMBOLS) this.#beliefs.set(symbol, { phase: begin.phase, ticks, lots, ids: [] });
  }

  /** Event time of the newest row. */
  get now(): bigint {
    return this.#now;
  }

  next(): Operation {
    const random = this.#random;
    this.#now += random.chance(0.4) ? 0n : BigInt(random.int(1, 4));
    const symbol = random.pick(SYMBOLS);
    const belief = this.#beliefs.get(symbol) as Belief;
    const shut = ['halt', 'closed'].includes(belief.phase);
    const operation = random.chance(shut ? 0.2 : 0.015) ? this.#symbols(symbol) : this.#orders(symbol, belief);
    return random.chance(0.02) ? this.#spoilt(operation) : operation;
  }

  #time(): bigint {
    return this.#random.chance(0.03) ? this.#now - BigInt(this.#random.int(1, 30)) : this.#now;
  }

  #price({ ticks }: Belief): bigint {
    const random = this.#random;
    if (random.chance(0.003)) return random.pick(EDGES);
    const price = this.#near();
    return random.chance(0.98) ? price - (price % ticks) : price;
  }

  #near(away = 0): bigint {
    return BigInt(this.#center + this.#scale * (this.#random.int(-this.#width, this.#width) + away));
  }

  #size({ lots }: Belief): bigint {
    const random = this.#random;
    if (random.chance(0.003)) return random.pick(EDGES);
    const size = BigInt(random.chance(0.1) ? random.int(10, 40) : random.int(1, 9));
    return random.chance(0.98) ? size * lots : size;
  }

  #orders(symbol: string, belief: Belief): Operation {
    const random = this.#random;
    const action = random.pick(['new', 'new', 'new', 'new', 'new', 'new', 'amend', 'amend', 'cancel']);
    const id = random.chance(0.04) || (action !== 'new' && belief.ids.length === 0) ? random.int(1, this.#ids) : this.#id(action, belief);
    const account = random.chance(0.98) ? (ACCOUNTS[id % ACCOUNTS.length] ?? 'ann') : random.pick(ACCOUNTS);
    const head = { ts_event: this.#time(), symbol, account, order_id: BigInt(id), action };
    if (action === 'cancel') return { port: 'orders', row: head };
    return { port: 'orders', row: { ...head, ...(action === 'new' ? this.#new(belief, id) : this.#amend(belief)) } };
  }

  #id(action: string, { ids }: Belief): number {
    if (action !== 'new') return this.#random.pick(ids);
    const id = ((ids.at(-1) ?? 0) % this.#ids) + 1;
    ids.push(id);
    if (ids.length > this.#live) ids.shift();
    return id;
  }

  /** A recent order of the account that owns `id`. */
  #partner({ ids }: Belief, id: number): Cell {
    const own = ids.filter((other) => other !== id && other % ACCOUNTS.length === id % ACCOUNTS.length);
    return BigInt(this.#random.chance(0.9) && own.length > 0 ? this.#random.pick(own) : this.#random.int(1, this.#ids));
  }

  #new(belief: Belief, id: number): Row {
    const random = this.#random;
    const type = random.chance(0.6) ? 'limit' : random.pick(TYPES);
    const some = (probability: number, value: () => Cell): Cell => (random.chance(probability) ? value() : null);
    const limited = type === 'limit' || type === 'stop_limit';
    const time = random.chance(0.5) ? null : random.pick(TIMES_IN_FORCE);
    const plain = random.chance(0.5);
    const rare = (probability: number): number => (plain ? 0 : probability);
    return {
      side: random.pick(SIDES),
      type,
      size_lots: this.#size(belief),
      time_in_force: time,
      price_ticks: limited ? this.#price(belief) : null,
      stop_ticks: type === 'stop' || type === 'stop_limit' || (type === 'trailing_stop' && random.chance(0.5)) ? this.#price(belief) : null,
      trail_ticks: type === 'trailing_stop' ? BigInt(random.int(1, 4) * this.#scale) * belief.ticks : null,
      expire_at: time === 'gtd' ? this.#now + BigInt(random.int(0, 150)) : null,
      display_lots: limited ? some(rare(0.25), () => BigInt(random.int(1, 4)) * belief.lots) : null,
      post_only: limited ? some(rare(0.2), () => random.pick(POST_ONLY_MODES)) : null,
      hidden: limited ? some(rare(0.15), () => true) : null,
      all_or_none: some(rare(0.2), () => true),
      reduce_only: some(rare(0.25), () => true),
      self_trade: some(rare(0.4), () => random.pick(SELF_TRADE_MODES)),
      oco_order_id: some(rare(0.35), () => this.#partner(belief, id)),
    };
  }

  #amend(belief: Belief): Row {
    const random = this.#random;
    const some = (probability: number, value: () => Cell): Cell => (random.chance(probability) ? value() : null);
    return {
      size_lots: some(0.5, () => this.#size(belief)),
      price_ticks: some(0.35, () => this.#price(belief)),
      stop_ticks: some(0.08, () => this.#price(belief)),
      display_lots: some(0.08, () => BigInt(random.int(1, 4)) * belief.lots),
      side: some(0.03, () => random.pick(SIDES)),
      type: some(0.03, () => random.pick(TYPES)),
      time_in_force: some(0.03, () => random.pick(TIMES_IN_FORCE)),
      hidden: some(0.02, () => random.chance(0.5)),
      trail_ticks: some(0.01, () => 3n),
    };
  }

  #symbols(symbol: string): Operation {
    const random = this.#random;
    const some = (probability: number, value: () => Cell): Cell => (random.chance(probability) ? value() : null);
    const phase = some(0.8, () => random.pick(['continuous', 'continuous', 'auction', 'auction', 'halt', 'closed']));
    const [ticks, lots] = [some(0.15, () => random.pick([1n, 1n, 2n, 3n])), some(0.1, () => random.pick([1n, 1n, 1n, 2n]))];
    const everyone = random.chance(0.1);
    for (const name of everyone ? SYMBOLS : [symbol]) {
      const belief = this.#beliefs.get(name) as Belief;
      if (typeof phase === 'string') belief.phase = phase;
      if (typeof ticks === 'bigint') belief.ticks = ticks;
      if (typeof lots === 'bigint') belief.lots = lots;
    }
    const open = random.chance(0.7);
    return {
      port: 'symbols',
      row: {
        ts_event: this.#time(),
        symbol: everyone ? null : symbol,
        phase,
        reference_ticks: some(0.3, () => this.#near()),
        lower_ticks: some(0.3, () => (open ? -(2n ** 53n) : this.#near(-5))),
        upper_ticks: some(0.3, () => (open ? 2n ** 53n : this.#near(5))),
        increment_ticks: ticks,
        increment_lots: lots,
      },
    };
  }

  /** The same with one column that is missing, unknown, out of range or not allowed. */
  #spoilt({ port, row }: Operation): Operation {
    const random = this.#random;
    const words = ['action', 'symbol', 'account', 'side', 'type', 'time_in_force', 'self_trade', 'post_only', 'phase'];
    const numbers = ['price_ticks', 'size_lots', 'stop_ticks', 'trail_ticks', 'display_lots', 'oco_order_id', 'order_id', 'expire_at'];
    const settings = ['reference_ticks', 'lower_ticks', 'upper_ticks', 'increment_ticks', 'increment_lots'];
    const known = new Set(
      port === 'symbols' ? ['ts_event', 'symbol', 'phase', ...settings] : ['ts_event', ...words.slice(0, 8), ...numbers],
    );
    const column = random.pick([...known]);
    if (random.chance(0.4)) return { port, row: { ...row, [column]: null } };
    const value = words.includes(column) ? random.pick(['', 'Buy', 'xyz', 'limit']) : random.pick(EDGES);
    return column === 'ts_event' ? { port, row } : { port, row: { ...row, [column]: value } };
  }
}
