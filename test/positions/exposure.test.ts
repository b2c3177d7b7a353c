import { Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { MIN_NS } from '../../graph/contract/frame.ts';
import type { Operator } from '../../graph/contract/operator.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { Random } from '../../graph/test-kit/random.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { exposure } from '../../operators/exposure/operator.ts';
import { POSITION_SCHEMA } from '../../operators/positions/layout.ts';
import { stress } from '../../operators/stress/operator.ts';

const TABLE = `venue,symbol,tick_size,lot_size,sector
sim,S0,0.01,1,energy
sim,S1,0.01,1,energy
sim,S2,0.01,1,banks
sim,S3,0.01,1,
`;
const SECTORS: Readonly<Record<string, string | null>> = { S0: 'energy', S1: 'energy', S2: 'banks', S3: null, S4: null };
const CURRENCIES: Readonly<Record<string, string>> = { S0: 'USD', S1: 'EUR', S2: 'USD', S3: 'JPY', S4: 'EUR' };
const SCENARIOS = `kind,scenario,shock_pct,name
all,crash,-20,
sector,crash,-35.5,energy
symbol,crash,+10,S1
currency,crash,2.25,EUR
currency,yen,-7,JPY
`;
const FILES = new Map([
  ['table.csv', TABLE],
  ['scenarios.csv', SCENARIOS],
]);
const INPUT = new Schema(
  POSITION_SCHEMA.fields.filter(({ name }) => ['ts_event', 'account', 'symbol', 'currency', 'market_value', 'rate'].includes(name)),
);

/** 10,000 rows of positions: values in cents, rates in hundredths, so that sums of cents times hundredths are exact in doubles. */
function rows(): Row[] {
  const random = new Random(11);
  return Array.from({ length: 10_000 }, (_, i) => {
    const symbol = `S${random.int(0, 4)}`;
    return {
      ts_event: BigInt(i),
      account: random.pick(['a', 'b', 'c']),
      symbol,
      currency: CURRENCIES[symbol] ?? '',
      market_value: random.int(-1_000_000, 1_000_000) / 100,
      rate: random.int(50, 150) / 100,
    };
  });
}

// biome-ignore lint/suspicious/noExplicitAny: operators of different parameters
function outputOf(operator: Operator<any>, params: object, given: readonly Row[]): Row[] {
  const kernel = subjectOf(operator, params, { in: INPUT }, FILES).create();
  const out: Row[] = [];
  kernel.push(batchOf(INPUT, given), 'in', (port, batch) => void (port === 'out' && out.push(...rowsOf(batch))), MIN_NS);
  return out;
}

/** Value x rate in units of 10^-4, a whole number. */
const based = (row: Row) => Math.round((row.market_value as number) * 100) * Math.round((row.rate as number) * 100);

/** After each row: all positions of its account, last row of each. */
function* histories(given: readonly Row[]): Generator<readonly [row: Row, held: readonly Row[]]> {
  const last = new Map<string, Row>();
  for (const row of given) {
    last.set(`${row.account} ${row.symbol}`, row);
    yield [row, [...last.values()].filter(({ account }) => account === row.account)];
  }
}

describe('10,000 rows, summed anew at each', () => {
  const given = rows();

  test('exposure by account, sector, currency and symbol', () => {
    const out = outputOf(exposure, { by: ['account', 'sector', 'currency', 'symbol'], instruments: 'table.csv' }, given);
    const wanted = [...histories(given)].flatMap(([row, held]) => {
      const nameOf = (position: Row, by: string) => (by === 'sector' ? (SECTORS[String(position.symbol)] ?? null) : position[by]);
      return ['account', 'sector', 'currency', 'symbol'].map((by) => {
        const values = held.filter((position) => nameOf(position, by) === nameOf(row, by)).map(based);
        const sum = (sign: number) => values.reduce((total, value) => total + Math.max(value * sign, 0), 0);
        const [long, short] = [sum(1), sum(-1)];
        const sums = { long: long / 1e4, short: short / 1e4, gross: (long + short) / 1e4, net: (long - short) / 1e4 };
        return { ts_event: row.ts_event, account: row.account, by, name: nameOf(row, by), ...sums };
      });
    });
    expect(out).toHaveLength(wanted.length);
    expect(out.findIndex((row, i) => JSON.stringify(row, text) !== JSON.stringify(wanted[i], text))).toBe(-1);
  });

  test('profit under scenarios', () => {
    const out = outputOf(stress, { scenarios: 'scenarios.csv', instruments: 'table.csv' }, given);
    // percent: S0 energy -35.5; S1 its own 10 + EUR 2.25; S2 all -20; S3 all -20; S4, not listed, all -20 + EUR 2.25
    const shocks: Readonly<Record<string, Readonly<Record<string, number>>>> = {
      crash: { S0: -3550, S1: 1225, S2: -2000, S3: -2000, S4: -1775 },
      yen: { S3: -700 },
    };
    const last = new Map<string, number>();
    const wanted = [...histories(given)].flatMap(([row, held]) =>
      Object.keys(shocks).flatMap((scenario) => {
        const profit = held
          .map((position) => based(position) * (shocks[scenario]?.[String(position.symbol)] ?? 0))
          .reduce((a, b) => a + b, 0);
        const key = `${row.account} ${scenario}`;
        if ((last.get(key) ?? 0) === profit) return [];
        last.set(key, profit);
        return [{ ts_event: row.ts_event, account: row.account, scenario, profit: profit / 1e8 }];
      }),
    );
    expect(out).toHaveLength(wanted.length);
    expect(out.findIndex((row, i) => JSON.stringify(row, text) !== JSON.stringify(wanted[i], text))).toBe(-1);
  });
});

const text = (_name: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

describe('files', () => {
  const faults = (scenarios: string) => {
    const given = stress.inspect?.({ scenarios: 's.csv' }, new Map([['s.csv', scenarios]])) ?? [];
    return given.map(({ path, from, to, message }) => [path, scenarios.slice(from, to), message]);
  };

  test('every fault of a file of scenarios is told at its place', () => {
    const head = 'scenario,kind,name,shock_pct';
    expect(
      faults(`\uFEFF${head}\r\na,all,,-10\r\n\r\nb,symbl,X,1\r\n,symbol,X,ten\r\nc,all,X,1\r\nc,sector,,1e3\r\nd,all,,-10000.5\r\n`),
    ).toEqual([
      ['s.csv', 'symbl', 'kind "symbl" is not one of symbol, sector, currency, all'],
      ['s.csv', ',', 'scenario is empty'],
      ['s.csv', 'ten', 'shock_pct "ten" is not a percentage of at most 6 decimals such as -12.5'],
      ['s.csv', 'X', 'kind all takes no name, not "X"'],
      ['s.csv', ',', 'kind sector needs a name'],
      ['s.csv', '1e3', 'shock_pct "1e3" is not a percentage of at most 6 decimals such as -12.5'],
      ['s.csv', '-10000.5', 'shock_pct "-10000.5" is beyond 10000 percent'],
    ]);
    expect(faults(`${head}\na,symbol,X,1\na,symbol,X,2\na,all,,1\na,all,,1\nb,all,1\n`)).toEqual([
      ['s.csv', 'b,all,1', '3 cells under 4 columns'],
      ['s.csv', 'a,symbol,X,2', 'scenario "a" shocks symbol "X" twice'],
      ['s.csv', 'a,all,,1', 'scenario "a" shocks all twice'],
    ]);
    expect(faults('scenario,kind,kind,shock\n')).toEqual([
      ['s.csv', 'scenario,kind,kind,shock', 'there is no column "name"'],
      ['s.csv', 'scenario,kind,kind,shock', 'there is no column "shock_pct"'],
      ['s.csv', 'kind', 'column "kind" is there twice'],
      ['s.csv', 'shock', 'column "shock" is not one of scenario, kind, name, shock_pct'],
    ]);
    expect(faults(`${head}\n`).map(([, , message]) => message)).toEqual(['the file has no scenario']);
    expect(faults('').map(([, , message]) => message)).toContain('there is no column "scenario"');
    expect(faults(SCENARIOS)).toEqual([]);
  });

  test('a kernel is not made of a file with faults', () => {
    const made = subjectOf(stress, { scenarios: 's.csv' }, { in: INPUT }, new Map([['s.csv', 'scenario,kind,name,shock_pct\na,all,,x\n']]));
    expect(made.create).toThrow('s.csv:2: shock_pct "x"');
    expect(made.create).toThrow(expect.objectContaining({ code: 'scenarios-invalid', domain: 'user' }));
  });

  test('sectors need a table', () => {
    expect(() => subjectOf(exposure, { by: ['sector'] }, { in: INPUT })).toThrow('sectors are in the instrument table');
    expect(() => subjectOf(exposure, { by: ['symbol', 'symbol'] }, { in: INPUT })).toThrow('expected each group once');
  });
});
