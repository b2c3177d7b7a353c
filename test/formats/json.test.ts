import { Schema, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { json } from '../../connectors/formats/json.ts';
import { schemaOf, schemaParams } from '../../connectors/formats/schema.ts';
import { field } from '../../graph/contract/columns.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { outcome, payloadsOf, textsOf } from './payloads.ts';

const TRADE = schemaOf(
  schemaParams.parse({
    columns: {
      ts: { type: 'timestamp', unit: 'ms', from: 'T' },
      symbol: 'dictionary',
      price: 'float64',
      id: { type: 'int64', nullable: true },
      lots: { type: 'int32', nullable: true },
      maker: { type: 'bool', nullable: true },
      note: { type: 'utf8', nullable: true },
    },
  }),
);
const PARAMS = json.params.parse({});
const decode = (...messages: (string | Uint8Array)[]) => outcome(json.decoder(TRADE, PARAMS).decode(payloadsOf(messages)));
const MINIMAL = '"T":1,"symbol":"A","price":1';

test('numbers and digits in quotes are exact to the last digit', () => {
  const { rows, refused } = decode(
    '{"T":1723161255030,"symbol":"BTCUSDT","price":61800.30,"id":9223372036854775807,"lots":-5,"maker":true,"note":"a\\u0042\\n"}',
    '{"T":"1723161255030","symbol":"BTCUSDT","price":"61800.30","id":"-9223372036854775808","lots":"5","maker":false,"note":""}',
    ' {"unknown":{"a":[1,{"b":"}"}]},"price":1e-3,"symbol":"ETHUSDT","T":"2024-08-08T23:54:15.030314667Z"}\r\n',
  );
  expect(refused).toEqual([]);
  const stamp = 1_723_161_255_030_000_000n;
  expect(rows).toEqual([
    { ts: stamp, symbol: 'BTCUSDT', price: 61800.3, id: 2n ** 63n - 1n, lots: -5, maker: true, note: 'aB\n' },
    { ts: stamp, symbol: 'BTCUSDT', price: 61800.3, id: -(2n ** 63n), lots: 5, maker: false, note: '' },
    { ts: 1_723_161_255_030_314_667n, symbol: 'ETHUSDT', price: 0.001, id: null, lots: null, maker: null, note: null },
  ]);
});

test.each([
  ['json-syntax', ''],
  ['json-syntax', '   '],
  ['json-syntax', '[1]'],
  ['json-syntax', '42'],
  ['json-syntax', `{${MINIMAL}`],
  ['json-syntax', `{${MINIMAL}} x`],
  ['json-syntax', `{${MINIMAL}}{}`],
  ['json-syntax', `{${MINIMAL},}`],
  ['json-syntax', `{${MINIMAL},"x":01}`],
  ['json-syntax', `{${MINIMAL},"x":NaN}`],
  ['json-syntax', `{${MINIMAL},"x":"\u0001"}`],
  ['json-syntax', `{${MINIMAL},"x":"\\q"}`],
  ['json-duplicate-key', `{${MINIMAL},"price":2}`],
  ['json-duplicate-key', `{${MINIMAL},"pr\\u0069ce":2}`],
  ['json-depth', `{${MINIMAL},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ['json-depth', `${'{"x":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
  ['value-missing', '{"T":1,"symbol":"A"}'],
  ['value-missing', '{"T":1,"symbol":"A","price":null}'],
  ['value-type', '{"T":1,"symbol":"A","price":true}'],
  ['value-type', '{"T":1,"symbol":"A","price":[1]}'],
  ['value-type', '{"T":1,"symbol":"A","price":"1,5"}'],
  ['value-type', '{"T":1,"symbol":"A","price":"0x10"}'],
  ['value-type', '{"T":1,"symbol":7,"price":1}'],
  ['value-type', '{"T":"2024-08-08","symbol":"A","price":1}'],
  ['value-type', `{${MINIMAL},"id":1.5}`],
  ['value-type', `{${MINIMAL},"id":1e3}`],
  ['value-type', `{${MINIMAL},"maker":1}`],
  ['value-not-finite', '{"T":1,"symbol":"A","price":"nan"}'],
  ['value-not-finite', '{"T":1,"symbol":"A","price":"-Infinity"}'],
  ['value-overflow', '{"T":1,"symbol":"A","price":1e999}'],
  ['value-overflow', `{${MINIMAL},"id":9223372036854775808}`],
  ['value-overflow', `{${MINIMAL},"lots":2147483648}`],
  ['value-overflow', '{"T":9223372036855,"symbol":"A","price":1}'],
  ['value-overflow', '{"T":"2300-01-01T00:00:00Z","symbol":"A","price":1}'],
])('%s: %.60s', (code, message) => {
  const { rows, refused } = decode(`{${MINIMAL}}`, message, `{${MINIMAL}}`);
  expect(rows).toHaveLength(2);
  expect(refused).toMatchObject([{ payload: 1, code, raw: message }]);
  expect(refused[0]?.reason.length).toBeLessThan(300);
});

test('bytes that are not UTF-8 are refused and kept as they are', () => {
  const message = Buffer.from(`{${MINIMAL},"note":"\xff"}`, 'latin1');
  expect(decode(message).refused).toMatchObject([{ code: 'text-encoding', raw: message.toString('latin1') }]);
});

test('a message of 8 MiB is one row', () => {
  const note = 'x'.repeat(8 * 1024 * 1024);
  expect(decode(`{${MINIMAL},"note":"${note}"}`).rows).toMatchObject([{ note }]);
});

test('rows tell the payload they came from when some gave none', () => {
  const decoded = json.decoder(TRADE, PARAMS).decode(payloadsOf(['x', `{${MINIMAL}}`, 'y', `{${MINIMAL}}`]));
  expect(decoded.payloadOfRow).toEqual(Int32Array.of(1, 3));
});

test('dictionaries grow from batch to batch', () => {
  const decoder = json.decoder(TRADE, PARAMS);
  const symbols = [
    ['A', 'B'],
    ['B', ''],
    ['C', 'A', ''],
  ];
  for (const some of symbols) {
    const { rows } = outcome(decoder.decode(payloadsOf(some.map((symbol) => JSON.stringify({ T: 1, symbol, price: 1 })))));
    expect(rows.map((row) => row.symbol)).toEqual(some);
  }
});

test('any text survives, as JSON.stringify writes it', () => {
  const schema = new Schema([field('note', new Utf8(), false, 'any text')]);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (notes) => {
      const decoded = json.decoder(schema, PARAMS).decode(payloadsOf(notes.map((note) => JSON.stringify({ note }))));
      expect(outcome(decoded)).toEqual({ rows: notes.map((note) => ({ note })), refused: [] });
    }),
  );
});

test('a text is JSON for the decoder exactly when it is for JSON.parse', () => {
  const mutated = fc.tuple(
    fc.json({ maxDepth: 3 }),
    fc.nat(),
    fc.constantFrom('', '"', '{', '}', ',', ':', '[', ']', '0', '\\', '-', 'e', '.', ' '),
  );
  fc.assert(
    fc.property(mutated, ([text, at, put]) => {
      const inner = text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1);
      const message = `{${MINIMAL},"unknown":${inner}}`;
      const known = isObject(message);
      const { refused } = decode(message);
      expect(refused.some(({ code }) => code === 'json-syntax')).toBe(!known);
    }),
    { numRuns: 2000 },
  );
});

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

