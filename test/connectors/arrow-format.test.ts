import {
  Binary,
  Dictionary,
  Field,
  Int32,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  tableFromArrays,
  tableFromIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrow } from '../../connectors/formats/arrow.ts';
import { column, dictionaryVector, makeBatch } from '../../graph/contract/batch.ts';
import { COLUMNS, DESCRIPTION } from '../../graph/contract/columns.ts';
import type { Payloads } from '../../graph/contract/format.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';

const SCHEMA = new Schema([
  COLUMNS.ts_event,
  COLUMNS.symbol,
  COLUMNS.trade_id,
  COLUMNS.price,
  COLUMNS.flags,
  COLUMNS.final,
  COLUMNS.payload,
  new Field('raw', new Binary(), true),
  new Field('venue', COLUMNS.venue.type, true),
]);

const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  ts_event: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  symbol: fc.constantFrom('BTCUSDT', 'ÄÖ', ''),
  trade_id: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  price: fc.double(),
  flags: fc.integer(),
  final: fc.boolean(),
  payload: fc.string({ unit: 'binary' }).map((s) => Buffer.from(s, 'utf8').toString('utf8')),
  raw: fc.option(fc.uint8Array()),
  venue: fc.option(fc.constantFrom('a', 'b')),
});
const rowsArbitrary = fc.array(rowArbitrary, { minLength: 1, maxLength: 40 });

/** The value, which must be there. */
function some<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('expected a value');
  return value;
}

const encode = (schema: Schema) => some(arrow.encoder)(schema, {});
const encoder = encode(SCHEMA);
const decoder = arrow.decoder(SCHEMA, {});

const joined = (parts: readonly Uint8Array[]): Payloads => {
  const offsets = Int32Array.from([0, ...parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, part) => sum + part.length, 0))]);
  return { bytes: new Uint8Array(Buffer.concat(parts)), offsets, recvNs: null };
};
const one = (bytes: Uint8Array) => decoder.decode(joined([bytes]));
const decodedRows = (payloads: Payloads): Row[] => {
  const { batch, rejected } = decoder.decode(payloads);
  expect(rejected).toBeNull();
  return batch ? rowsOf(batch) : [];
};

