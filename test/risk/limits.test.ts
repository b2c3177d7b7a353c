import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { fileSchema } from '../../graph/plan/json-schema.ts';
import { decimalText, scaled } from '../../operators/risk/limits/decimal.ts';
import { faultText, parseLimits } from '../../operators/risk/limits/parse.ts';
import { limitsShape } from '../../operators/risk/limits/shape.ts';
import { risk } from '../../operators/risk/operator.ts';

const faults = (text: string): string[] => {
  const parsed = parseLimits(text);
  return 'faults' in parsed ? parsed.faults.map((fault) => `${fault.code} ${faultText(text, fault)}`) : [];
};
const limits = (text: string) => {
  const parsed = parseLimits(text);
  if ('faults' in parsed) throw new Error(parsed.faults.map((fault) => faultText(text, fault)).join('\n'));
  return parsed.limits;
};

const BASE = `version: 1
currency: USD
accounts: { alpha: }
symbols: { BTC: { tick_value: 0.01 } }
`;

test('every fault at once, each at its place, with what was probably meant', () => {
  const text = `version: 2
currency: USD
restricted: [BTCUSD]
defaults: { max_gros: 5, max_net: -1 }
accounts:
  alpha:
  beta: { symbols: { ETHUSDTT: {} }, message_rate: { messages: 0, per: 1x }, max_gross: 99999999999999999.5 }
  gamma: { state: closed, max_size_lots: 1.5, max_open_orders: many }
symbols:
  BTCUSDT: { currency: EURO }
  ETHUSDT: { tick_value: 0.1, currency: EUR }
rates: { EUR: 1.08 }
`;
  expect(faults(text)).toEqual([
    'value-invalid 1:10 "version" is 2: expected 1',
    'value-invalid 3:14 there is no symbol "BTCUSD" under "symbols" (Did you mean "BTCUSDT"?)',
    'key-unknown 4:13 "defaults" has no key "max_gros" (Did you mean "max_gross"?)',
    'value-invalid 4:35 "defaults.max_net" is -1: expected an amount from 0 to 10^15 with at most 18 decimal places',
    'value-invalid 7:22 there is no symbol "ETHUSDTT" under "symbols" (Did you mean "ETHUSDT"?)',
    'value-invalid 7:64 "accounts.beta.message_rate.messages" is 0: expected a whole number of at least 1',
    'value-invalid 7:72 "accounts.beta.message_rate.per" is "1x": expected a positive duration such as 250ms, 1s, 5m, 1h or 1d',
    'value-invalid 7:89 "accounts.beta.max_gross" is "99999999999999999.5": expected an amount from 0 to 10^15 with at most 18 decimal places',
    'value-invalid 8:19 "accounts.gamma.state" is "closed": expected active, reducing or halted',
    'value-type 8:42 "accounts.gamma.max_size_lots" is 1.5: expected a whole number such as 100',
    'value-type 8:64 "accounts.gamma.max_open_orders" is "many": expected a whole number such as 100',
    'key-missing 10:3 "symbols.BTCUSDT" needs "tick_value"',
    'value-invalid 10:24 currency "EURO" is neither the base currency nor under "rates" (Did you mean "EUR"?)',
  ]);
});