test('what the encoder writes, the decoder reads back', () => {
  const schema = schemaOf(
    schemaParams.parse({
      columns: {
        ts: 'timestamp',
        word: { type: 'dictionary', nullable: true },
        f: 'float64',
        i: { type: 'int64', nullable: true },
        s: 'int32',
        b: 'bool',
        t: 'utf8',
      },
    }),
  );
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const row = fc.record({
    ts: int64,
    word: fc.option(fc.constantFrom('A', 'B"', '')),
    f: fc.double({ noNaN: true, noDefaultInfinity: true }),
    i: fc.option(int64),
    s: fc.integer(),
    b: fc.boolean(),
    t: fc.string({ unit: 'binary' }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), fc.constantFrom('iso', 'ns'), (rows, times) => {
      const encoded = json.encoder?.(schema, { times }).encode(batchOf(schema, rows));
      const messages = encoded ? textsOf(encoded) : [];
      for (const [i, message] of messages.entries())
        expect(JSON.parse(message)).toMatchObject({ f: rows[i]?.f === 0 ? expect.anything() : rows[i]?.f, t: rows[i]?.t });
      expect(outcome(json.decoder(schema, { times }).decode(payloadsOf(messages)))).toEqual({ rows, refused: [] });
    }),
  );
});

test('times are written with nine digits, int64 with every digit, NaN as null', () => {
  const schema = schemaOf(schemaParams.parse({ columns: { ts: 'timestamp', i: 'int64', f: 'float64' } }));
  const batch = batchOf(schema, [{ ts: 1_723_161_255_030_314_667n, i: 2n ** 63n - 1n, f: Number.NaN }]);
  const encoded = json.encoder?.(schema, PARAMS).encode(batch);
  expect(encoded && textsOf(encoded)).toEqual(['{"ts":"2024-08-08T23:54:15.030314667Z","i":9223372036854775807,"f":null}']);
});

test('an integer time without a unit is ns, unless that is long ago: then the reason tells the unit it looks to be in', () => {
  const decoder = (ts: unknown, times = 'iso') =>
    json.decoder(schemaOf(schemaParams.parse({ columns: { ts } })), json.params.parse({ times }));
  const given = (ts: unknown, value: string, times?: string) => outcome(decoder(ts, times).decode(payloadsOf([`{"ts":${value}}`])));
  const why = (instant: string, unit: string) => [
    { code: 'value-range', reason: `column "ts": ${instant}; if it is ${unit}, else unit: ns` },
  ];
  expect(given('timestamp', '1704187804000').refused).toMatchObject(
    why('1704187804000 as ns is 1970-01-01T00:28:24.187804000Z', 'milliseconds, say unit: ms'),
  );
  expect(given('timestamp', '"1704187804"').refused).toMatchObject(
    why('1704187804 as ns is 1970-01-01T00:00:01.704187804Z', 'seconds, say unit: s'),
  );
  expect(given('timestamp', '1704187804000000').refused).toMatchObject(
    why('1704187804000000 as ns is 1970-01-20T17:23:07.804000000Z', 'microseconds, say unit: us'),
  );
  expect(given('timestamp', '99999999999999999').refused).toHaveLength(1);
  expect(given('timestamp', '100000000000000000').rows).toEqual([{ ts: 10n ** 17n }]);
  expect(given('timestamp', '"1960-01-01T00:00:00Z"').rows).toEqual([{ ts: BigInt(Date.UTC(1960, 0)) * 1_000_000n }]);
  for (const value of ['1704187804000', '0', '-5']) {
    expect(given({ type: 'timestamp', unit: 'ns' }, value).rows).toEqual([{ ts: BigInt(value) }]);
    expect(given('timestamp', value, 'ns').rows).toEqual([{ ts: BigInt(value) }]);
    expect(given({ type: 'timestamp', unit: 'ms' }, value).rows).toEqual([{ ts: BigInt(value) * 1_000_000n }]);
  }
});
