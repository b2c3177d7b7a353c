import { readFileSync } from 'node:fs';
import { Schema } from 'apache-arrow';
import { expect, test } from 'vitest';
import { avro } from '../../connectors/formats/avro.ts';
import { type AvroOptions, PLAIN } from '../../connectors/formats/avro-columns.ts';
import { arrowSchema, avroSchema } from '../../connectors/formats/avro-wire.ts';
import { COLUMNS, dictionaryOf, field, timestampNs } from '../../graph/contract/columns.ts';
import { batchOf, rowsOf } from '../../graph/contract/rows.ts';
import { outcome, payloadsOf } from './payloads.ts';

const VECTORS = JSON.parse(readFileSync(new URL('./avro-vectors/fastavro.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly {
    readonly name: string;
    readonly schema: unknown;
    readonly options: Partial<AvroOptions>;
    readonly payloads: readonly string[];
  }[];
};

const fail = (message: string) => {
  throw new Error(message);
};

/** Nested values and rounded decimals are read, not written. */
const WRITTEN = VECTORS.cases.filter(({ name }) => !name.startsWith('nested') && !['decimal-bytes', 'decimal-fixed'].includes(name));

const hexes = ({ bytes, offsets }: { readonly bytes: Uint8Array; readonly offsets: Int32Array }) =>
  Array.from({ length: offsets.length - 1 }, (_, i) => Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString('hex'));

test.each(WRITTEN)('$name: byte for byte what fastavro writes', ({ schema, options, payloads }) => {
  const text = JSON.stringify(schema);
  const arrow = arrowSchema({ schema: text, options: { ...PLAIN, ...options }, registry: null }, fail);
  const { batch } = avro.decoder(arrow, {}).decode(payloadsOf(payloads.map((hex) => Buffer.from(hex, 'hex'))));
  const encoder = avro.encoder?.(arrow, { target: { schema: text, id: null } });
  expect(hexes(encoder?.encode(batch as never) as never)).toEqual(payloads);
  const framed = avro.encoder?.(arrow, { target: { schema: text, id: 0x01020304 } });
  expect(hexes(framed?.encode(batch as never) as never)).toEqual(payloads.map((hex) => `0001020304${hex}`));
});

const TRADE = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  COLUMNS.price,
  COLUMNS.trade_id,
  COLUMNS.flags,
  COLUMNS.final,
  field('note', dictionaryOf('note'), true, 'a note'),
  field('at', timestampNs(), true, 'a time'),
]);

const ROWS = [
  {
    ts_event: 1_723_161_255_030_314_667n,
    symbol: 'BTCUSDT',
    price: 61_000.5,
    trade_id: 2n ** 62n,
    flags: -1,
    final: true,
    note: null,
    at: -1n,
  },
  { ts_event: -(2n ** 63n), symbol: '', price: -0, trade_id: null, flags: 7, final: false, note: '€', at: null },
];

test('without a schema, columns are written by one made of them, and read again as they were', () => {
  const batch = batchOf(TRADE, ROWS);
  const payloads = avro.encoder?.(TRADE, {}).encode(batch);
  const read = avro.gives?.(TRADE, {}) as Schema;
  expect(read.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`)).toEqual(
    TRADE.fields.map(({ name, type, nullable }) => `${name} ${type} ${nullable}`),
  );
  const { batch: again, rejected } = avro.decoder(read, {}).decode(payloads as never);
  expect(rejected).toBeNull();
  expect(again && rowsOf(again)).toEqual(ROWS);
  expect(outcome(avro.decoder(TRADE, {}).decode(payloads as never)).rows).toEqual(ROWS);
  expect(JSON.parse(avroSchema(TRADE)).fields[0]).toMatchObject({ name: 'ts_event', type: { logicalType: 'timestamp-nanos' } });
});

const target = (...fields: unknown[]) => ({ target: { schema: JSON.stringify({ type: 'record', name: 'R', fields }), id: null } });

test.each([
  ['a column without a field', target({ name: 'price', type: 'double' }), [COLUMNS.price, COLUMNS.flags], 'column "flags" has no field'],
  ['a field without a column', target({ name: 'price', type: 'double' }, { name: 'x', type: 'int' }), [COLUMNS.price], 'field "x"'],
  ['another type', target({ name: 'price', type: 'long' }), [COLUMNS.price], 'column "price" is Float64'],
  ['a null that the field cannot hold', target({ name: 'trade_id', type: 'long' }), [COLUMNS.trade_id], '"trade_id" may be null'],
  [
    'a time as a plain int64',
    target({ name: 'flags', type: { type: 'long', logicalType: 'timestamp-millis' } }),
    [COLUMNS.flags],
    '"flags"',
  ],
])('%s is refused when the sink starts', (_, params, fields, why) => {
  expect(() => avro.encoder?.(new Schema(fields), params)).toThrowError(
    expect.objectContaining({ code: 'avro-columns', message: expect.stringContaining(why) }),
  );
});

test('fields that may be null need no column; an enum takes its symbols alone', () => {
  const side = { type: 'enum', name: 'S', symbols: ['buy', 'sell'] };
  const params = target({ name: 'side', type: side }, { name: 'x', type: ['string', 'null'] });
  const schema = new Schema([COLUMNS.side]);
  const encoder = avro.encoder?.(schema, params);
  expect(hexes(encoder?.encode(batchOf(schema, [{ side: 'sell' }, { side: 'buy' }])) as never)).toEqual(['0202', '0002']);
  expect(() => encoder?.encode(batchOf(schema, [{ side: 'none' }]))).toThrowError(expect.objectContaining({ code: 'avro-value' }));
});