describe('arrow format', () => {
  test('gives back the rows of every batch and every slice of one', () => {
    fc.assert(
      fc.property(rowsArbitrary, fc.nat(40), fc.nat(40), (rows, a, b) => {
        const [from, to] = [Math.min(a, b, rows.length), Math.min(Math.max(a, b), rows.length)];
        expect(decodedRows(encoder.encode(batchOf(SCHEMA, rows)))).toEqual(rows);
        expect(decodedRows(encoder.encode(batchOf(SCHEMA, rows).slice(from, to)))).toEqual(rows.slice(from, to));
      }),
    );
  });

  test('any Arrow client reads what we write, and we read what it writes', () => {
    fc.assert(
      fc.property(rowsArbitrary, (rows) => {
        const batch = batchOf(SCHEMA, rows);
        const theirs = RecordBatchReader.from(encoder.encode(batch).bytes).next().value as RecordBatch;
        expect(rowsOf(theirs)).toEqual(rows);
        expect(decodedRows(joined([RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true)]))).toEqual(rows);
      }),
    );
  });

  test('many payloads become one batch that says where each row was', () => {
    fc.assert(
      fc.property(fc.array(rowsArbitrary, { minLength: 2, maxLength: 6 }), (groups) => {
        const parts = groups.map((rows) => encoder.encode(batchOf(SCHEMA, rows)).bytes);
        const payloads = joined([...parts.slice(0, 1), Buffer.from('not arrow'), ...parts.slice(1)]);
        const { batch, payloadOfRow, rowInPayload, rejected } = decoder.decode(payloads);
        expect(rowsOf(some(batch))).toEqual(groups.flat());
        expect([...some(payloadOfRow)]).toEqual(groups.flatMap((rows, i) => rows.map(() => (i === 0 ? 0 : i + 1))));
        expect([...some(rowInPayload)]).toEqual(groups.flatMap((rows) => rows.map((_, i) => i)));
        expect(rowsOf(some(rejected))).toEqual([
          { row: 1, code: 'arrow-foreign', reason: 'not an Arrow IPC stream', raw: new Uint8Array(Buffer.from('not arrow')) },
        ]);
      }),
    );
  });

  test('equal dictionaries of consecutive messages are one vector, and descriptions come from the plan', () => {
    const rows = [{ ts_event: 1n, symbol: 'BTCUSDT', price: 1, flags: 0, final: true, payload: '' }];
    const first = some(one(encoder.encode(batchOf(SCHEMA, rows)).bytes).batch);
    const second = some(one(encoder.encode(batchOf(SCHEMA, rows)).bytes).batch);
    expect(column(second, 'symbol').dictionary).toBe(column(first, 'symbol').dictionary);
    expect(first.schema.fields[1]?.metadata.get(DESCRIPTION)).toBe("venue's symbol, upper case");
  });

  test('a batch of more than 65,536 rows is cut, and misaligned bytes decode too', () => {
    const schema = new Schema([COLUMNS.price]);
    const values = Float64Array.from({ length: 140_000 }, (_, i) => i / 7);
    const payloads = encode(schema).encode(makeBatch(schema, values.length, [{ values }]));
    expect(payloads.offsets.length - 1).toBe(3);
    const shifted = new Uint8Array(payloads.bytes.length + 3).subarray(3);
    shifted.set(payloads.bytes);
    const { batch } = arrow.decoder(schema, {}).decode({ ...payloads, bytes: shifted });
    expect(column(some(batch), 'price').values).toEqual(values);
  });

  test('aligned bytes are not copied', () => {
    const { bytes } = encoder.encode(batchOf(SCHEMA, [{ ts_event: 1n, symbol: 'A', price: 1.5, flags: 0, final: false, payload: 'p' }]));
    const own = new Uint8Array(bytes);
    const { batch } = decoder.decode({ bytes: own, offsets: Int32Array.of(0, own.length), recvNs: null });
    expect(column(some(batch), 'price').values.buffer).toBe(own.buffer);
  });

  test('a large dictionary that few rows use is cut to the words in use', () => {
    const schema = new Schema([COLUMNS.symbol]);
    const words = Array.from({ length: 50_000 }, (_, i) => `S${i}`);
    const batch = makeBatch(schema, 3, [{ values: Int32Array.of(40_000, 7, 40_000), dictionary: dictionaryVector(words) }]);
    const { bytes } = encode(schema).encode(batch);
    expect(bytes.length).toBeLessThan(1024);
    expect(rowsOf(some(arrow.decoder(schema, {}).decode(joined([bytes])).batch)).map((row) => row.symbol)).toEqual([
      'S40000',
      'S7',
      'S40000',
    ]);
  });

  test('two columns of one dictionary type keep their own words', () => {
    const schema = new Schema([COLUMNS.symbol, new Field('other', COLUMNS.symbol.type, false)]);
    const batch = batchOf(schema, [{ symbol: 'A', other: 'B' }]);
    expect(rowsOf(some(arrow.decoder(schema, {}).decode(encode(schema).encode(batch)).batch))).toEqual([{ symbol: 'A', other: 'B' }]);
  });

  test.each<[string, () => Uint8Array, string, RegExp]>([
    [
      'another type',
      () => RecordBatchStreamWriter.writeAll(tableFromArrays({ price: Int32Array.of(1) }).batches).toUint8Array(true),
      'arrow-schema',
      /column "price" of the message is Int32, not Float64/,
    ],
    [
      'other columns',
      () => RecordBatchStreamWriter.writeAll(tableFromArrays({ prize: Float64Array.of(1) }).batches).toUint8Array(true),
      'arrow-schema',
      /lacks "price" and has "prize" besides/,
    ],
    [
      'plain strings for a dictionary',
      () => RecordBatchStreamWriter.writeAll(tableFromArrays({ symbol: Float64Array.of(1) }).batches).toUint8Array(true),
      'arrow-schema',
      /lacks "price"/,
    ],
    ['json', () => Buffer.from('{"price": 1}'), 'arrow-foreign', /not an Arrow IPC stream/],
    ['nothing', () => new Uint8Array(), 'arrow-foreign', /not an Arrow IPC stream/],
  ])('refuses %s with a reason', (_, bytes, code, reason) => {
    const schema = new Schema([COLUMNS.price]);
    const { batch, rejected } = arrow.decoder(schema, {}).decode(joined([bytes()]));
    expect(batch).toBeNull();
    expect(rowsOf(some(rejected))[0]).toMatchObject({ row: 0, code, reason: expect.stringMatching(reason) });
  });

  test('refuses nulls where none may be', () => {
    const nullable = new Schema([new Field('price', COLUMNS.price.type, true)]);
    const bytes = encode(nullable).encode(batchOf(nullable, [{ price: null }, { price: 2 }]));
    const { rejected } = arrow.decoder(new Schema([COLUMNS.price]), {}).decode(bytes);
    expect(rowsOf(some(rejected))[0]).toMatchObject({ code: 'arrow-null', reason: 'column "price" has nulls' });
  });

  test('accepts dictionary ids and several batches of another writer', () => {
    const dictionary = new Dictionary(new Utf8(), new Int32(), 4711);
    const schema = new Schema([new Field('symbol', dictionary, true)]);
    const batches = [
      ['A', 'B'],
      ['C', 'A'],
    ].map((words) => new RecordBatch({ symbol: some(vectorFromArray(words, dictionary).data[0]) }));
    const stream = RecordBatchStreamWriter.writeAll(batches.map((batch) => new RecordBatch(schema, batch.data))).toUint8Array(true);
    expect(tableFromIPC(stream).numRows).toBe(4);
    const { batch, rejected } = arrow.decoder(new Schema([COLUMNS.symbol]), {}).decode(joined([stream]));
    expect(rejected).toBeNull();
    expect(rowsOf(some(batch)).map((row) => row.symbol)).toEqual(['A', 'B', 'C', 'A']);
  });

  test('no damage gets through as a crash or as rows that cannot be read', () => {
    const sample = encoder.encode(
      batchOf(
        SCHEMA,
        Array.from({ length: 20 }, (_, i) => ({
          ts_event: BigInt(i),
          symbol: `S${i % 3}`,
          trade_id: null,
          price: i,
          flags: i,
          final: true,
          payload: `p${i}`,
          raw: null,
          venue: i % 2 ? 'x' : null,
        })),
      ),
    ).bytes;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(sample.length),
        (edits, cut) => {
          for (const damaged of [new Uint8Array(sample), new Uint8Array(sample.subarray(0, cut))]) {
            for (const [at, value] of edits) if (at < damaged.length) damaged[at] = value;
            const { batch, rejected } = one(damaged);
            if (batch) expect(rowsOf(batch).length).toBe(batch.numRows);
            else if (!rejected) expect(cut).toBeLessThan(sample.length); // a stream that ends between two messages holds no rows
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
