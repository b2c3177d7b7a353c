import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Row } from '../../graph/contract/rows.ts';
import { Gate, type Out } from './gate.ts';
import { Venue } from './venue.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 1);
const RUNS = Number(process.env.MILLRACE_RUNS ?? 120);

const ACCOUNTS = ['alpha', 'beta'];
const SYMBOLS = ['BTC', 'DAX'];
const REFERENCE: Readonly<Record<string, bigint>> = { BTC: 100n, DAX: 50n };
/** Worth of a tick of a lot, in USD: DAX is 1 EUR at 1.5. */
const WORTH: Readonly<Record<string, number>> = { BTC: 1, DAX: 1.5 };
const STEP_NS = 100_000_000n;

const LIMITS = `
version: 1
currency: USD
rates: { EUR: 1.5 }
defaults: { max_size_lots: 9, max_notional: 800, price_collar_bps: 1000, max_open_orders: 4 }
accounts:
  alpha: { max_position_lots: 9, max_gross: 1200, max_net: 1100, message_rate: { messages: 5, per: 1s } }
  beta: { credit: 1300, message_rate: { messages: 6, per: 2s }, symbols: { DAX: { max_position_lots: 7, max_open_orders: 2 } } }
symbols:
  BTC: { tick_value: 1 }
  DAX: { tick_value: 1, currency: EUR, max_position_lots: 10 }
strategies: { mm: , arb: { max_size_lots: 4 } }
`;

const lots = fc.integer({ min: 1, max: 10 });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('new' as const), account: fc.constantFrom(...ACCOUNTS), symbol: fc.constantFrom(...SYMBOLS), side: fc.constantFrom('buy', 'sell'), off: fc.integer({ min: -6, max: 6 }), size: lots, strategy: fc.constantFrom('mm', 'mm', 'arb'), id: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('amend' as const), nth: fc.nat(7), size: fc.option(lots), off: fc.option(fc.integer({ min: -6, max: 6 })) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), nth: fc.nat(7) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('take' as const), refuse: fc.boolean(), silent: fc.integer({ min: 0, max: 3 }).map((n) => n === 0) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('fill' as const), nth: fc.nat(7), lots, better: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hear fills' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('hear updates' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hear refusals' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('control' as const), action: fc.constantFrom('kill', 'resume', 'resume', 'state'), scope: fc.constantFrom('account', 'strategy', 'symbol', 'all'), state: fc.constantFrom('active', 'active', 'reducing', 'halted'), pick: fc.nat(1) }) },
); // biome-ignore format: a table

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The most that was reached of each limit: a limit that nothing comes near is not tested. */
const peaks = new Map<string, number>();

function within(name: string, value: number, limit: number): void {
  expect(value, name).toBeLessThanOrEqual(limit);
  peaks.set(name, Math.max(peaks.get(name) ?? 0, value / limit));
}

/** A market with the gate in front, and everything that must hold of it at any time. */
class Market {
  readonly gate = new Gate(LIMITS, ['orders', 'prices', 'fills', 'updates', 'control']);
  readonly venue = new Venue();
  readonly sent: { readonly account: string; readonly ts: bigint; readonly action: string }[] = [];
  readonly killed = new Set<string>();
  #now = 0n;

  constructor() {
    for (const symbol of SYMBOLS) this.gate.push('prices', { ts_event: 0n, symbol, price_ticks: REFERENCE[symbol] ?? null });
  }

  run(one: Step): void {
    this.#now += STEP_NS;
    const ts_event = this.#now;
    const known = this.venue.chances();
    if (one.do === 'new') {
      const price = (REFERENCE[one.symbol] ?? 0n) + BigInt(one.off);
      const row = { ts_event, action: 'new', order_id: BigInt(one.id), account: one.account, symbol: one.symbol, side: one.side };
      this.order({ ...row, type: 'limit', price_ticks: price, size_lots: BigInt(one.size), strategy: one.strategy });
    } else if (one.do === 'amend' || one.do === 'cancel') {
      const order = known[one.nth % Math.max(1, known.length)];
      if (!order) return;
      const row = { ts_event, action: one.do, order_id: order.id, account: order.account, symbol: order.symbol };
      const size = one.do === 'amend' && one.size !== null ? BigInt(one.size) : null;
      const price = one.do === 'amend' && one.off !== null ? (REFERENCE[order.symbol] ?? 0n) + BigInt(one.off) : null;
      this.order({ ...row, size_lots: size, price_ticks: price });
    } else if (one.do === 'take') {
      this.venue.take(one.refuse, one.silent);
    } else if (one.do === 'fill') {
      this.venue.fill(one.nth, BigInt(one.lots), BigInt(one.better), 0n);
    } else if (one.do === 'control') {
      this.control(one);
    } else {
      const { fills, updates, refusals } = this.venue;
      const feeds = { 'hear fills': fills, 'hear updates': updates, 'hear refusals': refusals };
      const port = one.do === 'hear fills' ? 'fills' : 'updates';
      const feed = feeds[one.do];
      for (const row of feed.splice(0, one.count)) expect(this.gate.push(port, row).rejected).toEqual([]);
    }
    this.holds();
  }

