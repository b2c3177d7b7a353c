import { SenderBufferV2, SenderOptions } from '@questdb/nodejs-client';
import { Bool, type DataType, Field, Float64, Int32, Int64, type RecordBatch, Schema, Utf8 } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineEncoder, type LineLayout } from '../../connectors/questdb/encoder.ts';
import { dictionaryOf, timestampNs } from '../../graph/contract/columns.ts';
import { batchOf, type Cell, type Row } from '../../graph/contract/rows.ts';

const MOST = 2n ** 63n - 1n;
const TIME = 'ts';

/** What the client writes for the same rows, symbols first as it demands. */
function stock(schema: Schema, rows: readonly Row[], layout: LineLayout): Buffer {
  const options = new SenderOptions('http::addr=localhost;protocol_version=2;max_buf_size=1000000000');
  options.log = () => undefined;
  const buffer = new SenderBufferV2(options);
  const isSymbol = (field: Field): boolean => layout.symbols.includes(field.name) || String(field.type).startsWith('Dictionary');
  for (const row of rows) {
    buffer.table(layout.table);
    for (const field of schema.fields) {
      const value = row[field.name];
      if (value !== null && isSymbol(field)) buffer.symbol(field.name, value);
    }
    for (const field of schema.fields) {
      const value = row[field.name] ?? null;
      if (value === null || isSymbol(field) || field.name === TIME) continue;
      if (typeof value === 'string') buffer.stringColumn(field.name, value);
      else if (typeof value === 'boolean') buffer.booleanColumn(field.name, value);
      else if (String(field.type) === 'Float64') buffer.floatColumn(field.name, value as number);
      else if (String(field.type).startsWith('Timestamp')) buffer.timestampColumn(field.name, value as bigint, 'ns');
      else buffer.intColumn(field.name, Number(value));
    }
    buffer.at(row[TIME] as bigint, 'ns');
  }
  return buffer.toBufferView() ?? Buffer.alloc(0);
}

const ours = (schema: Schema, batches: readonly RecordBatch[], layout: LineLayout): Buffer =>
  new LineEncoder(schema, layout).encode(batches).bytes;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(' ', ',', '=', '\\', '"', '\n', '\r', 'a', 'ü', '😀', '\0'), maxLength: 12 }),
);
const safe = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -120, max: 120 })).map(BigInt);
const any64 = fc.oneof(
  fc.bigInt({ min: -MOST - 1n, max: MOST }),
  fc.integer({ min: 0, max: 1_000_000 }).map((us) => 1_723_161_255_000_000_000n + BigInt(us)),
);

interface Kind {
  readonly type: (name: string) => DataType;
  readonly cell: fc.Arbitrary<Cell>;
  readonly symbol?: boolean;
}
const KINDS: readonly Kind[] = [
  { type: () => new Float64(), cell: fc.double() },
  { type: () => new Int64(), cell: safe },
  { type: () => new Int32(), cell: fc.integer() },
  { type: () => new Bool(), cell: fc.boolean() },
  { type: () => new Utf8(), cell: text },
  { type: () => new Utf8(), cell: text, symbol: true },
  { type: dictionaryOf, cell: text },
  { type: timestampNs, cell: any64 },
];

const columnName = fc.string({ unit: fc.constantFrom('a', 'b', '_', '9', ' ', '=', 'é', '#'), minLength: 1, maxLength: 8 });
const tableName = fc.string({ unit: fc.constantFrom('t', 'r', ' ', '=', '-', 'é'), minLength: 1, maxLength: 8 });

/** A schema with its time and one column that is never null, and batches of rows. */
const scene = fc
  .tuple(
    tableName,
    fc.uniqueArray(fc.tuple(columnName, fc.constantFrom(...KINDS), fc.boolean()), {
      minLength: 1,
      maxLength: 10,
      selector: ([name]) => name,
    }),
    fc.nat(),
  )
  .filter(([, columns]) => columns.every(([name]) => name !== TIME && name !== 'seq'))
  .chain(([table, columns, place]) => {
    const fields = columns.map(([name, kind, nullable]) => new Field(name, kind.type(name), nullable));
    fields.splice(place % (fields.length + 1), 0, new Field('seq', new Int64(), false));
    fields.splice(place % 3, 0, new Field(TIME, timestampNs(), false));
    const symbols = columns.filter(([, kind]) => kind.symbol).map(([name]) => name);
    const row = fc.record<Record<string, Cell>>({
      ...Object.fromEntries(columns.map(([name, kind, nullable]) => [name, nullable ? fc.option(kind.cell) : kind.cell])),
      seq: safe,
      [TIME]: any64,
    });
    const batches = fc.array(fc.array(row, { maxLength: 20 }), { maxLength: 4 });
    return batches.map((rows) => ({ schema: new Schema(fields), layout: { table, time: TIME, symbols }, rows }));
  });

test('lines equal those of the client, byte for byte', () => {
  fc.assert(
    fc.property(scene, ({ schema, layout, rows }) => {
      const batches = rows.map((some) => batchOf(schema, some));
      expect(ours(schema, batches, layout).equals(stock(schema, rows.flat(), layout))).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('int64 of any size is written in full', () => {
  const schema = new Schema([new Field(TIME, timestampNs(), false), new Field('n', new Int64(), false)]);
  const edges = Array.from({ length: 64 }, (_, i) => 2n ** BigInt(i)).concat(Array.from({ length: 19 }, (_, i) => 10n ** BigInt(i)));
  const near = edges.flatMap((edge) => [edge - 1n, edge, edge + 1n].flatMap((n) => [n, -n])).filter((n) => n <= MOST && n >= -MOST - 1n);
  const check = (values: readonly bigint[]): void => {
    const batch = batchOf(
      schema,
      values.map((n) => ({ [TIME]: n, n })),
    );
    expect(ours(schema, [batch], { table: 't', time: TIME, symbols: [] }).toString()).toBe(values.map((n) => `t n=${n}i ${n}n\n`).join(''));
  };
  check([...near, -MOST - 1n]);
  fc.assert(fc.property(fc.array(fc.bigInt({ min: -MOST - 1n, max: MOST })), check));
});

test('a batch that is a slice of another is written as it stands', () => {
  const schema = new Schema([
    new Field(TIME, timestampNs(), false),
    new Field('word', dictionaryOf('word'), true),
    new Field('ok', new Bool(), true),
    new Field('text', new Utf8(), true),
    new Field('n', new Int64(), false),
    new Field('x', new Float64(), true),
  ]);
  const rows = Array.from(
    { length: 2_000 },
    (_, i): Row => ({
      [TIME]: BigInt(i),
      word: i % 5 ? `w${i % 3}` : null,
      ok: i % 7 ? i % 2 === 0 : null,
      text: i % 4 ? `t${i}` : null,
      n: BigInt(-i),
      x: i % 6 ? i / 3 : null,
    }),
  );
  const layout = { table: 't', time: TIME, symbols: [] };
  const batch = batchOf(schema, rows);
  const encoder = new LineEncoder(schema, layout);
  for (const [from, to] of [
    [0, 2_000],
    [3, 1_500],
    [1_023, 1_025],
    [1_999, 2_000],
  ] as const) {
    const { bytes, starts } = encoder.encode([batch.slice(from, to)]);
    expect(bytes.equals(stock(schema, rows.slice(from, to), layout))).toBe(true);
    expect(starts.length).toBe(to - from + 1);
    expect(bytes.subarray(starts[1] ?? 0, starts[2] ?? 0).equals(stock(schema, rows.slice(from + 1, Math.min(to, from + 2)), layout))).toBe(
      true,
    );
  }
});
