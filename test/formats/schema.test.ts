import { expect, test } from 'vitest';
import { schemaOf, schemaParams } from '../../connectors/formats/schema.ts';
import { COLUMNS, DESCRIPTION } from '../../graph/contract/columns.ts';

test('names of the column dictionary stand by themselves in a list', () => {
  const schema = schemaOf(schemaParams.parse({ columns: ['ts_event', 'price', { venue_flag: 'bool' }, { size: { from: 'q' } }] }));
  expect(schema.fields.map((field) => `${field.name} ${field.type} ${field.nullable}`)).toEqual([
    `ts_event ${COLUMNS.ts_event.type} false`,
    'price Float64 false',
    'venue_flag Bool false',
    'size Float64 false',
  ]);
  expect(schema.fields[1]?.metadata.get(DESCRIPTION)).toBe('quote currency per unit');
});

test("a column of the reader's own is described by what it is read from, unless the schema says it", () => {
  const columns = { qty: { type: 'float64', from: 'q' }, fee: 'float64', note: { type: 'utf8', description: 'remark of the broker' } };
  expect(schemaOf(schemaParams.parse({ columns })).fields.map(({ metadata }) => metadata.get(DESCRIPTION))).toEqual([
    '"q" of the source, as it stands there',
    '"fee" of the source, as it stands there',
    'remark of the broker',
  ]);
});

test.each([
  [{ columns: { a: 'float' } }],
  [{ columns: { a: { type: 'int64', unit: 'ms' } } }],
  [{ columns: { a: { nullable: true } } }],
  [{ columns: ['prize'] }],
  [{ columns: [{ a: 'int64', b: 'int64' }] }],
  [{ columns: { a: { type: 'utf8', colour: 'red' } } }],
  [{ columns: { 'a b': 'utf8' } }],
  [{}],
])('%j is refused', (given) => {
  expect(schemaParams.safeParse(given).success).toBe(false);
});
