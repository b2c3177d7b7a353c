import { Float64, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { COLUMNS, dictionaryOf, field } from '../../graph/contract/columns.ts';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import type { Row } from '../../graph/contract/rows.ts';
import type { Subject } from '../../graph/test-kit/subject.ts';
import { positions } from '../../operators/positions/operator.ts';
import { batch, positionsOf, run } from './positions.ts';

const HEAD = 'venue,symbol,tick_size,lot_size,contract_size,currency';
const TICKS = new Schema([COLUMNS.ts_event, COLUMNS.account, COLUMNS.symbol, COLUMNS.side, COLUMNS.price_ticks, COLUMNS.size_lots]);
const PRICES = new Schema([COLUMNS.ts_event, COLUMNS.symbol, field('price', new Float64(), true, 'price')]);
const CASH = new Schema([
  COLUMNS.ts_event,
  COLUMNS.account,
  field('currency', dictionaryOf('currency'), false, 'currency'),
  field('amount', new Float64(), false, 'amount'),
]);
const MOST = 2n ** 63n - 1n;

function fill(side: string, price_ticks: bigint, size_lots: bigint, more: Row = {}): Row {
  return { ts_event: 1n, account: 'a', symbol: 'X', side, price_ticks, size_lots, ...more };
}

/** The native kernel and the reference, which must say the same. */
function both(subject: Subject, pushes: readonly (readonly [string, readonly Row[]])[]): ReturnType<typeof run> {
  const of = (kernel: Kernel | undefined) => {
    if (!kernel) throw new TypeError('there is no reference');
    return run(kernel, pushes.map(([port, rows]) => [port, batch(subject, port, rows)] as const)); // biome-ignore format: one step
  };
  const native = of(subject.create());
  expect(of(subject.reference?.())).toEqual(native);
  return native;
}

describe('edges of 64 and 128 bits', () => {
  test('positions go to the last lot and no further', () => {
    const subject = positionsOf({ base: 'USD' }, `${HEAD}\nsim,X,0.000000001,0.000001,1,USD`, { fills: TICKS });
    const { out = [], rejected = [] } = both(subject, [
      ['fills', [fill('buy', 1n, MOST), fill('buy', 1n, 1n), fill('sell', 1n, MOST), fill('sell', 1n, MOST), fill('sell', 1n, 1n)]],
    ]);
    expect(out.map(({ position_lots }) => position_lots)).toEqual([MOST, 0n, -MOST]);
    expect(rejected.map(({ row, code }) => [row, code])).toEqual([
      [1, 'position-out-of-range'],
      [4, 'position-out-of-range'],
    ]);
  });

  test('prices, notionals and turnovers that do not fit are refused, and nothing has changed', () => {
    const subject = positionsOf({ method: 'average', base: 'USD' }, `${HEAD}\nsim,X,1,1,1,USD`, { fills: TICKS });
    const { out = [], rejected = [] } = both(subject, [
      [
        'fills',
        [
          fill('buy', MOST, 1n),
          fill('buy', -MOST - 1n, 1n),
          fill('buy', MOST / 1000n, MOST),
          fill('buy', 4n * 10n ** 15n, 9_999n), // 3.9996 x 10^19 units of money; 4 x 10^19 is the limit
          fill('sell', 4n * 10n ** 15n, 2n),
          fill('sell', 4n * 10n ** 15n, 1n),
          fill('sell', 0n, 9_998n),
        ],
      ],
    ]);
    expect(rejected.map(({ row, code }) => [row, code])).toEqual([
      [0, 'price-out-of-range'],
      [1, 'price-out-of-range'],
      [2, 'amount-out-of-range'],
      [4, 'amount-out-of-range'],
    ]);
    expect(out.map(({ position_lots, cost, realised }) => [position_lots, cost, realised])).toEqual([
      [9_999n, 3.9996e19, 0],
      [9_998n, 3.9992e19, 0],
      [0n, 0, -3.9992e19],
    ]);
  });

  test('a market value beyond what is counted is null, and comes back with the price', () => {
    const inputs = { fills: TICKS, prices: PRICES };
    const subject = positionsOf({ base: 'USD', mark_every: '1ns' }, `${HEAD}\nsim,X,1,1,1,USD\nsim,Y,1,1,1,USD`, inputs);
    const price = (ts_event: bigint, value: number): Row => ({ ts_event, symbol: 'X', price: value });
    const { out = [], equity = [] } = both(subject, [
      ['fills', [fill('buy', 10n, 10n ** 12n)]],
      ['prices', [price(2n, 1e9), price(5n, 11)]],
    ]);
    const figures = (row: Row) => [row.market_value, row.unrealised ?? null];
    expect(out.map(figures)).toEqual([[1e13, 0], [null, null], [1.1e13, 1e12]]); // biome-ignore format: pairs
    expect(equity.map((row) => [row.cash, row.equity])).toEqual([[-1e13, 0], [null, null], [-1e13, 1e12]]); // biome-ignore format: pairs
  });

  test('a late price does not undo a newer one', () => {
    const subject = positionsOf({ base: 'USD' }, `${HEAD}\nsim,X,1,1,1,USD`, { fills: TICKS, prices: PRICES });
    const { out = [] } = both(subject, [
      ['prices', [{ ts_event: 100n, symbol: 'X', price: 12 }]],
      ['prices', [{ ts_event: 99n, symbol: 'X', price: 7 }]],
      ['fills', [fill('buy', 10n, 1n, { ts_event: 101n })]],
    ]);
    expect(out[0]).toMatchObject({ mark: 12, mark_source: 'price', unrealised: 2 });
  });
});

describe('state', () => {
  const table = `${HEAD}\nsim,X,1,1,1,USD\n`;
  const inputs = { fills: TICKS, prices: PRICES, cash: CASH };
  const params = { base: 'USD', fx: { EUR: 'EURUSD' }, mark_every: '10ns' };
  const started = (subject: Subject): Kernel => {
    const kernel = subject.create();
    const emit = () => undefined;
    kernel.push(batch(subject, 'cash', [{ ts_event: 0n, account: 'a', currency: 'EUR', amount: 10 }]), 'cash', emit, MIN_NS);
    kernel.push(batch(subject, 'fills', [fill('buy', 10n, 4n), fill('buy', 11n, 4n)]), 'fills', emit, MIN_NS);
    kernel.push(batch(subject, 'prices', [{ ts_event: 2n, symbol: 'X', price: 12 }]), 'prices', emit, MIN_NS);
    return kernel;
  };
  const outcome = (subject: Subject, kernel: Kernel): Row[] => {
    const rows: Row[] = [];
    const { out, equity } = run(kernel, [
      ['prices', batch(subject, 'prices', [{ ts_event: 3n, symbol: 'EURUSD', price: 1.5 }])],
      ['fills', batch(subject, 'fills', [fill('sell', 13n, 6n, { ts_event: 4n })])],
    ]);
    return rows.concat(out ?? [], equity ?? []);
  };

  test('goes on under an instrument table that grew, whatever the order of its lines', () => {
    const subject = positionsOf(params, table, inputs);
    const grown = positionsOf(params, `${HEAD}\nsim,NEW,0.5,1,1,EUR\nsim,EURUSD,0.01,1,1,USD\nsim,X,1,1,1,USD\n`, inputs);
    const kernel = grown.create();
    kernel.restore(started(subject).snapshot());
    expect(outcome(grown, kernel)).toEqual(outcome(subject, started(subject)));
    // 10 EUR at 1.5, and of 84 paid 78 came back for 6 of 8; the 2 left are worth 12 each
    expect(outcome(subject, started(subject)).at(-1)).toMatchObject({ event: 'mark', equity: 33, deposits: 15 });
  });

  test.each([
    ['another method', { ...params, method: 'lifo' }, table],
    ['another tick size', params, `${HEAD}\nsim,X,0.5,1,1,USD\n`],
    ['a position in a symbol that is gone', params, `${HEAD}\nsim,Y,1,1,1,USD\n`],
    ['a currency that is gone', { base: 'USD' }, table],
  ])('is refused under %s', (_, changed, lines) => {
    const kernel = positionsOf(changed, lines, inputs).create();
    const chunks = started(positionsOf(params, table, inputs)).snapshot();
    expect(() => kernel.restore(chunks)).toThrow(expect.objectContaining({ code: 'snapshot-foreign' }));
  });

  test('an advance at the end of time lets everything go, once', () => {
    const subject = positionsOf(params, table, inputs);
    const kernel = started(subject);
    const rows: string[] = [];
    kernel.advance(MAX_NS, 0n, (port) => rows.push(port));
    kernel.advance(MAX_NS, 0n, (port) => rows.push(port));
    expect(rows).toEqual(['out', 'equity', 'balances']);
  });
});

describe('the instrument table', () => {
  const inspect = (table: string, more: object = {}) => {
    const parsed = positions.params.parse({ instruments: 'i.csv', base: 'USD', ...more });
    return (positions.inspect?.(parsed, new Map([['i.csv', table]])) ?? []).map((fault) => [
      table.slice(fault.from, fault.to),
      fault.message,
    ]);
  };

  test('every fault is told at its place', () => {
    expect(inspect(`${HEAD}\nsim,X,0.1,1,1,USD\nsim,Y,0.1,1,1,EUR\nsim,Z,0.00000001,0.00000001,1,USD\nother,X,1,1,1,USD\n`)).toEqual([
      ['sim,Y,0.1,1,1,EUR', 'there is no rate from EUR, the currency of Y, to USD'],
      ['sim,Z,0.00000001,0.00000001,1,USD', 'tick, lot and contract size of Z have more than 15 decimals together, or are too large'],
      ['other,X,1,1,1,USD', 'symbol X is listed on several venues'],
    ]);
    expect(inspect(`${HEAD}\nsim,X,0,1,1,USD\n`)).toEqual([['0', 'tick_size "0" is not a positive decimal such as 0.10']]);
  });

  test('a venue chooses its lines, and rates make currencies known', () => {
    const table = `${HEAD}\nsim,X,0.1,1,1,EUR\nother,X,1,1,1,USD\n`;
    expect(inspect(table, { venue: 'sim', rates: { EUR: 1.1 } })).toEqual([]);
    expect(inspect(table, { venue: 'none' })).toEqual([['v', 'no instrument is listed on venue "none"']]);
    expect(() => positionsOf({ base: 'USD' }, table, { fills: TICKS }).create()).toThrow('instruments.csv:2: there is no rate from EUR');
  });
});

describe('parameters', () => {
  const refused = (params: object) => () => positionsOf({ base: 'USD', ...params }, `${HEAD}\nsim,X,1,1,1,USD`, { fills: TICKS });

  test.each([
    [{ rates: { USD: 1 } }, 'USD is the base currency'],
    [{ rates: { EUR: 1 }, fx: { EUR: 'EURUSD' } }, 'the rate of EUR is fixed and given by a symbol'],
    [{ cash: { EUR: 1 } }, 'there is no rate from EUR to USD'],
    [{ fx: { EUR: 'EURUSD' } }, 'rates come by symbols of port "prices"'],
    [{ rates: { EUR: 0 } }, 'rates.EUR'],
    [{ maker_bps: 20_000 }, 'maker_bps'],
  ])('%j is refused', (params, message) => {
    expect(refused(params)).toThrow(message);
  });
});