test.each([
  ['', 'value-type 1:1 the file is empty: expected a map with version, currency, accounts and symbols'],
  ['- 1', 'value-type 1:1 the file is [1]: expected a map with version, currency, accounts and symbols'],
  ['version: 1\n---\nversion: 1', 'yaml-documents 3:1 the file holds more than one document'],
  ['['.repeat(10_000), 'yaml-too-deep 1:65 values are nested too deep'],
  ['a: *x', 'yaml-syntax 1:4 nothing is called "x"'],
  [`${BASE}accounts: { beta: }`, 'key-duplicate 5:1 "accounts" is there twice'],
  [BASE.replace('alpha:', 'alpha: , alpha:'), 'key-duplicate 3:22 "alpha" is there twice'],
  [BASE.replace('alpha', '__proto__'), 'key-invalid 3:13 "__proto__" is no name'],
  [`${BASE}restricted: BTC`, 'value-type 5:13 "restricted" is "BTC": expected a list of symbols such as [BTCUSDT, ETHUSDT]'],
  [`${BASE}defaults: 5`, 'value-type 5:11 "defaults" is 5: expected a map such as { max_size_lots: 100 }'],
  [`${BASE}state: haltd`, 'value-invalid 5:8 "state" is "haltd": expected active, reducing or halted (Did you mean "halted"?)'],
  [`${BASE}defaults: { duplicate_window: 5 }`, 'value-type 5:31 "defaults.duplicate_window" is 5: expected text such as 250ms'],
  [
    `${BASE}defaults: { message_rate: fast }`,
    'value-type 5:27 "defaults.message_rate" is "fast": expected a map such as { messages: 100, per: 1s }',
  ],
  [
    `${BASE}defaults: { max_open_orders: 2000000 }`,
    'value-invalid 5:30 "defaults.max_open_orders" is 2000000: expected a whole number of at most 1000000',
  ],
  [BASE.replace('{ tick_value: 0.01 }', ''), 'value-type 4:18 "symbols.BTC" is empty: expected a map such as { tick_value: 0.01 }'],
  [BASE.replace('USD', '[]'), 'value-type 2:11 "currency" is []: expected text such as USD'],
  [BASE.replace('USD', '""'), 'value-invalid 2:11 "currency" is "": expected text that is not empty'],
  [
    BASE.replace('0.01', '0.0000000000000000001'),
    'value-invalid 4:31 "symbols.BTC.tick_value" is "0.0000000000000000001": expected what one tick of one lot is worth: a decimal above 0 with at most 18 decimal places',
  ],
  [
    `${BASE.replace('0.01', '0.0000000000000001, currency: EUR')}rates: { EUR: 1.0855 }`,
    'value-invalid 4:31 what a tick of one lot of "BTC" is worth in USD is above 10^9 or has more than 18 decimal places',
  ],
])('%#: a file that is refused as a whole, or in one place', (text, fault) => {
  expect(faults(text)).toEqual([fault]);
});

test('amounts are exact, also those that a double is not', () => {
  const read = limits(
    BASE.replace('alpha:', 'alpha: { max_gross: 123456789012345.123456789012345678, credit: "0.1", max_net: 1e3, price_collar_bps: 12.5 }'),
  );
  expect(read.accounts).toEqual([
    [
      'alpha',
      expect.objectContaining({
        gross: 123456789012345123456789012345678n,
        credit: 100000000000000000n,
        net: 1000n * 10n ** 18n,
        collar: 12500,
      }),
    ],
  ]);
  expect(read.symbols).toEqual([['BTC', expect.objectContaining({ unit: 10n ** 16n })]]);
  const foreign = limits(`${BASE.replace('0.01', '0.25, currency: JPY')}rates: { JPY: 0.0068 }`);
  expect(foreign.symbols[0]?.[1].unit).toBe(1_700_000_000_000_000n);
});

test('anchors write limits once, names of digits stay as they are', () => {
  const read = limits(`version: 1
currency: USD
accounts:
  007: &desk { max_size_lots: 5 }
  1e3: *desk
symbols: { BTC: { tick_value: 1 } }
`);
  expect(read.accounts.map(([name, { size }]) => [name, size])).toEqual([['007', 5n], ['1e3', 5n]]); // biome-ignore format: one line
});

test('decimals come back as they were written', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 33n), max: 10n ** 33n }), fc.constantFrom(3, 18), (value, places) => {
      expect(scaled(decimalText(value, places), places)).toBe(value);
    }),
    { seed: 1 },
  );
});

