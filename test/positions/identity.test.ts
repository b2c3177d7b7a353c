import { Float64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import type { Row } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { type Balance, type Event, type Method, Naive, type Table } from './naive.ts';
import { batch, positionsOf, run } from './positions.ts';
import { minus, ofText, plus, type Rational, times, toNumber, ZERO } from './rational.ts';

const FILLS = 10_000;
const TABLE: Table = {
  AAA: { lot: '1', currency: 'USD' },
  BBB: { lot: '0.1', currency: 'USD' },
  CCC: { lot: '0.5', currency: 'EUR' },
};
const INSTRUMENTS = `venue,symbol,tick_size,lot_size,contract_size,currency
sim,AAA,0.01,1,1,USD
sim,BBB,0.05,0.1,1,USD
sim,CCC,0.25,0.05,10,EUR
`;
const RATE = ofText('1.1');
const number = (name: string) => field(name, new Float64(), false, name);
const word = (name: string) => field(name, dictionaryOf(name), false, name);
const INPUTS = {
  fills: new Schema([
    COLUMNS.ts_event,
    COLUMNS.account,
    COLUMNS.symbol,
    COLUMNS.side,
    number('price'),
    COLUMNS.size_lots,
    number('fee'),
    word('fee_currency'),
  ]),
  prices: new Schema([COLUMNS.ts_event, COLUMNS.symbol, number('price')]),
  cash: new Schema([COLUMNS.ts_event, COLUMNS.account, word('currency'), number('amount')]),
};

/** Fills, and among them prices and deposits; positions cross zero often. */
function events(seed: number, fills: number): Event[] {
  const random = new Random(seed);
  const prices: Record<string, number> = { AAA: 5000, BBB: 900, CCC: 200 };
  const tick: Record<string, number> = { AAA: 1, BBB: 5, CCC: 25 };
  const priceOf = (symbol: string): string => {
    prices[symbol] = Math.max(1, (prices[symbol] ?? 1) + random.int(-9, 9));
    return (((prices[symbol] ?? 1) * (tick[symbol] ?? 1)) / 100).toFixed(2);
  };
  return Array.from({ length: fills }).flatMap((): Event[] => {
    const account = random.pick(['ann', 'bob', 'cem', 'dee']);
    const symbol = random.pick(Object.keys(TABLE));
    const signed = BigInt(random.int(1, random.chance(0.1) ? 40 : 9)) * (random.chance(0.5) ? 1n : -1n);
    const fee = (random.int(-20, 60) / 100).toFixed(2);
    const fill: Event = { kind: 'fill', account, symbol, signed, price: priceOf(symbol), fee, feeCurrency: random.pick(['USD', 'EUR']) };
    const more: Event[] = [];
    if (random.chance(0.1)) more.push({ kind: 'price', symbol, price: priceOf(symbol) });
    if (random.chance(0.02))
      more.push({
        kind: 'cash',
        account,
        currency: random.pick(['USD', 'EUR']),
        amount: (random.int(-5000, 9000) / 100 + 0.001).toFixed(3),
      });
    return [fill, ...more];
  });
}

function rowOf(event: Event, i: number): [port: string, row: Row] {
  const ts_event = BigInt(i) * 1_000_000n;
  if (event.kind === 'price') return ['prices', { ts_event, symbol: event.symbol, price: Number(event.price) }];
  if (event.kind === 'cash') return ['cash', { ts_event, account: event.account, currency: event.currency, amount: Number(event.amount) }];
  const { account, symbol, signed, price, fee, feeCurrency } = event;
  const side = signed > 0n ? 'buy' : 'sell';
  const size_lots = signed > 0n ? signed : -signed;
  return ['fills', { ts_event, account, symbol, side, price: Number(price), size_lots, fee: Number(fee), fee_currency: feeCurrency }];
}

/** The kernel's rows of an event, ports apart; marks are another matter. */
function outputsOf(method: Method, all: readonly Event[], kind: 'native' | 'reference') {
  const subject = positionsOf({ method, base: 'USD', rates: { EUR: 1.1 }, mark_every: '1h' }, INSTRUMENTS, INPUTS);
  const kernel = kind === 'native' ? subject.create() : subject.reference?.();
  if (!kernel) throw new TypeError('there is no reference');
  const groups: { readonly port: string; readonly rows: Row[] }[] = []; // neighbours of a port in one batch
  all.forEach((event, i) => {
    const [port, row] = rowOf(event, i);
    const last = groups.at(-1);
    if (last?.port === port) last.rows.push(row);
    else groups.push({ port, rows: [row] });
  });
  return run(
    kernel,
    groups.map(({ port, rows }) => [port, batch(subject, port, rows)] as const),
  );
}

/** Equal to the nearest Float64; with a scale, to within 10^-15 of it, for what is rounded to 10^-18 on the way. */
const near = (found: unknown, wanted: Rational, scale: number) => Math.abs((found as number) - toNumber(wanted)) <= 1e-15 * scale;
/** An amount of at most three decimals as an integer of 10^-6, exactly. */
const micros = (value: unknown) => BigInt(Math.round((value as number) * 1e6));

describe.each(['fifo', 'lifo', 'average'] as const)('%s, 10,000 fills', (method) => {
  const all = events(20_240_808, FILLS);
  const { out = [], equity = [], balances = [], rejected } = outputsOf(method, all, 'native');

  test('every row is what exact fractions give, recomputed lot by lot', () => {
    expect(rejected).toEqual([]);
    const naive = new Naive(method, TABLE);
    const positions = out.filter(({ event }) => event === 'fill')[Symbol.iterator]();
    const totals = equity.filter(({ event }) => event !== 'mark')[Symbol.iterator]();
    const parts = balances.filter(({ event }) => event !== 'mark');
    const faults: string[] = [];
    const compare = (row: Row | undefined, wanted: Readonly<Record<string, Rational>>, scale: number): void => {
      for (const [name, exact] of Object.entries(wanted))
        if (!near(row?.[name], exact, scale)) faults.push(`${row?.ts_event}: ${name} is ${row?.[name]}, not ${toNumber(exact)}`);
    };
    let at = 0;
    all.forEach((event, i) => {
      naive.take(event);
      if (event.kind === 'price') return;
      const { account } = event;
      if (event.kind === 'fill') {
        const row = positions.next().value;
        const cost = naive.cost(account, event.symbol);
        const { realised } = naive.book(account, event.symbol);
        compare(row, { cost, realised, market_value: naive.value(account, event.symbol) }, method === 'average' ? 1000 : 0);
      }
      const both = { USD: naive.balance(account, 'USD'), EUR: naive.balance(account, 'EUR') };
      for (; parts[at]?.ts_event === BigInt(i) * 1_000_000n; at++) {
        const row = parts[at] as Row;
        const { value: market_value, ...exact } = both[row.currency as 'USD' | 'EUR'];
        compare(row, { ...exact, market_value, equity: plus(exact.cash, market_value) }, method === 'average' ? 10_000 : 0);
      }
      const row = totals.next().value;
      const based = (of: (balance: Balance) => Rational) => plus(of(both.USD), times(of(both.EUR), RATE));
      const [cash, market_value, deposits] = [based((b) => b.cash), based((b) => b.value), based((b) => b.deposits)];
      const [realised, unrealised, fees] = [based((b) => b.realised), based((b) => b.unrealised), based((b) => b.fees)];
      const total = plus(cash, market_value);
      compare(row, { cash, market_value, deposits, realised, unrealised, fees, equity: total, translation: ZERO }, 10_000);
      const gained = minus(plus(realised, unrealised), fees); // the identity, of the naive account itself
      if (minus(gained, minus(total, deposits)).n !== 0n) faults.push(`event ${i}: the fractions do not add up`);
    });
    expect(faults).toEqual([]);
    expect([at, positions.next().done, totals.next().done]).toEqual([parts.length, true, true]);
  }, 120_000);

  test('cash + positions = equity, and profit less fees = equity less deposits, after every event', () => {
    expect(balances.length).toBeGreaterThan(FILLS);
    const faults: Row[] = [];
    for (const row of [...balances, ...equity]) {
      const [cash, value, total, deposits, realised, unrealised, fees, translation] = [
        row.cash,
        row.market_value,
        row.equity,
        row.deposits,
        row.realised,
        row.unrealised,
        row.fees,
        row.translation ?? 0,
      ];
      if (method !== 'average' && Object.hasOwn(row, 'rate')) {
        const isWhole = micros(cash) + micros(value) === micros(total);
        const isGained = micros(realised) + micros(unrealised) - micros(fees) === micros(total) - micros(deposits);
        if (!isWhole || !isGained) faults.push(row);
      }
      const slack = 1e-15 * 8 * Math.max(1, ...[cash, value, total, deposits, realised, unrealised].map((x) => Math.abs(x as number)));
      const left = (cash as number) + (value as number) - (total as number);
      const gained = (realised as number) + (unrealised as number) - (fees as number) + (translation as number);
      const unexplained = gained - ((total as number) - (deposits as number));
      if (!(Math.abs(left) < slack && Math.abs(unexplained) < slack)) faults.push(row);
    }
    expect(faults).toEqual([]);
  });

  test('the reference gives the same, bit for bit', () => {
    const some = all.slice(0, 1_500);
    expect(outputsOf(method, some, 'reference')).toEqual(outputsOf(method, some, 'native'));
  });
});
