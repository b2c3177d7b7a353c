import { expect, test } from 'vitest';
import type { Cell, Row } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { Gate } from './gate.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 1);
const RUNS = Number(process.env.MILLRACE_RUNS ?? 12);
const STEPS = 300;

const LIMITS = `
version: 1
currency: USD
rates: { EUR: 1.25, JPY: 0.0068 }
restricted: [OLD]
defaults: { max_size_lots: 40, price_collar_bps: 800.5, duplicate_window: 400ms, max_price_age: 30s }
accounts:
  alpha:
    max_gross: 9000
    max_net: 3500
    credit: 15000
    message_rate: { messages: 4, per: 5s }
    symbols: { BTC: { max_position_lots: 30, fat_finger_size: { times: 1.5, after: 3 }, max_open_orders: 6 } }
  beta: { max_notional: 2500, max_position_lots: 40, restricted: [JPX], max_open_orders: 5, fat_finger_bps: 100 }
  gamma: { credit: 9000 }
  delta: { state: reducing }
symbols:
  BTC: { tick_value: 1 }
  DAX: { tick_value: 0.8, currency: EUR, max_position_lots: 80, max_open_orders: 4 }
  JPX: { tick_value: 100, currency: JPY, max_size_lots: 30, max_price_age: 5s, price_collar_bps: 300 }
  OLD: { tick_value: 1 }
strategies: { mm: { max_notional: 3500 }, arb: { max_size_lots: 25, fat_finger_bps: 400 }, off: { state: halted } }
venues: { sim: , dark: { price_collar_bps: 200 } }
`;

const OTHERS = [
  LIMITS,
  LIMITS.replace('max_gross: 9000', 'max_gross: 500').replace('messages: 4', 'messages: 2').replace('400ms', '3s'),
  LIMITS.replace('  DAX: {', '  DAX: { max_notional: 1000,')
    .replace('credit: 15000', 'credit: 100')
    .replace('delta: { state: reducing }', 'delta:'),
  LIMITS.replace(/^strategies.*$/m, '')
    .replace(/^venues.*$/m, '')
    .replace('tick_value: 1 }', 'tick_value: 2.5 }'),
  LIMITS.replace(/ {2}DAX.*\n/, ''),
  LIMITS.replace('version: 1', 'version: 7'),
  'defaults: { max_size_lot: 1 }',
  '[',
];

const HUGE: readonly bigint[] = [2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 0n, -1n];

/** A row of something, mostly sensible, in a small world, so that rows meet. */
class Flow {
  readonly random: Random;
  /** New orders that were let through, for others to be about. */
  readonly placed: Row[] = [];
  #now = 0n;

  constructor(random: Random) {
    this.random = random;
  }

