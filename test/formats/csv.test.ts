import { expect, test } from 'vitest';
import { csv, csvHeader } from '../../connectors/formats/csv.ts';
import { schemaOf, schemaParams } from '../../connectors/formats/schema.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { outcome, payloadsOf, textsOf } from './payloads.ts';

const SCHEMA = schemaOf(
  schemaParams.parse({
    columns: {
      date: { type: 'timestamp', zone: 'utc' },
      px: 'float64',
      volume: { type: 'int64', nullable: true },
      note: { type: 'utf8', nullable: true },
      final: { type: 'bool', nullable: true },
    },
  }),
);
const decode = (params: unknown, ...lines: string[]) => outcome(csv.decoder(SCHEMA, csv.params.parse(params)).decode(payloadsOf(lines)));
const row = (px: number, note: string | null = null) => ({ date: 946_857_600_000_000_000n, px, volume: null, note, final: null });

test('a line of the column names is a header wherever it stands', () => {
  const { rows, refused } = decode(
    {},
    '\ufeffdate,px,volume,note,final\r\n',
    '2000-01-03,1.5,,,',
    'date,px,volume,note,final',
    '2000-01-03,2,,,',
  );
  expect({ rows, refused }).toEqual({ rows: [row(1.5), row(2)], refused: [] });
});

test('quoted fields hold delimiters and quotes', () => {
  const { rows } = decode({}, '2000-01-03,1,,"a,b",', '2000-01-03,1,,"say ""no""",', '2000-01-03,1,,"",', '2000-01-03,"1",,x"y,');
  expect(rows.map((r) => r.note)).toEqual(['a,b', 'say "no"', '', 'x"y']);
});

test('times, truth and null are read as told', () => {
  const params = { delimiter: ';', quote: "'", null: ['NA', ''], header: false };
  const { rows, refused } = decode(params, "2000-01-03 00:00:00.5;1;NA;'NA';TRUE", '2000-01-03T01:00+01:00;-2.5e1;9223372036854775807;;0');
  expect(refused).toEqual([]);
  expect(rows).toEqual([
    { date: 946_857_600_500_000_000n, px: 1, volume: null, note: 'NA', final: true },
    { date: 946_857_600_000_000_000n, px: -25, volume: 2n ** 63n - 1n, note: null, final: false },
  ]);
});

test('fields that no column asks for are skipped, in any order of columns', () => {
  const fields = ['note', 'x', 'px', 'date', 'volume', 'y', 'final'];
  expect(decode({ fields }, 'n,?,3,2000-01-03,,?,').rows).toEqual([row(3, 'n')]);
});

test('seconds with nine decimals are exact', () => {
  const schema = schemaOf(schemaParams.parse({ columns: { DT: { type: 'timestamp', unit: 's' } } }));
  const { rows } = outcome(csv.decoder(schema, csv.params.parse({})).decode(payloadsOf(['1514888630.188999891'])));
  expect(rows).toEqual([{ DT: 1_514_888_630_188_999_891n }]);
});

test.each([
  ['csv-fields', '2000-01-03,1'],
  ['csv-fields', '2000-01-03,1,,,,'],
  ['csv-fields', ''],
  ['csv-quote', '2000-01-03,1,,"a,'],
  ['csv-quote', '2000-01-03,1,,"a"b,'],
  ['value-missing', '2000-01-03,,,,'],
  ['value-type', '2000-01-03,abc,,,'],
  ['value-type', '2000-01-03, 1,,,'],
  ['value-type', '2000-01-03,1,1.5,,'],
  ['value-type', '2000-01-03,1,,,yes'],
  ['value-type', '03.01.2000,1,,,'],
  ['value-type', 'date,px,volume,note,other'],
  ['value-not-finite', '2000-01-03,NaN,,,'],
  ['value-overflow', '2000-01-03,1,9223372036854775808,,'],
])('%s: %s', (code, line) => {
  expect(decode({}, line)).toMatchObject({ rows: [], refused: [{ payload: 0, code, raw: line }] });
});