  order(row: Row): void {
    const before = this.venue.chances();
    const out = this.gate.push('orders', row);
    if (out.accepted.length === 0) return;
    expect(out.accepted).toEqual([
      { stop_ticks: null, strategy: null, side: null, type: null, venue: null, note: null, size_lots: null, price_ticks: null, ...row },
    ]);
    this.venue.send(row);
    if (row.action === 'cancel') return;
    const of = before.find(({ account, symbol, id }) => account === row.account && symbol === row.symbol && id === row.order_id);
    expect(row.action === 'new' ? of : 'live', 'an order id twice').toBe(row.action === 'new' ? undefined : 'live');
    for (const scope of ['all ', `account ${row.account}`, `symbol ${row.symbol}`, `strategy ${row.strategy}`])
      expect(this.killed.has(scope), `accepted though ${scope} is killed`).toBe(false);
    this.sent.push({ account: String(row.account), ts: row.ts_event as bigint, action: String(row.action) });
    if (row.action !== 'new') return;
    const [price, size, symbol] = [Number(row.price_ticks), Number(row.size_lots), String(row.symbol)];
    expect(size).toBeLessThanOrEqual(row.strategy === 'arb' ? 4 : 9);
    expect(price * size * (WORTH[symbol] ?? 0)).toBeLessThanOrEqual(800);
    expect(Math.abs(price - Number(REFERENCE[symbol])) * 10).toBeLessThanOrEqual(Number(REFERENCE[symbol]));
  }

  control({ action, scope, state, pick }: { action: string; scope: string; state: string; pick: number }): void {
    const names: Readonly<Record<string, readonly string[]>> = { account: ACCOUNTS, symbol: SYMBOLS, strategy: ['mm', 'arb'], all: [''] };
    const name = names[scope]?.[pick % (names[scope]?.length ?? 1)] ?? '';
    const out: Out = this.gate.push('control', {
      ts_event: this.#now,
      action,
      scope,
      name: scope === 'all' ? null : name,
      state,
      reason: null,
    });
    if (action === 'kill') this.killed.add(`${scope} ${name}`);
    if (action === 'resume') this.killed.delete(`${scope} ${name}`);
    if (action !== 'kill') {
      expect(out.accepted).toEqual([]);
      return;
    }
    const canceled = out.accepted.map((row) => `${row.action} ${row.account} ${row.symbol} ${row.order_id}`);
    for (const { account, symbol, id, open } of this.venue.chances()) {
      const inside = scope === 'all' || (scope === 'account' && account === name) || (scope === 'symbol' && symbol === name);
      if (inside && open > 0n) expect(canceled, 'a live order that the kill leaves').toContain(`cancel ${account} ${symbol} ${id}`);
    }
    for (const row of out.accepted) this.venue.send(row);
  }

  /** No limit can be passed, whatever the venue does with what it has. Numbers are small, so doubles are exact. */
  holds(): void {
    const chances = this.venue.chances();
    for (const account of ACCOUNTS) {
      let [gross, long, short, credit] = [0, 0, 0, 0];
      for (const symbol of SYMBOLS) {
        const worth = WORTH[symbol] ?? 0;
        const mine = chances.filter((one) => one.account === account && one.symbol === symbol);
        const done = this.venue.executions.filter((one) => one.account === account && one.symbol === symbol);
        const signed = (side: string, value: bigint): number => (side === 'buy' ? Number(value) : -Number(value));
        const position = done.reduce((sum, one) => sum + signed(one.side, one.size), 0);
        const open = (side: string): number => mine.filter((one) => one.side === side).reduce((sum, one) => sum + Number(one.open), 0);
        const [high, low] = [position + open('buy'), position - open('sell')];
        const most = Math.min(
          account === 'alpha' ? 9 : symbol === 'DAX' ? 7 : Number.POSITIVE_INFINITY,
          symbol === 'DAX' ? 10 : Number.POSITIVE_INFINITY,
        );
        within(`position of ${account} in ${symbol}`, Math.max(high, -low), most);
        const value = Number(REFERENCE[symbol]) * worth;
        gross += Math.max(Math.abs(high), Math.abs(low)) * value;
        long += high * value;
        short += low * value;
        credit += done.reduce((sum, one) => sum + signed(one.side, one.size) * Number(one.price), 0) * worth;
        credit += mine.reduce((sum, one) => sum + Math.max(0, signed(one.side, one.open) * Number(one.price)), 0) * worth;
        if (account === 'beta' && symbol === 'DAX') within('open orders of beta in DAX', mine.filter((one) => one.open > 0n).length, 2);
      }
      if (account === 'alpha') {
        within('gross exposure', gross, 1200);
        within('net exposure', Math.max(long, -short), 1100);
      } else within('credit', credit, 1300);
      within('open orders', chances.filter((one) => one.account === account && one.open > 0n).length, 4);
      const times = this.sent.filter((one) => one.account === account).map((one) => one.ts);
      const [most, per] = account === 'alpha' ? [5, 1_000_000_000n] : [6, 2_000_000_000n];
      for (let i = most; i < times.length; i++) expect((times[i] as bigint) - (times[i - most] as bigint)).toBeGreaterThanOrEqual(per);
    }
  }
}

test('no sequence of accepted rows can pass a limit, whatever the venue does and whenever it tells of it', () => {
  const accepted = { rows: 0, executions: 0 };
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), (steps) => {
      const market = new Market();
      for (const one of steps) market.run(one);
      accepted.rows += market.sent.length;
      accepted.executions += market.venue.executions.length;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(accepted.rows).toBeGreaterThan(RUNS * 3);
  expect(accepted.executions).toBeGreaterThan(RUNS);
  if (process.env.MILLRACE_SHOW) process.stderr.write(`${JSON.stringify([...peaks])}\n`);
  expect([...peaks].filter(([name, peak]) => name !== 'position of beta in BTC' && peak < 0.9)).toEqual([]);
}, 300_000);