test('no text makes the reader throw', () => {
  const piece = fc.constantFrom('version: 1', 'currency: USD', 'accounts:', 'symbols:', '  BTC: { tick_value: 1 }', '  alpha: {', '}', '[', ']', '&a', '*a', '<<: *a', '? x', '- ', '\t', '"', "'", '|', '#', '\u0000', '\ufeff', '%YAML 1.1', '---', '!!binary x', '12e999', '.nan', '\n', ' '); // biome-ignore format: one line
  fc.assert(
    fc.property(fc.oneof(fc.array(piece, { maxLength: 30 }).map((parts) => parts.join('\n')), fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(' ')), fc.string({ maxLength: 60 })), (text) => {
      const parsed = parseLimits(text);
      if ('faults' in parsed) {
        expect(parsed.faults.length).toBeGreaterThan(0);
        for (const { from, to, message } of parsed.faults) expect(0 <= from && from < to && message !== '').toBe(true);
      }
    }),
    { seed: 1, numRuns: 1500 },
  ); // biome-ignore format: as above
});

test('a check of a pipeline tells of them', () => {
  const params = risk.params.parse({ limits: 'l.yaml' });
  expect(risk.inspect?.(params, new Map([['l.yaml', BASE]]))).toEqual([]);
  expect(risk.inspect?.(params, new Map())).toEqual([]);
  expect(risk.inspect?.(params, new Map([['l.yaml', 'version: 1\ncurrency: USD\nsymbols: {}\n']]))).toEqual([
    { path: 'l.yaml', from: 0, to: 1, message: 'the file needs "accounts"' },
  ]);
});

test('what the instrument table does not know is told at its line', () => {
  const text = `version: 1
currency: USD
rates: { EUR: 1.08 }
accounts: { alpha: }
venues: { sim: , smi: }
symbols:
  BTC: { tick_value: 1 }
  DAX: { tick_value: 1 }
  EST: { tick_value: 1, currency: EUR }
  BTCX: { tick_value: 1 }
`;
  const table = 'venue,symbol,tick_size,lot_size,currency\nsim,BTC,1,1,USD\nsim,DAX,1,1,EUR\nsim,EST,1,1,USD\nsim,ETH,1,1,USD\n';
  const inspected = (limits: string, instruments: string) => {
    const params = risk.params.parse({ limits: 'l.yaml', instruments: 'i.csv' });
    const found = risk.inspect?.(params, new Map([['l.yaml', limits], ['i.csv', instruments]])) ?? []; // biome-ignore format: one line
    return found.map(({ path, ...fault }) => (path === 'l.yaml' ? faultText(limits, { code: '', ...fault }) : path));
  };
  expect(inspected(text, table)).toEqual([
    '5:18 the instrument table has no venue "smi"',
    '8:3 the tick value of "DAX" is in USD, and the instrument table has it in EUR (Add "currency: EUR".)',
    '9:35 the tick value of "EST" is in EUR, and the instrument table has it in USD',
    '10:3 the instrument table has no symbol "BTCX" (Did you mean "BTC"?)',
  ]);
  expect(inspected(text, table.replace('1,1,EUR', '1,0,EUR'))).toContain('i.csv');
  const example = (name: string) => readFileSync(new URL(`../../examples/exchange/${name}`, import.meta.url), 'utf8');
  expect(inspected(example('limits.yaml'), example('instruments.csv'))).toEqual([]);
});

test('the schema for editors explains every key', () => {
  const schema = fileSchema('limits', limitsShape) as { properties: Record<string, { description?: string }>; required: string[] };
  expect(Object.entries(schema.properties).filter(([, of]) => !of.description).map(([name]) => name)).toEqual([]); // biome-ignore format: one line
  expect(schema.required).toEqual(['version', 'currency', 'accounts', 'symbols']);
  expect(z.toJSONSchema(limitsShape, { io: 'input', unrepresentable: 'any' })).toBeDefined();
});