test('a column whose field is not there is told of before anything is read', () => {
  expect(() => csv.decoder(SCHEMA, csv.params.parse({ fields: ['date', 'px'] }))).toThrow('"volume"');
});

test('what the encoder writes, the decoder reads back', () => {
  const params = csv.params.parse({ null: 'NA' });
  const rows = [
    { date: 1n, px: 0.1, volume: 2n ** 63n - 1n, note: 'a,"b"', final: true },
    { date: -1n, px: 1e300, volume: null, note: 'NA', final: false },
    { date: 946_857_600_000_000_000n, px: 3, volume: 0n, note: '', final: null },
    { date: 946_857_600_000_000_000n, px: 3, volume: 0n, note: null, final: null },
  ];
  const encoded = csv.encoder?.(SCHEMA, params).encode(batchOf(SCHEMA, rows));
  const lines = encoded ? textsOf(encoded) : [];
  expect(lines[1]).toBe('1969-12-31T23:59:59.999999999Z,1e300,NA,"NA",false');
  expect(outcome(csv.decoder(SCHEMA, params).decode(payloadsOf([csvHeader(SCHEMA, params), ...lines])))).toEqual({ rows, refused: [] });
});

test('the header of a file chooses the columns, from any line on; lines of a topic stand as the schema does', () => {
  const decoder = csv.decoder(SCHEMA, csv.params.parse({}));
  const header = 'note,x,px,date,"a ""b""",volume,final';
  const opening = Buffer.from(`\ufeff${header}\r\n`);
  const rows = (lines: string[], first?: Uint8Array) =>
    outcome(decoder.decode({ ...payloadsOf(lines), ...(first ? { opening: first } : {}) }));
  expect(rows([header, 'n,?,3,2000-01-03,,,', header], opening)).toEqual({ rows: [row(3, 'n')], refused: [] });
  expect(rows(['m,?,4,2000-01-03,,,'], opening)).toEqual({ rows: [row(4, 'm')], refused: [] });
  expect(rows(['2000-01-03,5,,,'])).toEqual({ rows: [row(5)], refused: [] });
  expect(rows(['2000-01-03,6,,,'], Buffer.from('2000-01-03,5,,,')).rows).toEqual([row(6)]);
  expect(rows(['n,?,3,2000-01-03,,,'], Buffer.from(header.replace('px', 'PX'))).refused).toMatchObject([{ code: 'csv-fields' }]);
});

test('fields that are given win over a header', () => {
  const fields = ['date', 'px', 'volume', 'note', 'final'];
  const decoder = csv.decoder(SCHEMA, csv.params.parse({ fields }));
  const opening = Buffer.from('note,px,volume,date,final');
  expect(outcome(decoder.decode({ ...payloadsOf(['2000-01-03,1,,n,']), opening })).rows).toEqual([row(1, 'n')]);
});

test('a header that lacks a column is told of; a first line that may be a row is not', () => {
  const faults = (first: string, params: unknown = {}) =>
    csv.openingFaults?.(Buffer.from(first), SCHEMA, csv.params.parse(params)).map(({ column, message }) => [column, message]);
  expect(faults('final,date,extra,px,volume,note')).toEqual([]);
  expect(faults('Date,px,volume,note,final')).toEqual([['date', 'the header has no field "date"']]);
  expect(faults('a,b')).toHaveLength(5);
  expect(faults('date,px,volume,note,final,px')).toEqual([['px', 'the header has field "px" more than once']]);
  for (const [first, params] of [
    ['2000-01-03,5,,,', {}],
    ['2000-01-03,5,,,,6,7', {}],
    ['a,b,c,d,e', {}],
    ['date,px', { header: false }],
    ['date,px', { fields: ['date', 'px', 'volume', 'note', 'final'] }],
    ['"date', {}],
  ] as const)
    expect(faults(first, params), first).toEqual([]);
});