  #pick<T>(...items: readonly T[]): T {
    return this.random.pick(items);
  }

  #strategy(): string | null {
    return this.random.chance(0.03) ? this.#pick('off', null) : this.#pick('mm', 'mm', 'mm', 'arb');
  }

  #ticks(): bigint {
    return BigInt(this.random.chance(0.1) ? this.random.int(88, 112) : this.random.int(97, 103));
  }

  #odd(row: Row): Row {
    if (!this.random.chance(0.04)) return row;
    const name = this.random.pick(Object.keys(row));
    const number = /_(id|ticks|lots|event)$/.test(name);
    const odd: Cell = number ? this.random.pick([null, ...HUGE]) : this.#pick(null, 'odd', '');
    return { ...row, [name]: odd };
  }

  next(): readonly [port: string, row: Row] {
    this.#now += this.random.chance(0.05) ? -1_000_000_000n : this.random.bigint(0n, 300_000_000n);
    const { random } = this;
    const whom = {
      order_id: BigInt(random.int(1, 60)),
      account: this.#pick('alpha', 'alpha', 'beta', 'beta', 'gamma', 'delta'),
      symbol: this.#pick('BTC', 'BTC', 'BTC', 'DAX', 'DAX', 'JPX'),
    };
    const last = random.chance(0.9) ? this.placed.at(-random.int(1, Math.min(9, Math.max(1, this.placed.length)))) : undefined;
    const about = last ? { order_id: last.order_id ?? null, account: last.account ?? null, symbol: last.symbol ?? null } : whom;
    const side = this.#pick('buy', 'sell');
    const at = random.int(0, 99);
    if (at < 55) return ['orders', this.#odd(this.#order(whom, about, side))];
    if (at < 70)
      return ['fills', this.#odd({ ...about, side: last?.side ?? side, price_ticks: this.#ticks(), size_lots: BigInt(random.int(1, 9)) })];
    if (at < 82) {
      const status = this.#pick('canceled', 'expired', 'filled', 'rejected', 'replaced', 'replaced', 'replaced', 'new', 'triggered');
      const sizes = {
        size_lots: BigInt(random.int(1, 45)),
        filled_lots: random.chance(0.1) ? this.#pick(null, -1n) : this.#pick(0n, 0n, 5n, 9n, 20n),
      };
      return [
        'updates',
        this.#odd({
          ...about,
          status,
          ...sizes,
          price_ticks: this.#pick(null, this.#ticks()),
          stop_ticks: this.#pick(null, this.#ticks()),
        }),
      ];
    }
    if (at < 95) {
      const symbol = this.#pick('BTC', 'DAX', 'JPX', 'OLD');
      return [
        'prices',
        this.#odd({
          ts_event: this.#now,
          symbol,
          price_ticks: random.chance(0.02) ? random.pick([0n, -50n]) : BigInt(random.int(97, 103)),
        }),
      ];
    }
    if (at < 98) return ['control', this.#odd(this.#control())];
    return ['limits', { text: random.chance(0.05) ? null : random.pick(OTHERS) }];
  }

  #order(whom: Row, about: Row, side: string): Row {
    const { random } = this;
    const action = this.#pick('new', 'new', 'new', 'new', 'amend', 'amend', 'cancel');
    const again = this.placed.at(-1);
    if (action === 'new' && again && random.chance(0.05)) return { ...again, ts_event: this.#now, order_id: whom.order_id ?? null };
    const row = {
      ts_event: this.#now,
      action,
      ...(action === 'new' ? whom : about),
      strategy: this.#strategy(),
      venue: random.chance(0.02) ? null : this.#pick('sim', 'sim', 'sim', 'dark'),
    };
    const size = BigInt(random.int(1, random.chance(0.2) ? 45 : 20));
    if (action === 'cancel') return row;
    if (action === 'amend')
      return {
        ...row,
        size_lots: this.#pick(null, size),
        price_ticks: this.#pick(null, null, this.#ticks()),
        stop_ticks: random.chance(0.1) ? this.#ticks() : null,
      };
    const type = this.#pick('limit', 'limit', 'limit', 'limit', 'market', 'stop', 'stop_limit', 'trailing_stop');
    const price = type === 'limit' || type === 'stop_limit' ? this.#ticks() : null;
    const stop = type === 'stop' || type === 'stop_limit' || (type === 'trailing_stop' && random.chance(0.5)) ? this.#ticks() : null;
    const known = random.chance(0.03) ? { account: 'nobody' } : random.chance(0.03) ? { symbol: this.#pick('OLD', 'XRP') } : {};
    return { ...row, side, type, size_lots: size, price_ticks: price, stop_ticks: stop, ...known };
  }

  #control(): Row {
    const scope = this.#pick('all', 'account', 'strategy', 'venue', 'symbol');
    const names: Readonly<Record<string, readonly string[]>> = {
      account: ['alpha', 'beta'],
      strategy: ['arb', 'mm', 'off'],
      venue: ['sim', 'dark'],
      symbol: ['DAX', 'BTC'],
    };
    const action = this.#pick('kill', 'resume', 'resume', 'resume', 'resume', 'resume', 'state', 'state', 'state');
    const state = this.#pick('active', 'active', 'active', 'active', 'active', 'active', 'active', 'reducing', 'halted');
    return { ts_event: this.#now, action, scope, name: this.random.pick(names[scope] ?? [null]), state, reason: this.#pick(null, 'why') };
  }
}

const CODES = [
  'killed', 'account-unknown', 'restricted', 'symbol-unknown', 'strategy-unknown', 'venue-unknown', 'halted', 'order-unknown', 'order-id-taken',
  'reducing', 'size-limit', 'reference-missing', 'price-stale', 'price-collar', 'fat-finger', 'notional-limit', 'duplicate-order', 'message-rate',
  'open-orders-limit', 'position-limit', 'gross-exposure', 'net-exposure', 'credit-limit', 'limits-invalid', 'ts-missing', 'size-too-large',
  'size-not-positive', 'price-out-of-range', 'field-not-allowed', 'action-unknown', 'filled-missing', 'filled-out-of-range',
]; // biome-ignore format: a table

const PORTS = ['orders', 'prices', 'fills', 'updates', 'control', 'limits'];

test.each([
  ['all ports', PORTS, {}],
  ['no updates', PORTS.filter((port) => port !== 'updates'), {}],
  ['no fills', PORTS.filter((port) => port !== 'fills'), { cancel_on_kill: false }],
  ['orders and limits alone', ['orders', 'limits'], {}],
])(
  'the native gate gives what the naive one gives, restarts or not: %s',
  (_, ports, params) => {
    const reached = new Map<string, number>();
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(SEED * 1000 + run);
      const flow = new Flow(random);
      const gate = new Gate(LIMITS, ports, params);
      if (ports.includes('prices'))
        for (const symbol of ['BTC', 'DAX', 'JPX'].slice(0, 1 + (run % 3)))
          gate.push('prices', { ts_event: 0n, symbol, price_ticks: 100n });
      for (let at = 0; at < STEPS; at++) {
        const [port, row] = flow.next();
        if (!ports.includes(port)) continue;
        const out = gate.push(port, row);
        for (const { code } of out.rejected) reached.set(String(code), (reached.get(String(code)) ?? 0) + 1);
        if (row.action === 'new') flow.placed.push(...out.accepted);
        for (const { action } of out.accepted) reached.set(String(action), (reached.get(String(action)) ?? 0) + 1);
        if (random.chance(0.02)) gate.restart();
      }
    }
    if (process.env.MILLRACE_SHOW) process.stderr.write(`${JSON.stringify([...reached].toSorted((a, b) => b[1] - a[1]))}\n`);
    if (ports.length === PORTS.length) expect(CODES.filter((code) => !reached.has(code))).toEqual([]);
  },
  300_000,
);
